#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dynkit::fixed_points {

/// The first k principal axes of a cloud of states, for pictures.
class Projection {
 public:
  /// states [S,n], S >= 1; k = min(n, 3). Each axis has its largest component positive.
  Projection(std::span<const double> states, std::int64_t n);

  std::int64_t dimensions() const { return k_; }

  /// [P,k] of states [P,n].
  std::vector<double> apply(std::span<const double> states) const;

 private:
  std::size_t n_;
  std::int64_t k_;
  std::vector<double> mean_;  // [n]
  std::vector<double> axes_;  // [k,n]
};

}  // namespace dynkit::fixed_points
