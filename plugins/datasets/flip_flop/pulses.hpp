// What the flip-flops share: random numbers, trials, and where they go.
//
//   S trials   T bins   m = o channels
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"

namespace dynkit::flip_flop {

/// A Poisson number.
std::int64_t draw_poisson(const dk_host& host, dk_stream& stream, double mean);

/// A whole number in [0, bound).
std::int64_t draw_integer(const dk_host& host, dk_stream& stream, std::int64_t bound);

/// A number in (lower, upper).
double draw_uniform(const dk_host& host, dk_stream& stream, double lower, double upper);

struct Sizes {
  std::int64_t S = 0, T = 0, m = 0;
};

/// Throws Error (DK_TOO_LARGE) for more than 2^31 numbers in an array; `channels` is the setting
/// that m comes from.
void check_sizes(const Sizes& sizes, const char* channels);

/// Throws Error (DK_SETTINGS) for a pulse of width + 1 bins that does not fit into a trial.
void check_width(std::int64_t width, std::int64_t bins);

/// Inputs and targets [T,m] of one trial.
struct Trial {
  dk_stream stream;  // the trial's own
  double* inputs;    // zero
  double* targets;
};

/// Inputs and targets of all trials [S,T,m], each made by `make` from a stream of its own.
struct Trials {
  Trials(const dk_job& job, const Sizes& sizes, const std::function<void(Trial)>& make);

  std::vector<double> inputs, targets;
};

/// Holds the last nonzero input of each channel, `initial` [m] before the first.
void hold(const double* inputs, const double* initial, std::int64_t T, std::int64_t m,
          double* targets);

/// Puts `time`, `inputs`, `targets` and `split`: the last trials are for testing, those before them
/// for validation.
void put_trials(const dk_job& job, const Sizes& sizes, const Trials& trials, double validation,
                double test);

/// Throws Error (DK_SETTINGS) if the shares are more than all trials.
void check_shares(double validation, double test);

}  // namespace dynkit::flip_flop
