// Newton's iteration for r(x) = 0 from one start.
//
//     J d = -r,     x <- x + alpha d,     J = dr/dx                                             (1)
//
// Full steps first; alpha is halved until |r|^2 falls (Armijo). Near a root the factors of J are
// kept from step to step (chord steps). Whoever comes near a root that is known already stops there
// and counts as a hit. A step costs O(n^3) with new factors, O(n^2) and one residual with old ones.
//
//   x [n] point     r [n] residual     J [n,n], row-major     d [n] step
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dense_lu.hpp"
#include "registry.hpp"
#include "rest_equation.hpp"

namespace dynkit::fixed_points {

struct NewtonOptions {
  std::int64_t step_limit = 100;
  double merge_tolerance = 1e-6;    // relative to 1 + max |x_i|: the widest merge radius
  double capture_tolerance = 1e-3;  // likewise: the widest capture radius
};

/// How an iteration ended.
enum class NewtonEnd {
  converged,
  known_root,
  no_descent,  // the direction does not lower |r|: singular J, or a local minimum nearby
  diverged,
  not_finite,
  step_limit
};

struct NewtonReport {
  NewtonEnd end = NewtonEnd::step_limit;
  std::int64_t root = -1;  // of the registry, where end is known_root
  std::int64_t factorizations = 0;
};

/// Residuals of this many units (Newton::residual_unit) are rounding.
inline constexpr double kRounding = 1.5e-14;

class Newton {
 public:
  Newton(std::int64_t n, const NewtonOptions& options);

  /// Moves x; `known` nullptr: no roots are known.
  NewtonReport solve(const RestEquation& equation, const Registry* known, std::span<double> x);

  /// |J| (1 + max |x_i|) where `solve` has last factored, or `measure` was called: residuals are
  /// compared with it.
  double residual_unit() const { return residual_unit_; }
  void measure(const RestEquation& equation, std::span<const double> x);

  /// What there is to know of a root near which `solve` has ended. Polishes x by one more step.
  Root examine(const RestEquation& equation, std::span<const double> x);

  /// Whether what `examine` has just returned is a root: descent may have come to rest elsewhere.
  bool is_root(const RestEquation& equation, const Root& root);

 private:
  bool linearize(const RestEquation& equation, std::span<const double> x);
  double find_direction();
  void try_step(std::span<const double> x, double alpha);
  double search_line(const RestEquation& equation, std::span<const double> x);
  bool at_rounding(double length, double scale) const;
  double smallest_singular_value();
  void find_steepest();
  double chord_miss(const RestEquation& equation, const std::vector<double>& x,
                    const std::vector<double>& direction, double h);
  double accuracy(const RestEquation& equation, const std::vector<double>& x);
  double capture_radius(const RestEquation& equation, const std::vector<double>& x,
                        double narrowest, double widest);
  double blurred_radius(const RestEquation& equation, const std::vector<double>& x,
                        double smallest);

  NewtonOptions options_;
  DenseLu lu_;
  double residual_unit_ = 1;
  std::vector<double> r_, r_trial_, d_, trial_, J_, left_, right_, steepest_;
};

}  // namespace dynkit::fixed_points
