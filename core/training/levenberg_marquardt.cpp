#include <ceres/cost_function.h>
#include <ceres/problem.h>
#include <ceres/solver.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dynkit/error.hpp"
#include "minimizer_run.hpp"
#include "optimizer.hpp"
#include "residuals.hpp"

namespace dynkit::training {
namespace {

constexpr std::int64_t kLargestJacobian = std::int64_t{1} << 27;

class SumOfSquares : public ceres::CostFunction {
 public:
  SumOfSquares(Residuals& residuals, const Variables& variables, Found& found)
      : residuals_(residuals),
        variables_(variables),
        bounds_(variables),
        found_(found),
        gradient_(variables.values.size()) {
    set_num_residuals(static_cast<int>(residuals.count()));
    mutable_parameter_block_sizes()->push_back(
        static_cast<std::int32_t>(residuals.variables().size()));
  }

  bool Evaluate(double const* const* free, double* r, double** jacobians) const override {
    return found_.attempt([&] {
      for (std::size_t j = 0; j < columns().size(); ++j) variables_.values[at(j)] = free[0][j];
      variables_.project();
      double* J = jacobians != nullptr ? jacobians[0] : nullptr;
      residuals_.evaluate(variables_, r, J);
      double sum = 0.0;
      for (int i = 0; i < num_residuals(); ++i) sum += r[i] * r[i];
      if (!std::isfinite(sum)) return false;
      unit_.set(std::sqrt(sum));
      if (J == nullptr) return in_units(r, nullptr);
      set_gradient(r, J);
      bounds_.hold(variables_, gradient_);
      flatten(free[0], J);
      const double norm = norm_of(gradient_);
      if (!std::isfinite(norm)) return false;
      found_.offer(0.5 * sum, norm, variables_.values);
      return in_units(r, J);
    });
  }

 private:
  const std::vector<std::int64_t>& columns() const { return residuals_.variables(); }
  std::size_t at(std::size_t column) const { return static_cast<std::size_t>(columns()[column]); }

  bool in_units(double* r, double* J) const {
    for (int i = 0; i < num_residuals(); ++i) r[i] /= unit_.value();
    const std::size_t numbers = static_cast<std::size_t>(num_residuals()) * columns().size();
    for (std::size_t i = 0; J != nullptr && i < numbers; ++i) J[i] /= unit_.value();
    return true;
  }
  // J^T r
  void set_gradient(const double* r, const double* J) const {
    std::fill(gradient_.begin(), gradient_.end(), 0.0);
    for (int i = 0; i < num_residuals(); ++i) {
      for (std::size_t j = 0; j < columns().size(); ++j) gradient_[at(j)] += r[i] * *J++;
    }
  }
  // Columns of J, and elements of the gradient, that the bounds make zero.
  void flatten(const double* free, double* J) const {
    const std::size_t width = columns().size();
    for (std::size_t j = 0; j < width; ++j) {
      if (!bounds_.is_flat(variables_, at(j), free[j])) continue;
      gradient_[at(j)] = 0.0;
      for (int i = 0; i < num_residuals(); ++i) J[static_cast<std::size_t>(i) * width + j] = 0.0;
    }
  }

  Residuals& residuals_;
  mutable Variables variables_;
  mutable Unit unit_;
  mutable Bounds bounds_;
  Found& found_;
  mutable std::vector<double> gradient_;
};

class LevenbergMarquardt : public Minimizer {
 public:
  LevenbergMarquardt(const Fit& fit, const VariableMap& map, const MinimizerOptions& options,
                     const dk_host& host)
      : fit_(fit), map_(map), options_(options), host_(host) {
    check_least_squares(fit);
  }

  MinimizerRound run(Variables& variables, const std::vector<std::int64_t>& trials, std::int64_t T,
                     std::vector<double>& memory, const IterationWatcher& watcher) override {
    Residuals residuals(fit_, map_, variables, trials, T, host_);
    if (residuals.count() == 0) return {0.0, 0.0, true, false};  // nothing is known in this window
    check_size(residuals);
    Found found;
    SumOfSquares cost(residuals, variables, found);
    std::vector<double> free;
    for (const std::int64_t i : residuals.variables()) {
      free.push_back(variables.values[static_cast<std::size_t>(i)]);
    }
    ceres::Problem::Options ownership;
    ownership.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
    ceres::Problem problem(ownership);
    problem.AddResidualBlock(&cost, nullptr, free.data());

    Watching watching(watcher, found);
    ceres::Solver::Options options;
    set_common(options_, watching, options);
    options.linear_solver_type = ceres::DENSE_QR;
    options.num_threads = 1;
    if (!memory.empty()) options.initial_trust_region_radius = memory[0];
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem, &summary);
    if (!summary.iterations.empty()) memory = {summary.iterations.back().trust_region_radius};
    return found.round(options_, gave_up(summary.termination_type), variables);
  }

 private:
  static void check_size(const Residuals& residuals) {
    const auto width = static_cast<std::int64_t>(residuals.variables().size());
    if (residuals.count() <= kLargestJacobian / std::max<std::int64_t>(width, 1)) return;
    throw Error(DK_TOO_LARGE,
                fmt::format("levenberg_marquardt would keep a Jacobian of {} residuals and {} "
                            "variables; at most {} numbers fit: take fewer trials or lbfgs",
                            residuals.count(), width, kLargestJacobian));
  }

  const Fit& fit_;
  const VariableMap map_;
  const MinimizerOptions options_;
  const dk_host& host_;
};

}  // namespace

std::unique_ptr<Minimizer> levenberg_marquardt(const Fit& fit, const VariableMap& map,
                                               const MinimizerOptions& options,
                                               const dk_host& host) {
  return std::make_unique<LevenbergMarquardt>(fit, map, options, host);
}

}  // namespace dynkit::training
