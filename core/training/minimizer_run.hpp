// What a run of a minimizer by Ceres keeps: only plain doubles pass between Ceres and us, and what
// counts is the least loss that any evaluation met, since Ceres gives nothing back where it ends by
// a failure.
#pragma once

#include <ceres/iteration_callback.h>
#include <ceres/types.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <vector>

#include "minimizer.hpp"
#include "variables.hpp"

namespace dynkit::training {

// The least loss so far, and an exception that must not cross Ceres.
struct Found {
  double first_loss = HUGE_VAL, loss = HUGE_VAL, gradient_norm = 0.0;
  std::vector<double> values;
  std::exception_ptr failure;

  void offer(double loss_there, double norm, const std::vector<double>& there) {
    if (values.empty()) first_loss = loss_there;
    if (!(loss_there < loss)) return;
    loss = loss_there;
    gradient_norm = norm;
    values = there;
  }

  // Runs an evaluation. False: it has no finite result, and Ceres takes a shorter step.
  template <class Body>
  bool attempt(Body body) {
    if (failure != nullptr) return false;
    try {
      return body();
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
  }

  // Ends a round. Values that went beyond a bound had no slope that would have brought them back:
  // whether they have converged is judged by a round that begins on it.
  MinimizerRound round(const MinimizerOptions& options, bool converged,
                       Variables& variables) const {
    if (failure != nullptr) std::rethrow_exception(failure);
    if (values.empty()) return {HUGE_VAL, 0.0, false, false};
    variables.values = values;
    const bool at_rest = first_loss - loss <= options.tolerance * loss;
    return {loss, gradient_norm, true, at_rest || (converged && !variables.touches_bounds())};
  }
};

// What keeps values within their bounds: those beyond count as if they lay on them, and those that
// lie on one where a round begins, and are drawn outwards there, stay for the round.
class Bounds {
 public:
  explicit Bounds(const Variables& variables) : held_(variables.values.size(), 0) {}

  void hold(const Variables& variables, const std::vector<double>& gradient) {
    if (begun_) return;
    begun_ = true;
    for (const VariableBlock& block : variables.blocks()) {
      for (std::int64_t i = block.offset; i < block.offset + block.size; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double value = variables.values[at], slope = gradient[at];
        const bool leaves =
            (value == block.lower && slope > 0.0) || (value == block.upper && slope < 0.0);
        held_[at] = leaves ? 1 : 0;
      }
    }
  }
  bool is_flat(const Variables& variables, std::size_t at, double given) const {
    return held_[at] != 0 || variables.values[at] != given;
  }

 private:
  std::vector<char> held_;
  bool begun_ = false;
};

class Watching : public ceres::IterationCallback {
 public:
  explicit Watching(const IterationWatcher& watcher) : watcher_(watcher) {}
  ceres::CallbackReturnType operator()(const ceres::IterationSummary& summary) override {
    return watcher_(summary.iteration, summary.cost) ? ceres::SOLVER_CONTINUE
                                                     : ceres::SOLVER_TERMINATE_SUCCESSFULLY;
  }

 private:
  const IterationWatcher& watcher_;
};

template <class Options>
void set_common(const MinimizerOptions& given, ceres::IterationCallback& callback,
                Options& options) {
  options.max_num_iterations = static_cast<int>(given.iterations);
  options.function_tolerance = given.tolerance;
  options.gradient_tolerance = 0.0;
  options.parameter_tolerance = 1e-15;
  options.logging_type = ceres::SILENT;
  options.minimizer_progress_to_stdout = false;
  options.callbacks.push_back(&callback);
}

}  // namespace dynkit::training
