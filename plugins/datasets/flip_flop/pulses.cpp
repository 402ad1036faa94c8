#include "pulses.hpp"

#include <algorithm>
#include <string>

#include "dynkit/vector_math.hpp"

namespace dynkit::flip_flop {

// Knuth's product of uniforms, for means up to kLargestPart at a time: a sum of Poisson numbers is
// Poisson. Our own exp, so that every machine draws the same.
std::int64_t draw_poisson(Random& random, double mean) {
  constexpr double kLargestPart = 16.0;
  std::int64_t count = 0;
  for (double rest = mean; rest > 0.0; rest -= kLargestPart) {
    const double border = vector_math::exp(-std::min(rest, kLargestPart));
    double product = 1.0;
    for (;;) {
      product *= random.uniform();
      if (product <= border) break;
      ++count;
    }
  }
  return count;
}

void check_width(std::int64_t width, std::int64_t bins) {
  if (width < bins) return;
  throw Error(DK_SETTINGS, "setting 'width': a pulse of " + std::to_string(width + 1) +
                               " bins does not fit into " + std::to_string(bins));
}

Trials make_trials(const dk_job& job, std::int64_t S, std::int64_t T, std::int64_t m,
                   const std::function<void(Trial&)>& make) {
  Trials trials{S, T, m, std::vector<double>(array_size(S, T, m)), {}};
  trials.targets.resize(trials.inputs.size());
  for_each_trial(job, S, [&](dk_stream& stream, std::int64_t s) {
    const std::int64_t first = s * T * m;
    Trial trial{stream, Random(*job.host, stream), trials.inputs.data() + first,
                trials.targets.data() + first};
    make(trial);
  });
  return trials;
}

void hold(const double* inputs, const double* initial, std::int64_t T, std::int64_t m,
          double* targets) {
  for (std::int64_t channel = 0; channel < m; ++channel) {
    double held = initial[channel];
    for (std::int64_t k = 0; k < T; ++k) {
      const double input = inputs[k * m + channel];
      if (input != 0.0) held = input;
      targets[k * m + channel] = held;
    }
  }
}

void put_trials(const dk_job& job, const TrialSettings& settings, const Trials& trials) {
  const std::int64_t S = trials.S, T = trials.T, m = trials.m;
  const Sink sink(*job.sink);
  put_time(sink, T, 1.0, "bin", "number of the bin");
  sink.array("inputs", {S, T, m}, trials.inputs, {{"trial", "time", "input"}, nullptr, "pulses"});
  sink.array("targets", {S, T, m}, trials.targets,
             {{"trial", "time", "output"},
              nullptr,
              "last pulse of each channel, aligned with the "
              "state that this bin's input has produced"});
  put_split(sink, split_in_order(S, 1.0 - settings.validation - settings.test, settings.test));
}

}  // namespace dynkit::flip_flop
