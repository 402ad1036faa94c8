// One start, by the cheapest means that works: Newton's iteration, Levenberg-Marquardt where Newton
// finds no descent, Ceres' trust region where that does not come to an end either.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "levenberg_marquardt.hpp"
#include "newton.hpp"
#include "registry.hpp"
#include "rest_equation.hpp"

namespace dynkit::fixed_points {

enum class Method {
  newton,
  ceres  // for every start: the slow oracle
};

/// How a start ended: at a root, or why not.
enum class StartEnd { new_root, known_root, local_minimum, diverged, not_finite, step_limit };

inline constexpr std::array kFailures = {StartEnd::local_minimum, StartEnd::diverged,
                                         StartEnd::not_finite, StartEnd::step_limit};
const char* describe(StartEnd end);

struct StartReport {
  StartEnd end = StartEnd::step_limit;
  std::int64_t known = -1;  // index in the registry, where end is known_root
  Root root;                // where end is new_root
  std::vector<double> x;    // the last point, where end is local_minimum
  std::int64_t factorizations = 0;
  std::int64_t ceres_solves = 0;
};

/// Buffers for one thread.
class StartSolver {
 public:
  StartSolver(std::int64_t n, Method method, const NewtonOptions& options);

  /// `known` is read only and may be shared by many solvers.
  StartReport solve(const RestEquation& equation, const Registry& known,
                    std::span<const double> start);

 private:
  void run_newton(const RestEquation& equation, const Registry* known, StartReport& report);
  void recover(const RestEquation& equation, const Registry& known, StartReport& report);
  void descend(const RestEquation& equation, double target, StartReport& report);
  void run_ceres(const RestEquation& equation, StartReport& report);

  Method method_;
  Newton newton_;
  LevenbergMarquardt descent_;
};

}  // namespace dynkit::fixed_points
