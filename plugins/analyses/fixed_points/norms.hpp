#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace dynkit::fixed_points {

// A NaN compares false with everything, so a maximum would lose it: it is carried through by
// adding, since v - v is 0 for finite v and NaN otherwise.

/// max |v_i|; NaN where an element is not finite.
inline double max_norm(std::span<const double> v) {
  double largest = 0;
  double poison = 0;
  for (const double value : v) {
    largest = std::max(largest, std::abs(value));
    poison += value - value;
  }
  return largest + poison;
}

/// max |a_i - b_i|.
inline double max_distance(std::span<const double> a, std::span<const double> b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// a.b, in eight sums side by side: one sum would wait for itself at each element.
inline double dot(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += a[i + k] * b[i + k];
  }
  double total = 0;
  for (; i < a.size(); ++i) total += a[i] * b[i];
  for (const double sum : sums) total += sum;
  return total;
}

/// sum v_i^2; not finite where an element is not.
inline double square_norm(std::span<const double> v) {
  return dot(v, v);
}

/// The largest sum of |J_ij| over a row of J [n,n].
inline double row_norm(std::span<const double> J, std::size_t n) {
  double widest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += std::abs(J[i * n + j]);
    widest = std::max(widest, sum);
  }
  return widest;
}

}  // namespace dynkit::fixed_points
