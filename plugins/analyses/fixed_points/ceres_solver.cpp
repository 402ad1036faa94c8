// Only plain doubles pass between Ceres and us: its library is built for another instruction set,
// so that the two would not agree on the layout and alignment of an Eigen object.
#include "ceres_solver.hpp"

#include <ceres/cost_function.h>
#include <ceres/iteration_callback.h>
#include <ceres/problem.h>
#include <ceres/solver.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <vector>

#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

class RestCost final : public ceres::CostFunction {
 public:
  explicit RestCost(const RestEquation& equation) : equation_(equation) {
    set_num_residuals(static_cast<int>(equation.size()));
    mutable_parameter_block_sizes()->push_back(static_cast<std::int32_t>(equation.size()));
  }

  // False where r is not finite: Ceres then takes a shorter step. Where J fails at a point that it
  // has taken already, Ceres would write to standard error: a J of zero ends the solve quietly. An
  // exception must not cross Ceres; it is kept and thrown afterwards.
  bool Evaluate(double const* const* parameters, double* residuals,
                double** jacobians) const override {
    const auto n = static_cast<std::size_t>(equation_.size());
    const std::span<const double> x(parameters[0], n);
    const std::span<double> r(residuals, n);
    if (jacobians == nullptr || jacobians[0] == nullptr) {
      return failure_ == nullptr && attempt([&] { equation_.residual(x, r); }) &&
             std::isfinite(square_norm(r));
    }
    const std::span<double> J(jacobians[0], n * n);
    if (!attempt([&] { equation_.linearized(x, r, J); }) || !std::isfinite(square_norm(r)) ||
        !std::isfinite(square_norm(J))) {
      std::ranges::fill(r, 1.0);
      std::ranges::fill(J, 0.0);
      finite_ = false;
    }
    return true;
  }

  bool finite() const { return finite_; }
  std::exception_ptr failure() const { return failure_; }

 private:
  template <class Body>
  bool attempt(Body body) const {
    try {
      body();
      return true;
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
  }

  const RestEquation& equation_;
  mutable std::exception_ptr failure_;
  mutable bool finite_ = true;
};

// Ends the solve once the cost guarantees that no element of r is above the target.
class StopWhenSmall final : public ceres::IterationCallback {
 public:
  explicit StopWhenSmall(double target) : enough_(0.5 * target * target) {}

  ceres::CallbackReturnType operator()(const ceres::IterationSummary& summary) override {
    return summary.cost <= enough_ ? ceres::SOLVER_TERMINATE_SUCCESSFULLY : ceres::SOLVER_CONTINUE;
  }

 private:
  double enough_;
};

}  // namespace

CeresReport minimize_with_ceres(const RestEquation& equation, double target,
                                std::int64_t step_limit, std::span<double> x) {
  RestCost cost(equation);
  StopWhenSmall stop(target);

  ceres::Problem::Options ownership;
  ownership.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
  ceres::Problem problem(ownership);
  problem.AddResidualBlock(&cost, nullptr, x.data());

  ceres::Solver::Options options;
  options.minimizer_type = ceres::TRUST_REGION;
  options.trust_region_strategy_type = ceres::LEVENBERG_MARQUARDT;
  options.linear_solver_type = ceres::DENSE_QR;
  options.max_num_iterations = static_cast<int>(step_limit);
  options.function_tolerance = 1e-12;
  options.gradient_tolerance = 0;
  options.parameter_tolerance = 1e-15;
  options.num_threads = 1;
  options.logging_type = ceres::SILENT;
  options.minimizer_progress_to_stdout = false;
  options.callbacks.push_back(&stop);

  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  if (cost.failure() != nullptr) std::rethrow_exception(cost.failure());

  CeresReport report;
  report.finite = cost.finite();
  report.small =
      report.finite && 2 * summary.final_cost <= target * target * static_cast<double>(x.size());
  report.steps = summary.num_successful_steps + summary.num_unsuccessful_steps;
  return report;
}

}  // namespace dynkit::fixed_points
