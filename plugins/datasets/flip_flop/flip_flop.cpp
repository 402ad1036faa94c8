#include "flip_flop.hpp"

#include <vector>

namespace dynkit::flip_flop {

FlipFlop::FlipFlop(const dk_host&, const Settings& settings)
    : trials_(settings),
      bits_(settings.integer("bits")),
      bins_(settings.integer("bins")),
      width_(settings.integer("width")),
      pulses_(settings.number("pulses")),
      amplitude_(settings.number("amplitude")),
      initial_(settings.number("initial")) {
  check_width(width_, bins_);
  static_cast<void>(array_size(trials_.S, bins_, bits_, "'trials', 'bins' and 'bits'"));
}

void FlipFlop::generate(const dk_job& job) const {
  const std::vector<double> initial(static_cast<std::size_t>(bits_), initial_);
  const Trials trials = make_trials(job, trials_.S, bins_, bits_, [&](Trial& trial) {
    const std::int64_t count = draw_poisson(trial.random, pulses_);
    for (std::int64_t pulse = 0; pulse < count; ++pulse) {
      const std::int64_t channel = trial.random.integer(bits_);
      const double sign = trial.random.integer(2) == 0 ? -1.0 : 1.0;
      const std::int64_t start = trial.random.integer(bins_);
      if (start > bins_ - 1 - width_) continue;  // would not fit: no pulse
      for (std::int64_t k = start; k <= start + width_; ++k) {
        trial.inputs[k * bits_ + channel] = sign * amplitude_;
      }
    }
    hold(trial.inputs, initial.data(), bins_, bits_, trial.targets);
  });
  put_trials(job, trials_, trials);
}

}  // namespace dynkit::flip_flop
