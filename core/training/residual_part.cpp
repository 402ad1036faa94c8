#include "residual_part.hpp"

#include <algorithm>
#include <cmath>

namespace dynkit::training {
ResidualPart::Way::Way(const Fit& fit, const Operations<double>& operations, std::int64_t S)
    : width(operations.sizes().n),
      input(fit, S, width),
      rollout(operations, fit.system.model().info().time_kind, S, fit.rollout) {}

ResidualPart::ResidualPart(const Fit& fit, Operations<double>& model,
                           const Operations<double>* readout,
                           const std::vector<std::int64_t>& parameters, std::int64_t S)
    : fit_(fit),
      readout_(readout),
      parameters_(parameters),
      S_(S),
      n_(model.sizes().n),
      p_(static_cast<std::int64_t>(parameters.size())),
      K_(p_ + (fit.initial == InitialState::learned ? n_ : 0)),
      sensitivities_(model, parameters, K_),
      alone_(fit, model, S),
      together_(fit, sensitivities_, S),
      row_(static_cast<std::size_t>(K_)) {
  if (readout == nullptr) return;
  const auto rows = static_cast<std::size_t>(S * readout->sizes().q);
  y_.resize(rows);
  y_by_state_.resize(rows * static_cast<std::size_t>(n_));
  y_by_parameters_.resize(rows * static_cast<std::size_t>(readout->sizes().p));
}

void ResidualPart::evaluate(const Batch& batch, const std::int64_t* trials, double* r, double* J) {
  batch_ = &batch;
  trials_ = trials;
  r_ = r;
  J_ = J;
  Way& way = J != nullptr || fit_.rollout.integration.adaptive ? together_ : alone_;
  width_ = way.width;
  way.input.begin(batch.variables, batch.map, trials, batch.T);
  way.input.add_teacher(batch.variables, batch.map, trials, batch.T);
  // A learned initial state has the identity as its derivative by itself.
  for (std::int64_t s = 0; width_ > n_ && K_ > p_ && s < S_; ++s) {
    double* X = way.input.initial_states().data() + s * width_ + n_;
    for (std::int64_t i = 0; i < n_; ++i) X[i * K_ + p_ + i] = 1.0;
  }
  way.rollout.loss(way.input.data(), *this);
}

void ResidualPart::observe_readout(const double* x) {
  dk_points points{};
  points.count = S_;
  points.x = {x, width_};
  readout_->eval(points, y_.data());
  if (J_ == nullptr) return;
  readout_->jacobian(points, DK_WRT_STATE, y_by_state_.data());
  readout_->jacobian(points, DK_WRT_PARAMETERS, y_by_parameters_.data());
}

double ResidualPart::observe(std::int64_t k, const double* x, double*) {
  if (readout_ != nullptr) observe_readout(x);
  for (std::size_t i = 0; i < fit_.terms.size(); ++i) {
    const ObjectiveTerm& term = fit_.terms[i];
    const Series& target = fit_.data.series.at(term.target);
    const std::int64_t at = k - term.lag;  // time of the target
    if (at < 0 || at >= batch_->T) continue;
    for (std::int64_t s = 0; s < S_; ++s) {
      const double mask = fit_.data.mask_at(trials_[s], at);
      const double* d = fit_.data.row(target, trials_[s], at);
      for (std::int64_t j = 0; j < target.width; ++j) {
        if (mask == 0.0 || !std::isfinite(d[j])) continue;
        const double weight = std::sqrt(2.0 * batch_->scales[i] * mask);
        const std::int64_t component =
            term.components.empty() ? j : term.components[static_cast<std::size_t>(j)];
        const double y = term.of_readout
                             ? y_[static_cast<std::size_t>(s * readout_->sizes().q + component)]
                             : x[s * width_ + component];
        *r_++ = weight * (y - d[j]);
        if (J_ != nullptr) add_row(term, weight, s, component, x + s * width_ + n_);
      }
    }
  }
  return 0.0;
}

// w dy/d(variables), X [n,K] those of the state.
void ResidualPart::add_row(const ObjectiveTerm& term, double weight, std::int64_t s,
                           std::int64_t component, const double* X) {
  const auto put = [&](std::int64_t variable, double value) {
    const std::int64_t column = batch_->columns[static_cast<std::size_t>(variable)];
    if (column >= 0) J_[column] = weight * value;
  };
  std::fill_n(J_, batch_->width, 0.0);
  const double* by_variables = X + component * K_;
  if (term.of_readout) {
    const std::int64_t q = readout_->sizes().p;
    const std::int64_t index = s * readout_->sizes().q + component;
    std::fill(row_.begin(), row_.end(), 0.0);
    for (std::int64_t i = 0; i < n_; ++i) {
      const double slope = y_by_state_[static_cast<std::size_t>(index * n_ + i)];
      for (std::int64_t j = 0; j < K_; ++j) {
        row_[static_cast<std::size_t>(j)] += slope * X[i * K_ + j];
      }
    }
    by_variables = row_.data();
    for (std::int64_t j = 0; j < q; ++j) {
      put(batch_->map.readout + j, y_by_parameters_[static_cast<std::size_t>(index * q + j)]);
    }
  }
  for (std::int64_t j = 0; j < p_; ++j) {
    put(batch_->map.model + parameters_[static_cast<std::size_t>(j)], by_variables[j]);
  }
  for (std::int64_t j = p_; j < K_; ++j) put(batch_->map.initial + j - p_, by_variables[j]);
  J_ += batch_->width;
}

}  // namespace dynkit::training
