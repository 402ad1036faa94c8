#pragma once

#include <cstdint>
#include <span>

#include "rest_equation.hpp"

namespace dynkit::fixed_points {

struct CeresReport {
  bool small = false;      // max |r_i| <= target
  bool finite = true;      // false: r or J is not finite where it had to be
  std::int64_t steps = 0;  // linear solves
};

/// Minimizes 1/2 |r(x)|^2 from x by Ceres' trust region (Levenberg-Marquardt, QR of J).
///
/// S. Agarwal, K. Mierle and the Ceres Solver team, http://ceres-solver.org. QR does not square the
/// condition number of J, so it goes on where the normal equations stop; it costs several times
/// more per step than an LU factorization.
CeresReport minimize_with_ceres(const RestEquation& equation, double target,
                                std::int64_t step_limit, std::span<double> x);

}  // namespace dynkit::fixed_points
