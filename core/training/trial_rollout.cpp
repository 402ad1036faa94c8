#include "trial_rollout.hpp"

#include <algorithm>

namespace dynkit::training {

template <class Number>
TrialRollout<Number>::TrialRollout(const Fit& fit, std::int64_t S, std::int64_t width)
    : fit_(fit),
      S_(S),
      n_(fit.system.model().info().n),
      m_(fit.system.model().info().m),
      width_(width),
      times_(fit.data.times),
      x0_(static_cast<std::size_t>(S * width)) {
  const double last = times_.size() > 1 ? times_.back() - times_[times_.size() - 2] : 1.0;
  for (std::int64_t i = 0; i < largest_lag(fit.terms); ++i) times_.push_back(times_.back() + last);
}

// [T,S,width] of [trials,T,.].
template <class Number>
void TrialRollout<Number>::load_series(const std::string& name, const std::int64_t* trials,
                                       std::int64_t T, std::int64_t width,
                                       std::vector<Number>& rows) const {
  const Series& series = fit_.data.series.at(name);
  rows.resize(static_cast<std::size_t>(T * S_ * width));
  auto row = rows.begin();
  for (std::int64_t k = 0; k < T; ++k) {
    for (std::int64_t s = 0; s < S_; ++s) {
      const double* from = fit_.data.row(series, trials[s], k);
      const auto end = std::transform(from, from + series.width, row,
                                      [](double value) { return static_cast<Number>(value); });
      row += width;
      std::fill(end, row, Number(0));
    }
  }
}

template <class Number>
void TrialRollout<Number>::load_initial_states(const Variables& variables, const VariableMap& map,
                                               const std::int64_t* trials) {
  if (fit_.initial == InitialState::data) return load_series("states", trials, 1, width_, x0_);
  std::fill(x0_.begin(), x0_.end(), Number(0));
  const double* x0 = fit_.initial_state.empty() ? nullptr : fit_.initial_state.data();
  if (map.initial >= 0) x0 = variables.values.data() + map.initial;
  if (x0 == nullptr) return;
  for (std::int64_t s = 0; s < S_; ++s) {
    std::transform(x0, x0 + n_, x0_.begin() + s * width_,
                   [](double value) { return static_cast<Number>(value); });
  }
}

template <class Number>
void TrialRollout<Number>::begin(const Variables& variables, const VariableMap& map,
                                 const std::int64_t* trials, std::int64_t T) {
  load_initial_states(variables, map, trials);
  const bool is_driven = !fit_.data.inputs.empty();
  if (is_driven) load_series(fit_.data.inputs, trials, T, m_, inputs_);
  data_ = {};
  data_.T = T + largest_lag(fit_.terms);
  data_.times = times_.data();
  data_.x0 = x0_.data();
  data_.inputs = is_driven ? inputs_.data() : nullptr;
}

template <class Number>
void TrialRollout<Number>::add_teacher(const Variables& variables, const VariableMap& map,
                                       const std::int64_t* trials, std::int64_t T) {
  const bool shoots = fit_.shooting.interval > 0;
  const std::int64_t interval = shoots ? fit_.shooting.interval : fit_.forcing.interval;
  const double alpha = shoots ? 1.0 : fit_.forcing.alpha;
  if (alpha == 0.0) return;
  load_series("states", trials, T, width_, teacher_);
  teacher_.resize(static_cast<std::size_t>(data_.T) * x0_.size());
  alpha_.assign(static_cast<std::size_t>(data_.T), 0.0);
  for (std::int64_t k = interval; k < T; k += interval) {
    alpha_[static_cast<std::size_t>(k)] = alpha;
    for (std::int64_t s = 0; shoots && s < S_; ++s) {
      const double* node = variables.values.data() + segment_state(fit_, map, trials[s], k);
      std::transform(node, node + n_, teacher_.begin() + (k * S_ + s) * width_,
                     [](double value) { return static_cast<Number>(value); });
    }
  }
  data_.forcing = alpha_.data();
  data_.teacher = teacher_.data();
}

template class TrialRollout<double>;
template class TrialRollout<float>;

}  // namespace dynkit::training
