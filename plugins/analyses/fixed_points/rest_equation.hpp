#pragma once

#include <cstdint>
#include <span>

namespace dynkit::fixed_points {

/// Where a system rests, for one constant input: r(x) = 0 with r and x [n].
///
/// `residual` and `linearized` may be called from several threads. Where the equation is not
/// defined they give NaN.
class RestEquation {
 public:
  virtual ~RestEquation() = default;

  virtual std::int64_t size() const = 0;
  virtual void residual(std::span<const double> x, std::span<double> r) const = 0;

  /// r [n] and J = dr/dx [n,n], row-major, at the same point.
  virtual void linearized(std::span<const double> x, std::span<double> r,
                          std::span<double> J) const = 0;
};

}  // namespace dynkit::fixed_points
