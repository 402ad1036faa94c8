#include <ceres/first_order_function.h>
#include <ceres/gradient_problem.h>
#include <ceres/gradient_problem_solver.h>

#include <algorithm>
#include <cmath>

#include "minimizer_run.hpp"
#include "optimizer.hpp"

namespace dynkit::training {
namespace {

class WholeLoss : public ceres::FirstOrderFunction {
 public:
  WholeLoss(Engine& engine, const Variables& variables, const std::vector<std::int64_t>& trials,
            std::int64_t T, Found& found)
      : engine_(engine),
        variables_(variables),
        bounds_(variables),
        trials_(trials),
        T_(T),
        found_(found) {}

  int NumParameters() const override { return static_cast<int>(variables_.size()); }

  bool Evaluate(const double* values, double* cost, double* gradient) const override {
    return found_.attempt([&] {
      std::copy_n(values, variables_.size(), variables_.values.begin());
      variables_.project();
      *cost = engine_.gradient(variables_, trials_, T_, gradient_);
      *cost += variables_.regularize(gradient_);
      bounds_.hold(variables_, gradient_);
      for (std::size_t i = 0; i < gradient_.size(); ++i) {
        if (bounds_.is_flat(variables_, i, values[i])) gradient_[i] = 0.0;
      }
      const double norm = norm_of(gradient_);
      if (!std::isfinite(*cost) || !std::isfinite(norm)) return false;
      found_.offer(*cost, norm, variables_.values);
      unit_.set(largest_of(gradient_));
      *cost /= unit_.value();
      for (double& slope : gradient_) slope /= unit_.value();
      if (gradient != nullptr) std::copy(gradient_.begin(), gradient_.end(), gradient);
      return true;
    });
  }

 private:
  static double largest_of(const std::vector<double>& gradient) {
    double largest = 0.0;
    for (const double slope : gradient) largest = std::max(largest, std::abs(slope));
    return largest;
  }

  Engine& engine_;
  mutable Unit unit_;
  mutable Variables variables_;
  mutable Bounds bounds_;
  const std::vector<std::int64_t>& trials_;
  const std::int64_t T_;
  Found& found_;
  mutable std::vector<double> gradient_;
};

class Lbfgs : public Minimizer {
 public:
  Lbfgs(Engine& engine, const MinimizerOptions& options) : engine_(engine), options_(options) {}

  MinimizerRound run(Variables& variables, const std::vector<std::int64_t>& trials, std::int64_t T,
                     std::vector<double>&, const IterationWatcher& watcher) override {
    Found found;
    const ceres::GradientProblem problem(new WholeLoss(engine_, variables, trials, T, found));
    Watching watching(watcher, found);
    ceres::GradientProblemSolver::Options options;
    set_common(options_, watching, options);
    ceres::GradientProblemSolver::Summary summary;
    std::vector<double> values = variables.values;
    ceres::Solve(options, problem, values.data(), &summary);
    return found.round(options_, gave_up(summary.termination_type), variables);
  }

 private:
  Engine& engine_;
  const MinimizerOptions options_;
};

}  // namespace

std::unique_ptr<Minimizer> lbfgs(Engine& engine, const MinimizerOptions& options) {
  return std::make_unique<Lbfgs>(engine, options);
}

}  // namespace dynkit::training
