// What the flip-flops share: how many pulses there are, trials, and where they go.
//
//   S trials   T bins   m = o channels
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dynkit/trials.hpp"

namespace dynkit::flip_flop {

/// A Poisson number.
std::int64_t draw_poisson(Random& random, double mean);

/// Throws Error (DK_SETTINGS) for a pulse of width + 1 bins that does not fit into a trial.
void check_width(std::int64_t width, std::int64_t bins);

/// Inputs and targets [T,m] of one trial.
struct Trial {
  dk_stream& stream;  // the trial's own
  Random random;      // of this stream
  double* inputs;     // zero
  double* targets;
};

/// Inputs and targets of all trials [S,T,m].
struct Trials {
  std::int64_t S, T, m;
  std::vector<double> inputs, targets;
};

/// Trials that `make` makes one by one, each from a stream of its own.
Trials make_trials(const dk_job& job, std::int64_t S, std::int64_t T, std::int64_t m,
                   const std::function<void(Trial&)>& make);

/// Holds the last nonzero input of each channel, `initial` [m] before the first.
void hold(const double* inputs, const double* initial, std::int64_t T, std::int64_t m,
          double* targets);

/// Puts `time`, `inputs`, `targets` and `split`: the last trials are for testing, those before them
/// for validation.
void put_trials(const dk_job& job, const TrialSettings& settings, const Trials& trials);

}  // namespace dynkit::flip_flop
