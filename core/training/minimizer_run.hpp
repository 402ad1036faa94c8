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

  // Ends a round. What Ceres takes for convergence may be a valley, or a bound that was passed, and
  // is believed where a round that begins there finds nothing better.
  MinimizerRound round(const MinimizerOptions& options, bool gave_up, Variables& variables) const {
    if (failure != nullptr) std::rethrow_exception(failure);
    if (values.empty()) return {HUGE_VAL, 0.0, false, false};
    variables.values = values;
    const bool at_rest = first_loss - loss <= options.tolerance * std::abs(loss);
    return {loss, gradient_norm, true, gave_up && at_rest};
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

// Ceres has limits that are no ratios: it is given the loss in units in which the first slopes, or
// the first residuals, are of order 1.
class Unit {
 public:
  void set(double first) {
    if (unit_ == 0.0) unit_ = first > 0.0 ? first : 1.0;
  }
  double value() const { return unit_ == 0.0 ? 1.0 : unit_; }

 private:
  double unit_ = 0.0;  // 0: not set yet
};

class Watching : public ceres::IterationCallback {
 public:
  Watching(const IterationWatcher& watcher, const Found& found)
      : watcher_(watcher), found_(found) {}
  ceres::CallbackReturnType operator()(const ceres::IterationSummary& summary) override {
    return watcher_(summary.iteration, found_.loss) ? ceres::SOLVER_CONTINUE
                                                    : ceres::SOLVER_TERMINATE_SUCCESSFULLY;
  }

 private:
  const IterationWatcher& watcher_;
  const Found& found_;
};

// Whether a run ended by itself: not by the number of its iterations, nor on request.
inline bool gave_up(ceres::TerminationType type) {
  return type == ceres::CONVERGENCE || type == ceres::FAILURE;
}

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
