// The steps of a rollout on its data, forwards and backwards.
#pragma once

#include <algorithm>
#include <vector>

#include "rollout.hpp"
#include "step_list.hpp"
#include "transition.hpp"

namespace dynkit::training {

/// Step j leads from the state x_j to x_j+1. A state that begins an interval is one that was
/// observed, before its teacher moves it.
template <class Number>
class Course {
 public:
  Course(Transition<Number>& transition, std::int64_t S, std::int64_t n, std::int64_t m)
      : transition_(transition), S_(S), n_(n), m_(m), start_(static_cast<std::size_t>(S * n)) {}

  /// What follows is on these data, with steps() to be filled for them.
  void begin(const RolloutData<Number>& data) {
    data_ = data;
    forward_steps_ = 0;
  }

  const RolloutData<Number>& data() const { return data_; }
  StepList& steps() { return steps_; }
  std::int64_t numbers() const { return S_ * n_; }  // of a state
  std::int64_t tape_size() const { return transition_.tape_size(); }
  std::int64_t forward_steps() const { return forward_steps_; }

  /// The time k at which the state x_j was observed, or -1.
  std::int64_t time_of_state(std::int64_t j) const {
    if (j == steps_.size()) return data_.T - 1;
    return steps_.begins_interval(j) ? steps_.interval(j) : -1;
  }

  const Number* inputs(std::int64_t k) const {
    return data_.inputs != nullptr ? data_.inputs + k * S_ * m_ : nullptr;
  }

  /// From where interval k goes on: x, or what its teacher makes of it, valid until the next call.
  const Number* start_of_interval(std::int64_t k, const Number* x) {
    const double alpha = data_.forcing != nullptr ? data_.forcing[k] : 0.0;
    if (alpha == 0.0) return x;
    const auto own = static_cast<Number>(1.0 - alpha), given = static_cast<Number>(alpha);
    const Number* d = data_.teacher + k * numbers();
    for (std::int64_t i = 0; i < numbers(); ++i) {
      // A teacher that takes over leaves nothing of a state, even if that is not a number.
      start_[static_cast<std::size_t>(i)] = alpha == 1.0 ? d[i] : own * x[i] + given * d[i];
    }
    return start_.data();
  }

  void forward(std::int64_t j, const Number* x, Number* x_next, std::byte* tape) {
    transition_.forward(point(j), start(j, x), x_next, tape);
    ++forward_steps_;
  }

  /// x_bar: of x_j+1 on entry, of x_j on return.
  void backward(std::int64_t j, const Number* x, std::byte* tape, Number* x_bar,
                const RolloutGradient<Number>& gradient) {
    transition_.backward(point(j), start(j, x), tape, x_bar, gradient.theta);
    if (!steps_.begins_interval(j)) return;
    const std::int64_t k = steps_.interval(j);
    const double alpha = data_.forcing != nullptr ? data_.forcing[k] : 0.0;
    if (gradient.teacher != nullptr) {
      Number* teacher_bar = gradient.teacher + k * numbers();
      for (std::int64_t i = 0; i < numbers(); ++i) {
        teacher_bar[i] = static_cast<Number>(alpha) * x_bar[i];
      }
    }
    if (alpha == 0.0) return;
    for (std::int64_t i = 0; i < numbers(); ++i) x_bar[i] *= static_cast<Number>(1.0 - alpha);
  }

 private:
  StepPoint<Number> point(std::int64_t j) const {
    return {steps_.t(j), steps_.h(j), inputs(steps_.interval(j))};
  }
  const Number* start(std::int64_t j, const Number* x) {
    return steps_.begins_interval(j) ? start_of_interval(steps_.interval(j), x) : x;
  }

  Transition<Number>& transition_;
  const std::int64_t S_, n_, m_;
  RolloutData<Number> data_;
  StepList steps_;
  std::vector<Number> start_;
  std::int64_t forward_steps_ = 0;
};

}  // namespace dynkit::training
