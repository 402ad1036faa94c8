// What all loops over steps need.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
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

/// Asks now and then whether to stop.
class Poll {
 public:
  bool now(const std::function<bool()>& cancelled) {
    constexpr std::int64_t kEvery = 64;
    return ++calls_ % kEvery == 0 && cancelled && cancelled();
  }

 private:
  std::int64_t calls_ = 0;
};

}  // namespace dynkit
