// Explicit Runge-Kutta for a state and its tangents as one system: the states of a step first, then
// its tangents (tangent_stages.hpp), with one step size.
//
// In the error norm, the root mean square over all components, an error of x is measured as in
// adaptive.cpp, and one of the tangent V_k by rtol times the root mean square of V_k: the equation
// of V_k is linear, so its scale is its own.
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>
#include <vector>

#include "dynkit/core/steps.hpp"
#include "explicit/lanes.hpp"
#include "explicit/stages.hpp"
#include "explicit/tangent_stages.hpp"
#include "poll.hpp"
#include "tangent.hpp"

namespace dynkit {
namespace {

class ExplicitTangents : public TangentPropagator::Solver {
 public:
  ExplicitTangents(VectorField& field, std::int64_t K, const IntegrationOptions& options)
      : field_(field, K),
        options_(options),
        tableau_(tableau_of(options.method)),
        adaptive_(options.adaptive && options.method != Method::rk4),
        n_(field_.n()),
        s_(tableau_.step_stages),
        size_(round_up(n_)),
        count_(static_cast<double>(n_ * (K + 1))),
        lanes_(1),
        poll_(options.keep_going, [] { return 0.0; }),
        times_(static_cast<std::size_t>(s_ + 1)) {
    const std::int64_t arrays = 2 * (s_ + 1);
    double* memory = memory_.doubles(arrays * size_);
    std::fill(memory, memory + arrays * size_, 0.0);
    x_ = memory;
    for (int i = 0; i <= s_; ++i) slopes_[at(i)] = memory + (s_ + 1 + i) * size_;
    for (const SparseRow& row : tableau_.a) rows_.emplace_back(row, slopes_.data());
    errors_.emplace_back(tableau_.error, slopes_.data());
    errors_.emplace_back(tableau_.error2, slopes_.data());
    if (K > 0) tangents_ = make_tangent_stages(field_, tableau_);
  }

  TangentOutcome advance(double t0, double t1, const double* u, double* x, double* V) override {
    field_.set_input(u);
    // The step size is carried on only where the last call ended: so a result depends on the
    // arguments of a run of calls, not on what was computed before.
    if (t0 != end_ || !std::equal(x, x + n_, x_)) lanes_.start(0, t0, options_.step);
    std::copy_n(x, n_, x_);
    times_[0] = t0;
    field_.eval_state(t0, x_, slopes_[0]);
    if (tangents_ != nullptr) {
      tangents_->load(V);
      tangents_->start(points());
    }
    const TangentOutcome result = adaptive_ ? run_adaptive(t0, t1) : run_fixed(t0, t1);
    end_ = result.outcome == DK_REACHED_END ? t1 : kNever;
    std::copy_n(x_, n_, x);
    if (tangents_ != nullptr) tangents_->store(V);
    return result;
  }

 private:
  static constexpr double kNever = std::numeric_limits<double>::quiet_NaN();

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  Shape shape() const { return {1, size_, size_, false}; }
  StagePoints points() const { return {times_.data(), x_, size_}; }
  double* stage(int i) { return x_ + i * size_; }

  // States and slopes of a step from x_, whose slope is known, to t_new.
  void step(double t, double h, double t_new) {
    const Kernels& kernel = kernels();
    for (int i = 1; i <= s_; ++i) {
      kernel.combine(shape(), &h, x_, rows_[at(i)].terms(), stage(i));
      times_[at(i)] = i == s_ ? t_new : t + tableau_.c[at(i)] * h;
      field_.eval_state(times_[at(i)], stage(i), slopes_[at(i)]);
    }
  }

  // The end of the step is the start of the next.
  void accept() {
    std::copy_n(stage(s_), size_, x_);
    std::copy_n(slopes_[at(s_)], size_, slopes_[0]);
    times_[0] = times_[at(s_)];
    if (tangents_ != nullptr) tangents_->accept();
  }

  TangentOutcome run_fixed(double t0, double t1) {
    const double steps = steps_in(t1 - t0, options_.step), h = (t1 - t0) / steps;
    for (double i = 0.0; i < steps; i += 1.0) {
      const double t = t0 + i * h;
      if (i >= static_cast<double>(options_.max_steps)) return {DK_TOO_MANY_STEPS, t};
      if (poll_.stops()) return {DK_STOPPED, t};
      step(t, h, i + 1.0 < steps ? t0 + (i + 1.0) * h : t1);
      double finite = 0.0;
      kernels().finite(shape(), stage(s_), &finite);
      if (tangents_ != nullptr) {
        tangents_->step(h, points());
        finite += 0.0 * tangents_->error_square(0);
      }
      if (std::isnan(finite)) return {DK_NOT_FINITE, t};
      accept();
    }
    return {DK_REACHED_END, t1};
  }

  TangentOutcome run_adaptive(double t0, double t1) {
    const Kernels& kernel = kernels();
    const LaneState& lane = lanes_.state;
    lane.t[0] = t0;
    lane.stop[0] = t1;
    lane.watch[0] = t1;
    lane.tries[0] = lane.rejected[0] = 0.0;
    lanes_.state.max_tries = static_cast<double>(options_.max_steps);
    lanes_.state.h_floor = smallest_step(0.0, t1 - t0);
    if (!(lane.h_next[0] > 0.0)) lane.h_next[0] = first_step(t1 - t0);
    while (lane.t[0] < t1) {
      if (poll_.stops()) return {DK_STOPPED, lane.t[0]};
      fit_steps(t1 - lane.t[0]);
      kernel.begin_step(1, lane);
      step(lane.t[0], lane.h[0], lane.t_new[0]);
      measure();
      kernel.control(1, tableau_.controller, count_, lane);
      if (lane.accept[0] != 0.0) {
        lane.t[0] = lane.t_new[0];
        accept();
      }
      if (lane.t[0] < t1 && lane.event[0] != 0.0) return failure();
    }
    return {DK_REACHED_END, t1};
  }

  // Equal steps for the rest of a call, instead of a last one that is cut short: calls are a few
  // steps long. A tenth more than the controller proposes is within its margin of safety.
  void fit_steps(double left) {
    double& h = lanes_.state.h_next[0];
    if (h < left) h = left / std::ceil(left / h - 0.1);
  }

  // The sums of squares of scaled errors. Tangents of a step that its states forbid are not made.
  void measure() {
    const LaneState& lane = lanes_.state;
    lane.sum[0] = error_square(0);
    if (tableau_.error2.count > 0) lane.sum2[0] = error_square(1);
    if (tangents_ == nullptr || states_forbid()) return;
    tangents_->step(lane.h[0], points());
    const double weight = static_cast<double>(n_) / (options_.rtol * options_.rtol);
    lane.sum[0] += weight * tangents_->error_square(0);
    if (tableau_.error2.count > 0) lane.sum2[0] += weight * tangents_->error_square(1);
  }

  double error_square(std::size_t estimate) const {
    double sum = 0.0;
    kernels().error_sums(shape(), x_, x_ + s_ * size_, options_.rtol, options_.atol,
                         errors_[estimate].terms(), &sum);
    return sum;
  }

  // Whether the step will be rejected even with tangents free of error.
  bool states_forbid() const {
    const LaneState& lane = lanes_.state;
    const double both = lane.sum[0] + tableau_.controller.second * lane.sum2[0];
    const double h = lane.h[0];
    return !(h * h * lane.sum[0] * (lane.sum[0] / std::max(both, 1e-300)) <= count_);
  }

  TangentOutcome failure() {
    const LaneState& lane = lanes_.state;
    std::int32_t outcome = lane.finite[0] != 0.0 ? DK_STEP_TOO_SMALL : DK_NOT_FINITE;
    if (lane.tries[0] >= lane.max_tries) outcome = DK_TOO_MANY_STEPS;
    return {outcome, lane.t[0]};
  }

  // From the first derivative of x alone: a step that is too long is rejected, once in a run.
  double first_step(double span) const {
    double size = 0.0, slope = 0.0;
    for (std::int64_t i = 0; i < n_; ++i) {
      const double scale = options_.atol + options_.rtol * std::abs(x_[i]);
      size += x_[i] / scale * (x_[i] / scale);
      slope += slopes_[0][i] / scale * (slopes_[0][i] / scale);
    }
    const double step = 0.01 * std::sqrt(size / slope);
    return step > 0.0 && step < span ? step : 0.01 * span;
  }

  TangentField field_;
  const IntegrationOptions options_;
  const Tableau& tableau_;
  const bool adaptive_;
  const std::int64_t n_;
  const int s_;
  const std::int64_t size_;
  const double count_;  // of components
  LaneArrays lanes_;
  Poll poll_;
  std::vector<double> times_;  // of the stages
  Workspace memory_;
  double* x_ = nullptr;  // [s+1,size] states of the stages, the first at the start of a step
  std::array<double*, kMaxStages> slopes_{};
  std::deque<StageTerms> rows_, errors_;
  std::unique_ptr<TangentStages> tangents_;
  double end_ = kNever;  // of the last call
};

}  // namespace

std::unique_ptr<TangentPropagator::Solver> make_explicit_tangents(
    VectorField& field, std::int64_t K, const IntegrationOptions& options) {
  return std::make_unique<ExplicitTangents>(field, K, options);
}

}  // namespace dynkit
