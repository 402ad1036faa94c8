#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynkit/host.h"
#include "search.hpp"
#include "slow_points.hpp"
#include "stability.hpp"
#include "system_equation.hpp"

namespace dynkit::fixed_points {

/// A fixed point (of period k: of F^k) as it is reported, everything from the full F, in the
/// model's own units.
struct Point {
  std::vector<double> x;    // [n]
  double q = -1;            // 1/2 |F(x) - x|^2, flows 1/2 |f(x)|^2
  double residual = -1;     // max |F(x) - x|
  std::int64_t hits = 0;    // starts that reached it
  double distance = -1;     // to the nearest given state, Euclidean
  std::int64_t input = 0;   // which of the inputs
  std::int64_t index = 0;   // sign det(I - J), flows sign det(-J); 0: singular, or J jumps
  bool kink = false;        // J jumps: neither index nor stability follow from it
  std::int64_t period = 1;  // the smallest, a divisor of k
  Stability stability;
  std::vector<double> directions;  // [D,n] the leading unstable ones, unit vectors
};

struct Rejected {
  std::vector<double> x;
  std::int64_t input = 0;
  std::string reason;
};

struct PointOptions {
  double tolerance = 1e-10;  // largest residual, relative to |J| (1 + max |x_i|)
  double hyperbolic_tolerance = 1e-6;
  std::int64_t period = 1;
  std::vector<double> scale;  // [n] units of the search, of merge radii; empty: 1
};

struct PointSet {
  std::vector<Point> points;
  std::vector<Rejected> rejected;
};

/// Evaluates and classifies the roots of one input. `equation`: the plain one, without scaling;
/// roots and box in the same units.
PointSet examine_roots(const SystemEquation& equation, bool map, const std::vector<Root>& roots,
                       std::span<const double> given, const std::optional<Box>& box,
                       const PointOptions& options, const dk_host& host);

/// Euclidean distance from x to the nearest row of `given` [S,n].
double nearest_distance(std::span<const double> x, std::span<const double> given);

/// Why x is outside the box; empty: it is inside.
std::string outside(std::span<const double> x, const Box& box);

/// By input, number of unstable directions, then x, first component first, in steps of 1e-6.
void sort_points(std::vector<Point>& points);

}  // namespace dynkit::fixed_points
