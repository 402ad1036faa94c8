// Steps of flows by error control, for rollouts.
#pragma once

#include <vector>

#include "rollout.hpp"
#include "step_list.hpp"
#include "transition.hpp"

namespace dynkit::training {

/// Chooses steps from time to time with a step size for each of S rows. All rows share an
/// evaluation; one that is rejected, or has arrived, waits in the list with a step of length 0. So
/// each step lands on the times, and the list repeats the solution to the bit.
///
/// Error norm (root mean square over the components, scale atol + rtol |x|) and controller as in
/// E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", section
/// II.4.
template <class Number>
class AdaptiveSteps {
 public:
  AdaptiveSteps(const Operations<Number>& field, RungeKutta<Number>& method,
                const ButcherTableau& tableau, const IntegrationOptions& options, std::int64_t S);

  /// Before the first interval.
  void start(StepList& steps);

  /// From x [S,n] at times[k] to x at times[k + 1], with the inputs u [S,m] or NULL. Appends its
  /// steps. A row that cannot be continued becomes NaN, by a step of length NaN, and goes on where
  /// a later interval begins at a state that is finite.
  void advance(const double* times, std::int64_t k, const Number* u, Number* x, StepList& steps);

 private:
  struct Row {
    double wanted = 0.0;      // the next step, 0: not chosen yet
    double last_error = 0.0;  // of the last accepted step
    double error = 0.0;       // of the step that was tried
    bool rejected = false;
    bool lost = false;  // cannot go on
    std::int64_t tries = 0;
  };

  Row first_row() const;
  void take_up_again(const Number* x);
  double norm(std::int64_t row, const Number* values, const Number* x, const Number* x_new) const;
  void choose_first_steps(const double* times, std::int64_t k, const Number* u, const Number* x);
  void judge(std::int64_t row, const Number* x);
  bool settle(std::int64_t row, double stop, Number* x);

  const Operations<Number>& field_;
  RungeKutta<Number>& method_;
  const ButcherTableau& tableau_;
  const IntegrationOptions& options_;
  std::int64_t S_, n_;
  std::vector<Row> rows_;
  std::vector<double> t_, h_, before_;
  std::vector<Number> x_new_, error_, error2_;
};

}  // namespace dynkit::training
