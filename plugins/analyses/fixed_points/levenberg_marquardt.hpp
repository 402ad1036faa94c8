// Levenberg-Marquardt on 1/2 |r(x)|^2, where Newton's direction gives no descent.
//
//     (J^T J + lambda D) d = -J^T r,     D = diag(J^T J), at least a millionth of its largest   (1)
//
// lambda follows the gain ratio as in H. B. Nielsen, "Damping parameter in Marquardt's method",
// IMM-REP-1999-05, Technical University of Denmark (1999).
//
//   x [n] point     r [n] residual     J [n,n] = dr/dx     d [n] step
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rest_equation.hpp"

namespace dynkit::fixed_points {

/// How a descent ended.
enum class Descent {
  small,          // max |r_i| fell below the target
  local_minimum,  // the gradient vanishes, the residual does not
  stalled,        // hardly moves, at neither
  step_limit,
  not_finite
};

struct DescentReport {
  Descent outcome = Descent::step_limit;
  std::int64_t steps = 0;
  double residual = -1;  // max |r_i| at the last point; -1: never evaluated
};

class LevenbergMarquardt {
 public:
  explicit LevenbergMarquardt(std::int64_t n);
  ~LevenbergMarquardt();
  LevenbergMarquardt(LevenbergMarquardt&&) noexcept;

  /// Moves x downhill until max |r_i| <= target, at most `step_limit` linear solves.
  DescentReport minimize(const RestEquation& equation, double target, std::int64_t step_limit,
                         std::span<double> x);

 private:
  struct Buffers;
  std::int64_t n_;
  std::unique_ptr<Buffers> buffers_;  // made at the first use: most searches need none
};

}  // namespace dynkit::fixed_points
