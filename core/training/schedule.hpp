// The step size of an optimizer over the epochs.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace dynkit::training {

struct ScheduleOptions {
  /// "constant", "exponential", "cosine", "plateau".
  std::string kind = "constant";
  double rate = 1e-3;          // at first
  double final_rate = 1e-6;    // exponential and cosine: in the last epoch; plateau: the least
  std::int64_t epochs = 1;     // of the whole training
  double warm_up = 0.0;        // epochs in which the rate grows from 0 in a straight line
  double factor = 0.5;         // plateau: what the rate is multiplied by
  std::int64_t patience = 10;  // plateau: epochs without a better loss before that
};

/// The step size at a time in epochs, e = 0 .. E:
///
///     exponential   rate (final_rate / rate)^(e/E)
///     cosine        final_rate + (rate - final_rate) (1 + cos(pi e/E)) / 2
///     plateau       rate, times `factor` whenever the loss of an epoch was not below 0.9999 of the
///                   best for more than `patience` epochs
class Schedule {
 public:
  /// Throws Error (DK_SETTINGS) for an unknown kind, with those known.
  explicit Schedule(const ScheduleOptions& options);

  double rate(double epoch) const;
  /// At the end of an epoch.
  void observe(double loss);

  struct Memory {
    double best = std::numeric_limits<double>::infinity();
    std::int64_t waited = 0;
    double scale = 1.0;
  };
  Memory memory;

 private:
  ScheduleOptions options_;
};

}  // namespace dynkit::training
