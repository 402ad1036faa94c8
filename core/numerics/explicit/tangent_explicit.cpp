// Explicit Runge-Kutta for a state and its tangents as one system.
//
// The arrays are [x, V] with x padded to whole vectors. In the error norm, the root mean square
// over all components, an error of x is measured as in adaptive.cpp, and one of the tangent V_k by
// rtol times the root mean square of V_k: the equation of V_k is linear, so its scale is its own.
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <vector>

#include "explicit/lanes.hpp"
#include "explicit/stages.hpp"
#include "steps.hpp"
#include "tangent.hpp"

namespace dynkit {
namespace {

// A tableau's combinations of given stages, made once.
struct TableauTerms {
  std::deque<StageTerms> rows, errors;
};

class ExplicitTangents : public TangentPropagator::Solver {
 public:
  ExplicitTangents(VectorField& field, std::int64_t K, const IntegrationOptions& options)
      : field_(field, K),
        options_(options),
        tableau_(tableau_of(options.method)),
        adaptive_(options.adaptive && options.method != Method::rk4),
        n_(field_.n()),
        K_(K),
        offset_(round_up(n_)),
        size_(offset_ + round_up(K * n_)),
        lanes_(1),
        squares_(static_cast<std::size_t>(K)),
        scales_(static_cast<std::size_t>(K)) {
    const std::int64_t arrays = tableau_.step_stages + 4;
    double* memory = memory_.doubles(arrays * size_);
    std::fill(memory, memory + arrays * size_, 0.0);
    for (int j = 0; j <= tableau_.step_stages; ++j) {
      stages_[static_cast<std::size_t>(j)] = memory + j * size_;
    }
    for (TableauTerms& terms : terms_) {
      for (const SparseRow& row : tableau_.a) terms.rows.emplace_back(row, stages_.data());
      terms.errors.emplace_back(tableau_.error, stages_.data());
      terms.errors.emplace_back(tableau_.error2, stages_.data());
      swap_ends();
    }
    y_ = memory + (tableau_.step_stages + 1) * size_;
    y_new_ = y_ + size_;
    argument_ = y_new_ + size_;
    lanes_.start(0, 0.0, options.step);
  }

  TangentOutcome advance(double t0, double t1, const double* u, double* x, double* V) override {
    field_.set_input(u);
    std::copy_n(x, n_, y_);
    std::copy_n(V, K_ * n_, y_ + offset_);
    const TangentOutcome result = adaptive_ ? run_adaptive(t0, t1) : run_fixed(t0, t1);
    std::copy_n(y_, n_, x);
    std::copy_n(y_ + offset_, K_ * n_, V);
    return result;
  }

 private:
  Shape shape() const { return {1, size_, size_, false}; }

  void evaluate(double t, const double* y, double* dy) {
    field_.eval(t, nullptr, y, y + offset_, dy, dy + offset_);
  }

  // Stages of a step from y_ with the first one known, and y_new_.
  void step(double t, double h) {
    const Kernels& kernel = kernels();
    for (int i = 1; i <= tableau_.step_stages; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const bool last = i == tableau_.step_stages;
      kernel.combine(shape(), &h, y_, terms_[odd_].rows[at].terms(), last ? y_new_ : argument_);
      if (!last) evaluate(t + tableau_.c[at] * h, argument_, stages_[at]);
    }
  }

  bool finite(const double* y) {
    double sum = 0.0;
    kernels().finite(shape(), y, &sum);
    return !std::isnan(sum);
  }

  TangentOutcome run_fixed(double t0, double t1) {
    const double steps = steps_in(t1 - t0, options_.step), h = (t1 - t0) / steps;
    for (double i = 0.0; i < steps; i += 1.0) {
      const double t = t0 + i * h;
      if (i >= static_cast<double>(options_.max_steps)) return {DK_TOO_MANY_STEPS, t};
      evaluate(t, y_, stages_[0]);
      step(t, h);
      if (!finite(y_new_)) return {DK_NOT_FINITE, t};
      std::swap(y_, y_new_);
    }
    return {DK_REACHED_END, t1};
  }

  TangentOutcome run_adaptive(double t0, double t1) {
    const Kernels& kernel = kernels();
    const LaneState& lane = lanes_.state;
    const auto last = static_cast<std::size_t>(tableau_.step_stages);
    lane.t[0] = t0;
    lane.stop[0] = t1;
    lane.watch[0] = t1;
    lane.tries[0] = lane.rejected[0] = 0.0;
    lanes_.state.max_tries = static_cast<double>(options_.max_steps);
    lanes_.state.h_floor = smallest_step(0.0, t1 - t0);
    evaluate(t0, y_, stages_[0]);
    kernel.row_squares(K_, n_, y_ + offset_, scales_.data());
    if (!(lane.h_next[0] > 0.0)) lane.h_next[0] = first_step(t1 - t0);
    while (lane.t[0] < t1) {
      kernel.begin_step(1, lane);
      step(lane.t[0], lane.h[0]);
      evaluate(lane.t_new[0], y_new_, stages_[last]);
      judge();
      if (lane.accept[0] != 0.0) accept();
      if (lane.t[0] < t1 && lane.event[0] != 0.0) return failure();
    }
    return {DK_REACHED_END, t1};
  }

  // The stage at the end of a step is the first one of the next.
  void swap_ends() {
    std::swap(stages_[0], stages_[static_cast<std::size_t>(tableau_.step_stages)]);
    odd_ = 1 - odd_;
  }

  void judge() {
    const LaneState& lane = lanes_.state;
    lane.sum[0] = error_square(terms_[odd_].errors[0].terms());
    if (tableau_.error2.count > 0) lane.sum2[0] = error_square(terms_[odd_].errors[1].terms());
    kernels().control(1, tableau_.controller, static_cast<double>(n_ * (K_ + 1)), lane);
  }

  void accept() {
    lanes_.state.t[0] = lanes_.state.t_new[0];
    std::swap(y_, y_new_);
    swap_ends();
    kernels().row_squares(K_, n_, y_ + offset_, scales_.data());
  }

  TangentOutcome failure() {
    const LaneState& lane = lanes_.state;
    std::int32_t outcome = lane.finite[0] != 0.0 ? DK_STEP_TOO_SMALL : DK_NOT_FINITE;
    if (lane.tries[0] >= lane.max_tries) outcome = DK_TOO_MANY_STEPS;
    lane.h_next[0] = options_.step;  // a new start may go on
    return {outcome, lane.t[0]};
  }

  // Sum of squares of the scaled error estimate, h left out.
  double error_square(const Terms& terms) {
    const Kernels& kernel = kernels();
    double sum = 0.0;
    kernel.error_sums({1, offset_, size_, false}, y_, y_new_, options_.rtol, options_.atol, terms,
                      &sum);
    if (K_ == 0) return sum;
    kernel.combine(shape(), nullptr, nullptr, terms, argument_);
    kernel.row_squares(K_, n_, argument_ + offset_, squares_.data());
    double tangents = 0.0;
    for (std::size_t k = 0; k < squares_.size(); ++k) {
      if (squares_[k] != 0.0) tangents += squares_[k] / scales_[k];
    }
    return sum + tangents * static_cast<double>(n_) / (options_.rtol * options_.rtol);
  }

  // From the first derivative of x alone: a step that is too long is rejected, once in a run.
  double first_step(double span) const {
    double size = 0.0, slope = 0.0;
    for (std::int64_t i = 0; i < n_; ++i) {
      const double scale = options_.atol + options_.rtol * std::abs(y_[i]);
      size += y_[i] / scale * (y_[i] / scale);
      slope += stages_[0][i] / scale * (stages_[0][i] / scale);
    }
    const double step = 0.01 * std::sqrt(size / slope);
    return step > 0.0 && step < span ? step : 0.01 * span;
  }

  TangentField field_;
  const IntegrationOptions options_;
  const Tableau& tableau_;
  const bool adaptive_;
  const std::int64_t n_, K_;
  const std::int64_t offset_;  // of V
  const std::int64_t size_;
  LaneArrays lanes_;
  std::vector<double> squares_, scales_;
  Workspace memory_;
  std::array<double*, kMaxStages> stages_{};
  std::array<TableauTerms, 2> terms_;  // before and after swap_ends
  std::size_t odd_ = 0;
  double* y_ = nullptr;
  double* y_new_ = nullptr;
  double* argument_ = nullptr;
};

}  // namespace

std::unique_ptr<TangentPropagator::Solver> make_explicit_tangents(
    VectorField& field, std::int64_t K, const IntegrationOptions& options) {
  return std::make_unique<ExplicitTangents>(field, K, options);
}

}  // namespace dynkit
