#include "part.hpp"

#include <algorithm>
#include <type_traits>

#include "continuous_rollout.hpp"
#include "recorder.hpp"

namespace dynkit::training {
namespace {

// A flow by adams or bdf has the continuous adjoint, everything else the transposed steps.
template <class Number>
std::unique_ptr<DifferentiableRollout<Number>> make_rollout(const Fit& fit,
                                                            const Operations<Number>& model,
                                                            std::int64_t S) {
  if constexpr (std::is_same_v<Number, double>) {
    if (is_continuous(fit)) return std::make_unique<ContinuousRollout>(model, S, fit.rollout);
  }
  const std::int32_t time_kind = fit.system.model().info().time_kind;
  return std::make_unique<Rollout<Number>>(model, time_kind, S, fit.rollout);
}

}  // namespace

template <class Number>
Part<Number>::Part(const Fit& fit, const Operations<Number>& model,
                   const Operations<Number>* readout, std::int64_t S)
    : fit_(fit),
      readout_(readout),
      S_(S),
      n_(model.sizes().n),
      m_(model.sizes().m),
      objective_(fit.terms, readout, S, n_),
      rollout_(make_rollout(fit, model, S)),
      times_(fit.data.times),
      x0_(static_cast<std::size_t>(S * n_)),
      x0_bar_(x0_.size()) {
  const double last = times_.size() > 1 ? times_.back() - times_[times_.size() - 2] : 1.0;
  for (std::int64_t i = 0; i < largest_lag(fit.terms); ++i) times_.push_back(times_.back() + last);
}

template <class Number>
Part<Number>::~Part() = default;

// [T,S,width] of [trials,T,width].
template <class Number>
void Part<Number>::load_series(const std::string& name, const std::int64_t* trials, std::int64_t T,
                               std::vector<Number>& rows) const {
  const Series& series = fit_.data.series.at(name);
  rows.resize(static_cast<std::size_t>(T * S_ * series.width));
  auto row = rows.begin();
  for (std::int64_t k = 0; k < T; ++k) {
    for (std::int64_t s = 0; s < S_; ++s) {
      const double* from = fit_.data.row(series, trials[s], k);
      row = std::transform(from, from + series.width, row,
                           [](double value) { return static_cast<Number>(value); });
    }
  }
}

template <class Number>
void Part<Number>::load_initial_states(const Batch& batch, const std::int64_t* trials) {
  if (fit_.initial == InitialState::data) return load_series("states", trials, 1, x0_);
  const double* x0 = fit_.initial_state.empty() ? nullptr : fit_.initial_state.data();
  if (batch.map.initial >= 0) x0 = batch.variables.values.data() + batch.map.initial;
  for (std::size_t i = 0; i < x0_.size(); ++i) {
    x0_[i] = x0 != nullptr ? static_cast<Number>(x0[i % static_cast<std::size_t>(n_)]) : Number(0);
  }
}

// The states that trajectories are drawn to, or go on from.
template <class Number>
void Part<Number>::load_teacher(const Batch& batch, const std::int64_t* trials) {
  const std::int64_t interval =
      fit_.shooting.interval > 0 ? fit_.shooting.interval : fit_.forcing.interval;
  const double alpha = fit_.shooting.interval > 0 ? 1.0 : fit_.forcing.alpha;
  if (alpha == 0.0) return;
  load_series("states", trials, batch.T, teacher_);
  teacher_.resize(static_cast<std::size_t>(data_.T) * x0_.size());
  alpha_.assign(static_cast<std::size_t>(data_.T), 0.0);
  for (std::int64_t k = interval; k < batch.T; k += interval) {
    alpha_[static_cast<std::size_t>(k)] = alpha;
    if (fit_.shooting.interval == 0) continue;
    for (std::int64_t s = 0; s < S_; ++s) {
      const double* node =
          batch.variables.values.data() + segment_state(fit_, batch.map, trials[s], k);
      std::transform(node, node + n_, teacher_.begin() + (k * S_ + s) * n_,
                     [](double value) { return static_cast<Number>(value); });
    }
  }
  data_.forcing = alpha_.data();
  data_.teacher = teacher_.data();
}

// A free run; what follows may add a teacher.
template <class Number>
void Part<Number>::begin(const Batch& batch, const std::int64_t* trials) {
  load_initial_states(batch, trials);
  if (m_ > 0) load_series(fit_.data.inputs, trials, batch.T, inputs_);
  data_ = {};
  data_.T = batch.T + largest_lag(fit_.terms);
  data_.times = times_.data();
  data_.x0 = x0_.data();
  data_.inputs = m_ > 0 ? inputs_.data() : nullptr;
  log_sigma_.clear();
  for (const std::int64_t at : batch.map.log_sigma) {
    log_sigma_.push_back(at >= 0 ? batch.variables.values.data() + at : nullptr);
  }
  objective_.begin(fit_.data, trials, batch.T, batch.scales, log_sigma_);
  shooting_scale_ = 0.0;
  teacher_bar_ = nullptr;
}

template <class Number>
double Part<Number>::observe(std::int64_t k, const Number* x, Number* x_bar) {
  double loss = objective_.observe(k, x, x_bar);
  const bool ends_segment =
      shooting_scale_ > 0.0 && k > 0 && alpha_[static_cast<std::size_t>(k)] > 0.0;
  if (!ends_segment) return loss;
  for (std::int64_t i = 0; i < S_ * n_; ++i) {
    const auto at = static_cast<std::size_t>(k * S_ * n_ + i);
    const double gap = double{x[i]} - double{teacher_[at]};
    loss += shooting_scale_ * gap * gap;
    if (x_bar == nullptr) continue;
    const auto slope = static_cast<Number>(2.0 * shooting_scale_ * gap);
    x_bar[i] += slope;
    (*teacher_bar_)[at] -= slope;
  }
  return loss;
}

template <class Number>
void Part<Number>::gradient(const Batch& batch, const std::int64_t* trials,
                            PartGradient<Number>& result) {
  begin(batch, trials);
  load_teacher(batch, trials);
  shooting_scale_ = fit_.shooting.interval > 0 ? batch.shooting_scale : 0.0;
  const bool learns_nodes = fit_.shooting.interval > 0;
  result.teacher.resize(learns_nodes ? static_cast<std::size_t>(data_.T) * x0_.size() : 0);
  teacher_bar_ = &result.teacher;
  std::fill(result.model.begin(), result.model.end(), Number(0));
  std::fill(result.readout.begin(), result.readout.end(), Number(0));
  objective_.set_gradients(result.readout.data());
  result.loss = rollout_->gradient(
      data_, *this,
      {result.model.data(), x0_bar_.data(), learns_nodes ? result.teacher.data() : nullptr});
  result.log_sigma = objective_.log_sigma_bar();
  std::fill(result.initial.begin(), result.initial.end(), 0.0);
  for (std::size_t i = 0; !result.initial.empty() && i < x0_bar_.size(); ++i) {
    result.initial[i % result.initial.size()] += double{x0_bar_[i]};
  }
}

template <class Number>
double Part<Number>::loss(const Batch& batch, const std::int64_t* trials) {
  begin(batch, trials);
  if (fit_.shooting.interval == 0) load_teacher(batch, trials);
  return rollout_->loss(data_, *this);
}

template <class Number>
void Part<Number>::predict(const Batch& batch, const std::int64_t* trials, double* states,
                           double* observations) {
  begin(batch, trials);
  const auto first = std::find_if(fit_.terms.begin(), fit_.terms.end(),
                                  [](const ObjectiveTerm& term) { return term.of_readout; });
  Recorder<Number> recorder(readout_, S_, n_, batch.T, first != fit_.terms.end() ? first->lag : 0,
                            states, observations);
  rollout_->loss(data_, recorder);
}

template class Part<double>;
template class Part<float>;

}  // namespace dynkit::training
