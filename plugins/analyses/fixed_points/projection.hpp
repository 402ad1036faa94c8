#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dynkit::fixed_points {

/// The first three principal axes of a cloud of states, for pictures; up to three dimensions have
/// no need of them and keep their own.
class Projection {
 public:
  /// states [S,n], S >= 1; k = min(n, 3). Each axis has its largest component positive.
  Projection(std::span<const double> states, std::int64_t n);

  std::int64_t dimensions() const { return k_; }

  /// [P,k] of states [P,n].
  std::vector<double> apply(std::span<const double> states) const;

  /// [D,k] of directions [D,n].
  std::vector<double> turn(std::span<const double> directions) const;

 private:
  std::size_t n_;
  std::int64_t k_;
  std::vector<double> mean_;  // [n]
  std::vector<double> axes_;  // [k,n]
};

}  // namespace dynkit::fixed_points
