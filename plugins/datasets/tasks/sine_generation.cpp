#include "sine_generation.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "dynkit/vector_math/sine.hpp"

namespace dynkit::tasks {

SineGeneration::SineGeneration(const dk_host&, const Settings& settings)
    : trials_(settings),
      bins_(settings.integer("bins")),
      frequencies_(settings.integer("frequencies")),
      dt_(positive_number(settings, "dt")),
      lowest_(settings.number("lowest")),
      highest_(settings.number("highest")),
      offset_(settings.number("offset")),
      noise_(settings.number("noise")) {
  static_cast<void>(array_size(trials_.S, bins_, 1));
  const double phase = std::max(lowest_, highest_) * dt_ * static_cast<double>(bins_);
  if (!(phase <= vector_math::kSineRange<double>)) {
    throw Error(DK_SETTINGS,
                "settings 'bins', 'dt', 'lowest' and 'highest': a trial of more than 2^20 radians "
                "is beyond the range of the sine");
  }
}

double SineGeneration::frequency(std::int64_t s) const {
  if (frequencies_ == 1) return lowest_;
  return lowest_ + static_cast<double>(s % frequencies_) * (highest_ - lowest_) /
                       static_cast<double>(frequencies_ - 1);
}

void SineGeneration::generate(const dk_job& job) const {
  const std::size_t numbers = array_size(trials_.S, bins_, 1);
  std::vector<double> inputs(numbers), targets(numbers), omega(static_cast<std::size_t>(trials_.S));
  for_each_trial(job, trials_.S, [&](dk_stream& stream, std::int64_t s) {
    double& own = omega[static_cast<std::size_t>(s)];
    own = frequency(s);
    const double level =
        static_cast<double>(1 + s % frequencies_) / static_cast<double>(frequencies_) + offset_;
    for (std::int64_t k = 0; k < bins_; ++k) {
      const auto i = static_cast<std::size_t>(s * bins_ + k);
      inputs[i] = level;
      targets[i] = vector_math::sin(own * (static_cast<double>(k + 1) * dt_));
    }
    add_noise(*job.host, stream, noise_, &inputs[static_cast<std::size_t>(s * bins_)], bins_);
  });

  const Sink sink(*job.sink);
  put_time(sink, bins_, dt_, nullptr);
  sink.array("inputs", {trials_.S, bins_, 1}, inputs,
             {{"trial", "time", "input"}, nullptr, "tells the frequency"});
  sink.array("targets", {trials_.S, bins_, 1}, targets,
             {{"trial", "time", "output"},
              nullptr,
              "sine of that frequency, aligned with the state that this bin's input has produced"});
  sink.array("frequency", {trials_.S}, omega, {{"trial"}, "rad", "per unit of time"});
  put_shuffled_split(job, trials_);
}

}  // namespace dynkit::tasks
