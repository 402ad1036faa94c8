#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dynkit::fixed_points {

/// A closed box, [n] each.
struct Box {
  std::vector<double> lower, upper;
};

/// The first component of x outside the box, or -1. Rounding at a face is no escape.
inline std::int64_t first_outside(std::span<const double> x, const Box& box) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double slack = 1e-9 * (box.upper[i] - box.lower[i]);
    if (!(x[i] >= box.lower[i] - slack && x[i] <= box.upper[i] + slack)) {
      return static_cast<std::int64_t>(i);
    }
  }
  return -1;
}

}  // namespace dynkit::fixed_points
