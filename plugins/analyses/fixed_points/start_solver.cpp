#include "start_solver.hpp"

#include "ceres_solver.hpp"

namespace dynkit::fixed_points {

namespace {

// In units of Newton::residual_unit; below it Newton's iteration takes over again.
constexpr double kSmall = 1e-6;
constexpr std::int64_t kDescentSteps = 100;
constexpr std::int64_t kCeresSteps = 200;

}  // namespace

const char* describe(StartEnd end) {
  switch (end) {
    case StartEnd::new_root:
    case StartEnd::known_root:
      return "converged";
    case StartEnd::local_minimum:
      return "ended in a local minimum of the residual";
    case StartEnd::diverged:
      return "left for infinity";
    case StartEnd::not_finite:
      return "the residual is not finite";
    case StartEnd::step_limit:
      return "reached the step limit";
  }
  return "";
}

StartSolver::StartSolver(std::int64_t n, Method method, const NewtonOptions& options)
    : method_(method), newton_(n, options), descent_(n) {}

// Sets end to what Newton's iteration from report.x came to; local_minimum: no descent.
void StartSolver::run_newton(const RestEquation& equation, const Registry* known,
                             StartReport& report) {
  const NewtonReport newton = newton_.solve(equation, known, report.x);
  report.factorizations += newton.factorizations;
  report.known = newton.root;
  switch (newton.end) {
    case NewtonEnd::converged:
      report.end = StartEnd::new_root;
      break;
    case NewtonEnd::known_root:
      report.end = StartEnd::known_root;
      break;
    case NewtonEnd::no_descent:
      report.end = StartEnd::local_minimum;
      break;
    case NewtonEnd::diverged:
      report.end = StartEnd::diverged;
      break;
    case NewtonEnd::not_finite:
      report.end = StartEnd::not_finite;
      break;
    case NewtonEnd::step_limit:
      report.end = StartEnd::step_limit;
      break;
  }
}

// Until max |r_i| is below so many units; new_root: it is.
void StartSolver::descend(const RestEquation& equation, double target, StartReport& report) {
  const DescentReport descent =
      descent_.minimize(equation, target * newton_.residual_unit(), kDescentSteps, report.x);
  report.factorizations += descent.steps;
  switch (descent.outcome) {
    case Descent::small:
      report.end = StartEnd::new_root;
      break;
    case Descent::local_minimum:
      report.end = StartEnd::local_minimum;
      break;
    case Descent::stalled:
    case Descent::step_limit:
      report.end = StartEnd::step_limit;
      break;
    case Descent::not_finite:
      report.end = StartEnd::not_finite;
      break;
  }
}

void StartSolver::run_ceres(const RestEquation& equation, StartReport& report) {
  const CeresReport ceres =
      minimize_with_ceres(equation, kSmall * newton_.residual_unit(), kCeresSteps, report.x);
  report.factorizations += ceres.steps;
  ++report.ceres_solves;
  report.end = !ceres.finite                ? StartEnd::not_finite
               : ceres.small                ? StartEnd::new_root
               : ceres.steps >= kCeresSteps ? StartEnd::step_limit
                                            : StartEnd::local_minimum;
}

// What Newton's iteration leaves: descent, and Newton's iteration from there. A root with a
// singular Jacobian is reached by descent alone.
void StartSolver::recover(const RestEquation& equation, const Registry& known,
                          StartReport& report) {
  descend(equation, kSmall, report);
  if (report.end == StartEnd::step_limit) run_ceres(equation, report);
  if (report.end != StartEnd::new_root) return;
  run_newton(equation, &known, report);
  if (report.end != StartEnd::local_minimum) return;
  descend(equation, kRounding, report);
  if (report.end != StartEnd::new_root) return;
  // The unit was that of where Newton's iteration stuck: from lower down it may go on. If it does
  // not, `is_root` decides.
  run_newton(equation, &known, report);
  if (report.end == StartEnd::local_minimum) report.end = StartEnd::new_root;
}

StartReport StartSolver::solve(const RestEquation& equation, const Registry& known,
                               std::span<const double> start) {
  StartReport report;
  report.x.assign(start.begin(), start.end());
  if (method_ == Method::ceres) {
    newton_.measure(equation, report.x);
    run_ceres(equation, report);
    if (report.end == StartEnd::new_root) run_newton(equation, nullptr, report);
  } else {
    run_newton(equation, &known, report);
    if (report.end == StartEnd::local_minimum || report.end == StartEnd::step_limit) {
      recover(equation, known, report);
    }
  }
  if (report.end == StartEnd::new_root) {
    report.root = newton_.examine(equation, report.x);
    ++report.factorizations;
    if (!newton_.is_root(equation, report.root)) report.end = StartEnd::local_minimum;
  }
  if (report.end != StartEnd::local_minimum) report.x.clear();
  return report;
}

}  // namespace dynkit::fixed_points
