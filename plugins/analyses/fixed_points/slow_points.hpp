// Slow points: strict local minima of the speed that are not roots.
//
//     q(x) = 1/2 |r(x)|^2,     g = J^T r = 0,     H = dg/dx positive definite,     q > 0 (1)
//
// D. Sussillo and O. Barak, "Opening the black box: low-dimensional dynamics in high-dimensional
// recurrent neural networks", Neural Computation 25, 626 (2013). They are found by descent from
// each start (Levenberg-Marquardt, whose steps stay in the basin) and then by Newton's iteration on
// g = 0, since J^T J alone is singular where (1) holds and tells nothing of H along its null space.
//
//   x [n] point     r [n] = F(x) - x or f(x)     J [n,n] = dr/dx     H [n,n] by central differences
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/host.h"
#include "rest_equation.hpp"

namespace dynkit::fixed_points {

struct SlowPoint {
  std::vector<double> x;  // [n]
  double q = -1;
  double gradient = -1;   // max |g_i|
  std::int64_t hits = 1;  // descents that ended here
};

struct SlowOptions {
  double fastest = 1e-3;          // largest q of interest
  double slowest = 1e-16;         // below it a point is a root that was not polished
  double merge_tolerance = 1e-4;  // relative to 1 + max |x_i|
};

/// From each of the starts [S,n]; ordered by q. Empty where the search was cancelled.
std::vector<SlowPoint> find_slow_points(const RestEquation& equation,
                                        std::span<const double> starts, const SlowOptions& options,
                                        const dk_host& host);

}  // namespace dynkit::fixed_points
