// What all loops over the steps of a solver need.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace dynkit {

/// Smallest step that still moves the time t of a run of length `span`.
inline double smallest_step(double t, double span) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  return 16.0 * kEpsilon * std::max(std::abs(t), kEpsilon * span);
}

/// How many equal steps of at most `step` fill `interval`; an interval of 10 steps is not 11
/// because of rounding.
inline double steps_in(double interval, double step) {
  return std::max(1.0, std::ceil(interval / step * (1.0 - 1e-12)));
}

}  // namespace dynkit
