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
      objective_(fit.terms, readout, S, n_),
      rollout_(make_rollout(fit, model, S)),
      input_(fit, S, n_),
      x0_bar_(static_cast<std::size_t>(S * n_)) {
  if (fit.jacobian_penalty > 0.0) {
    penalty_ = std::make_unique<JacobianPenalty<Number>>(model, S);
  }
}

template <class Number>
Part<Number>::~Part() = default;

// A free run; what follows may add a teacher.
template <class Number>
void Part<Number>::begin(const Batch& batch, const std::int64_t* trials) {
  input_.begin(batch.variables, batch.map, trials, batch.T);
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
  if (penalty_ && x_bar != nullptr && k < penalty_times_) {
    loss += penalty_->add(input_.data(), k, x, x_bar, penalty_bar_);
  }
  const bool ends_segment = shooting_scale_ > 0.0 && k > 0 && input_.alpha(k) > 0.0;
  if (!ends_segment) return loss;
  const Number* nodes = input_.teacher(k, 0);
  for (std::int64_t i = 0; i < S_ * n_; ++i) {
    const double gap = double{x[i]} - double{nodes[i]};
    loss += shooting_scale_ * gap * gap;
    if (x_bar == nullptr) continue;
    const auto slope = static_cast<Number>(2.0 * shooting_scale_ * gap);
    x_bar[i] += slope;
    (*teacher_bar_)[static_cast<std::size_t>(k * S_ * n_ + i)] -= slope;
  }
  return loss;
}

template <class Number>
void Part<Number>::gradient(const Batch& batch, const std::int64_t* trials,
                            PartGradient<Number>& result) {
  begin(batch, trials);
  input_.add_teacher(batch.variables, batch.map, trials, batch.T);
  shooting_scale_ = fit_.shooting.interval > 0 ? batch.shooting_scale : 0.0;
  const bool learns_nodes = fit_.shooting.interval > 0;
  result.teacher.resize(learns_nodes ? static_cast<std::size_t>(input_.data().T) * x0_bar_.size()
                                     : 0);
  teacher_bar_ = &result.teacher;
  penalty_bar_ = result.model.data();
  penalty_times_ = batch.T;
  if (penalty_) penalty_->begin(batch.jacobian_signs, trials, batch.jacobian_scale);
  std::fill(result.model.begin(), result.model.end(), Number(0));
  std::fill(result.readout.begin(), result.readout.end(), Number(0));
  objective_.set_gradients(result.readout.data());
  result.loss = rollout_->gradient(
      input_.data(), *this,
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
  if (fit_.shooting.interval == 0) input_.add_teacher(batch.variables, batch.map, trials, batch.T);
  return rollout_->loss(input_.data(), *this);
}

template <class Number>
void Part<Number>::predict(const Batch& batch, const std::int64_t* trials, double* states,
                           double* observations) {
  begin(batch, trials);
  const auto lag = [&](bool of_readout) -> std::int64_t {
    const ObjectiveTerm* term = shown_term(fit_.terms, of_readout);
    return term != nullptr ? term->lag : 0;
  };
  Recorder<Number> recorder(readout_, S_, n_, batch.T, {lag(false), lag(true)}, states,
                            observations);
  rollout_->loss(input_.data(), recorder);
}

template class Part<double>;
template class Part<float>;

}  // namespace dynkit::training
