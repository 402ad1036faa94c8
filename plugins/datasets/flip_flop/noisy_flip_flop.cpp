#include "noisy_flip_flop.hpp"

#include <algorithm>
#include <vector>

namespace dynkit::flip_flop {

NoisyFlipFlop::NoisyFlipFlop(const dk_host&, const Settings& settings)
    : trials_(settings),
      bins_(settings.integer("bins")),
      bits_(settings.integer("bits")),
      probability_(settings.number("probability")),
      noise_(settings.number("noise")),
      low_(settings.text("levels") == "signed" ? -1.0 : 0.0),
      silent_(settings.integer("silent")),
      blind_(settings.integer("blind")),
      blind_start_(settings.integer("blind_start")) {
  static_cast<void>(array_size(trials_.S, bins_, bits_, "'trials', 'bins' and 'bits'"));
}

void NoisyFlipFlop::make_trial(const dk_host& host, Trial& trial) const {
  const std::int64_t T = bins_, m = bits_;
  for (std::int64_t i = 0; i < T * m; ++i) {
    const double u = trial.random.uniform();
    const bool silent = i < silent_ * m;
    trial.inputs[i] = silent ? 0.0 : u < probability_ ? -1.0 : u > 1.0 - probability_ ? 1.0 : 0.0;
  }
  const std::vector<double> initial(static_cast<std::size_t>(m), -1.0);
  hold(trial.inputs, initial.data(), T, m, trial.targets);
  for (std::int64_t i = 0; i < T * m; ++i) {
    if (trial.targets[i] < 0.0) trial.targets[i] = low_;
  }
  add_noise(host, trial.stream, noise_, trial.inputs, T * m);
}

// [S,T]
std::vector<double> NoisyFlipFlop::make_mask(const std::vector<double>& targets) const {
  const std::int64_t T = bins_, m = bits_;
  std::vector<double> mask(static_cast<std::size_t>(trials_.S * T), 1.0);
  for (std::int64_t s = 0; s < trials_.S; ++s) {
    const auto row = mask.begin() + s * T;
    std::fill_n(row, std::min(blind_start_, T), 0.0);
    for (std::int64_t k = 1; k < T; ++k) {
      const auto now = targets.begin() + (s * T + k) * m;
      if (std::equal(now, now + m, now - m)) continue;
      std::fill(row + std::min(k + 1, T), row + std::min(k + 1 + blind_, T), 0.0);
    }
  }
  return mask;
}

void NoisyFlipFlop::generate(const dk_job& job) const {
  const Trials trials = make_trials(job, trials_.S, bins_, bits_,
                                    [&](Trial& trial) { make_trial(*job.host, trial); });
  put_trials(job, trials_, trials);
  Sink(*job.sink).array("mask", {trials_.S, bins_}, make_mask(trials.targets),
                        {{"trial", "time"}, nullptr, "1: the bin counts"});
}

}  // namespace dynkit::flip_flop
