// Rate at which a system changes volumes along an orbit.
//
//     flow   integral of T = tr J, h (T_0 + T_1) / 2 + h^2 (T'_0 - T'_1) / 12 for a piece      (1)
//     map    sum of log |det J|, one term a step                                               (2)
//
// Divided by the length it is the sum of all n Lyapunov exponents, found without any tangent: a
// check of them. (1), the corrected trapezoidal rule, is exact for cubics; its error h^4 T'''' /
// 720 does not average out, since pieces are shorter where the flow contracts faster. Where the
// correction is small, so is the error: `longest` tells how long pieces may be for that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "dynkit/system.h"

namespace dynkit::lyapunov {

/// Collects pieces of orbit and differentiates many at once.
class VolumeRate {
 public:
  /// u [m] constant input; empty: zero. `system` must outlive this.
  VolumeRate(const dk_system& system, std::vector<double> u);

  /// A piece from x0 at time t0 to x1 at time t0 + span; for maps t0 and
  /// span count steps.
  void add(double t0, double span, const std::vector<double>& x0, const std::vector<double>& x1);

  /// The change of log volume along all pieces since the last call. NaN where the model refuses.
  double take();

  /// Of the pieces to come, where they are like the last ones; infinity: no limit is known.
  double longest() const { return longest_; }

  /// Mean of |J| along the last pieces of a flow.
  double norm() const { return norm_; }

 private:
  void flush();
  void flush_flow();
  void flush_map();
  double mean_norm(std::size_t count) const;
  std::vector<double> traces(const std::vector<double>& t, const std::vector<double>& x);
  std::vector<double> slopes(const std::vector<double>& eps);
  void differentiate(const double* t, const double* x, std::int64_t count);
  dk_points points(const double* t, const double* x, std::int64_t count) const;

  const dk_system* system_;
  std::vector<double> u_;
  double step_;  // of a map, in time units
  std::size_t capacity_;
  double sum_ = 0.0;
  double norm_ = 0.0;
  double longest_ = std::numeric_limits<double>::infinity();
  std::vector<double> times_, spans_;  // of the pieces collected
  std::vector<double> states_, ends_;  // x0 and x1 [pieces, n]
  std::vector<double> J_;              // [capacity, n, n]
};

}  // namespace dynkit::lyapunov
