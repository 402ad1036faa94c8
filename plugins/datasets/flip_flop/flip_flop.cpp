#include "flip_flop.hpp"

#include <vector>

#include "pulses.hpp"

namespace dynkit::flip_flop {

FlipFlop::FlipFlop(const dk_host&, const Settings& settings)
    : bits_(settings.integer("bits")),
      trials_(settings.integer("trials")),
      bins_(settings.integer("bins")),
      width_(settings.integer("width")),
      pulses_(settings.number("pulses")),
      amplitude_(settings.number("amplitude")),
      initial_(settings.number("initial")),
      validation_(settings.number("validation")) {
  check_width(width_, bins_);
  check_sizes({trials_, bins_, bits_}, "bits");
}

void FlipFlop::generate(const dk_job& job) const {
  const dk_host& host = *job.host;
  const Sizes sizes{trials_, bins_, bits_};
  const std::vector<double> initial(static_cast<std::size_t>(bits_), initial_);
  const Trials trials(job, sizes, [&](Trial trial) {
    const std::int64_t count = draw_poisson(host, trial.stream, pulses_);
    for (std::int64_t pulse = 0; pulse < count; ++pulse) {
      const std::int64_t channel = draw_integer(host, trial.stream, bits_);
      const double sign = draw_integer(host, trial.stream, 2) == 0 ? -1.0 : 1.0;
      const std::int64_t start = draw_integer(host, trial.stream, bins_);
      if (start > bins_ - 1 - width_) continue;  // would not fit: no pulse
      for (std::int64_t k = start; k <= start + width_; ++k) {
        trial.inputs[k * bits_ + channel] = sign * amplitude_;
      }
    }
    hold(trial.inputs, initial.data(), bins_, bits_, trial.targets);
  });
  put_trials(job, sizes, trials, validation_, 0.0);
}

}  // namespace dynkit::flip_flop
