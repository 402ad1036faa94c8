#include "rollout.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "adaptive_steps.hpp"
#include "course.hpp"
#include "dynkit/model.h"
#include "reversal.hpp"
#include "transition.hpp"

namespace dynkit::training {

template <class Number>
struct Rollout<Number>::Parts {
  Parts(const Operations<Number>& model, std::int32_t time_kind, std::int64_t samples,
        const RolloutOptions& given)
      : options(given),
        S(samples),
        is_map(time_kind == DK_MAP),
        tableau(is_map ? ButcherTableau{} : butcher_tableau(given.integration.method)),
        transition(make_transition(model)),
        course(*transition, S, model.sizes().n, model.sizes().m),
        x(static_cast<std::size_t>(S * model.sizes().n)),
        x_next(x.size()) {}

  std::unique_ptr<Transition<Number>> make_transition(const Operations<Number>& model) {
    if (is_map) return map_transition(model, S);
    auto method = std::make_unique<RungeKutta<Number>>(model, tableau, S);
    if (options.integration.adaptive && !tableau.error.empty()) {
      adaptive =
          std::make_unique<AdaptiveSteps<Number>>(model, *method, tableau, options.integration, S);
    }
    return method;
  }

  // Where they do not depend on the states.
  void fill_steps() {
    const RolloutData<Number>& data = course.data();
    if (is_map) return course.steps().fill_map(data.times, data.T, S);
    const double step = options.integration.step;
    course.steps().fill_equal(data.times, data.T, S,
                              step > 0.0 ? step : std::numeric_limits<double>::infinity());
  }

  // Chooses steps on the way from the first time to the last. `at_time(k, x)` sees every state.
  template <class AtTime>
  void walk_adaptively(AtTime at_time) {
    const RolloutData<Number>& data = course.data();
    std::copy_n(data.x0, x.size(), x.begin());
    adaptive->start(course.steps());
    at_time(0, x.data());
    for (std::int64_t k = 0; k + 1 < data.T; ++k) {
      const Number* start = course.start_of_interval(k, x.data());
      if (start != x.data()) std::copy_n(start, x.size(), x.begin());
      adaptive->advance(data.times, k, course.inputs(k), x.data(), course.steps());
      at_time(k + 1, x.data());
    }
  }

  template <class AtTime>
  void walk(AtTime at_time) {
    fill_steps();
    std::copy_n(course.data().x0, x.size(), x.begin());
    at_time(0, x.data());
    for (std::int64_t j = 0; j < course.steps().size(); ++j) {
      course.forward(j, x.data(), x_next.data(), nullptr);
      std::swap(x, x_next);
      const std::int64_t k = course.time_of_state(j + 1);
      if (k >= 0) at_time(k, x.data());
    }
  }

  RolloutOptions options;
  std::int64_t S;
  bool is_map;
  ButcherTableau tableau;                           // of a flow
  std::unique_ptr<AdaptiveSteps<Number>> adaptive;  // NULL: the steps do not depend on the states
  std::unique_ptr<Transition<Number>> transition;
  Course<Number> course;
  Reversal<Number> reversal;
  std::vector<Number> x, x_next;
};

template <class Number>
Rollout<Number>::Rollout(const Operations<Number>& model, std::int32_t time_kind, std::int64_t S,
                         const RolloutOptions& options)
    : parts_(std::make_unique<Parts>(model, time_kind, S, options)) {}

template <class Number>
Rollout<Number>::~Rollout() = default;

template <class Number>
double Rollout<Number>::loss(const RolloutData<Number>& data, Observer<Number>& observer) {
  parts_->course.begin(data);
  double loss = 0.0;
  const auto observe = [&](std::int64_t k, const Number* x) {
    loss += observer.observe(k, x, nullptr);
  };
  if (parts_->adaptive) {
    parts_->walk_adaptively(observe);
  } else {
    parts_->walk(observe);
  }
  return loss;
}

template <class Number>
double Rollout<Number>::gradient(const RolloutData<Number>& data, Observer<Number>& observer,
                                 const RolloutGradient<Number>& gradient) {
  Parts& parts = *parts_;
  parts.course.begin(data);
  if (parts.adaptive) {
    parts.walk_adaptively([](std::int64_t, const Number*) {});
  } else {
    parts.fill_steps();
  }
  if (gradient.teacher != nullptr) {
    std::fill_n(gradient.teacher, data.T * parts.course.numbers(), Number(0));
  }
  const std::int64_t state_bytes = parts.course.numbers() * std::int64_t{sizeof(Number)};
  const ReversalMemory memory = reversal_memory(parts.options, parts.course.steps().size(),
                                                state_bytes, parts.course.tape_size());
  Number* x_bar = gradient.x0 != nullptr ? gradient.x0 : parts.x.data();
  return parts.reversal.run(parts.course, observer, memory, data.x0, x_bar, gradient);
}

template <class Number>
std::int64_t Rollout<Number>::steps() const {
  return parts_->course.steps().size();
}

template <class Number>
std::int64_t Rollout<Number>::forward_steps() const {
  return parts_->course.forward_steps();
}

template class Rollout<double>;
template class Rollout<float>;

}  // namespace dynkit::training
