#include "objective.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "dynkit/core/workspace.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

constexpr std::array kLossNames = {"squared", "absolute", "gaussian", "poisson", "cross_entropy"};

struct LossValue {
  double value, slope;  // l and dl/dy
};

// Terms of one element.
LossValue element_loss(LossKind kind, double y, double d, double log_sigma) {
  switch (kind) {
    case LossKind::squared:
      return {(y - d) * (y - d), 2.0 * (y - d)};
    case LossKind::absolute:
      return {std::abs(y - d), y > d ? 1.0 : y < d ? -1.0 : y - d};
    case LossKind::gaussian: {
      const double precision = std::exp(-2.0 * log_sigma);
      return {0.5 * (y - d) * (y - d) * precision + log_sigma, (y - d) * precision};
    }
    default: {  // poisson
      const double rate = std::exp(y);
      return {rate - d * y, rate - d};
    }
  }
}

bool is_row_known(const double* d, std::int64_t width) {
  return std::all_of(d, d + width, [](double value) { return std::isfinite(value); });
}

}  // namespace

LossKind loss_named(std::string_view name) {
  const auto* found = std::find(kLossNames.begin(), kLossNames.end(), name);
  if (found == kLossNames.end()) {
    throw Error(DK_SETTINGS, fmt::format("there is no loss '{}': choose one of {}", name,
                                         fmt::join(kLossNames, ", ")));
  }
  return static_cast<LossKind>(found - kLossNames.begin());
}

const char* loss_name(LossKind kind) {
  return kLossNames[static_cast<std::size_t>(kind)];
}

std::int64_t largest_lag(const std::vector<ObjectiveTerm>& terms) {
  std::int64_t lag = 0;
  for (const ObjectiveTerm& term : terms) lag = std::max(lag, term.lag);
  return lag;
}

const ObjectiveTerm* shown_term(const std::vector<ObjectiveTerm>& terms, bool of_readout) {
  const ObjectiveTerm* shown = nullptr;
  for (const ObjectiveTerm& term : terms) {
    if (term.of_readout != of_readout) continue;
    if (term.components.empty()) return &term;
    if (shown == nullptr) shown = &term;
  }
  return shown;
}

std::int64_t compared_elements(const ObjectiveTerm& term, const TrainingData& data,
                               const std::int64_t* trials, std::int64_t count, std::int64_t T) {
  const Series& target = data.series.at(term.target);
  std::int64_t elements = 0;
  for (std::int64_t s = 0; s < count; ++s) {
    for (std::int64_t k = 0; k < T; ++k) {
      if (data.mask_at(trials[s], k) == 0.0) continue;
      const double* d = data.row(target, trials[s], k);
      if (term.kind == LossKind::cross_entropy) {
        elements += is_row_known(d, target.width) ? 1 : 0;
      } else {
        elements += std::count_if(d, d + target.width, [](double v) { return std::isfinite(v); });
      }
    }
  }
  return elements;
}

template <class Number>
struct Objective<Number>::Term {
  ObjectiveTerm what;
  double scale = 0.0;
  const double* log_sigma = nullptr;
  const Series* target = nullptr;

  std::int64_t component(std::int64_t i) const {
    return what.components.empty() ? i : what.components[static_cast<std::size_t>(i)];
  }
};

template <class Number>
struct Objective<Number>::Parts {
  std::int64_t S, n, q = 0;
  const Operations<Number>* readout;
  std::vector<Term> terms;
  const TrainingData* data = nullptr;
  const std::int64_t* trials = nullptr;
  std::int64_t T = 0;
  Number* readout_bar = nullptr;
  std::vector<std::vector<double>> log_sigma_bar;
  std::vector<Number> y, y_bar, x_bar;  // [S,q], [S,q], [S,n]
  Workspace tape;
  void* tape_data = nullptr;

  Points<Number> points(const Number* x) const {
    Points<Number> points{};
    points.count = S;
    points.x = {x, n};
    points.tape = tape_data;
    return points;
  }
};

template <class Number>
Objective<Number>::Objective(const std::vector<ObjectiveTerm>& terms,
                             const Operations<Number>* readout, std::int64_t S, std::int64_t n)
    : parts_(std::make_unique<Parts>()) {
  Parts& parts = *parts_;
  parts.S = S;
  parts.n = n;
  parts.readout = readout;
  for (const ObjectiveTerm& term : terms) parts.terms.push_back({term, 0.0, nullptr, nullptr});
  parts.log_sigma_bar.resize(terms.size());
  parts.x_bar.resize(static_cast<std::size_t>(S * n));
  if (readout == nullptr) return;
  parts.q = readout->sizes().q;
  parts.y.resize(static_cast<std::size_t>(S * parts.q));
  parts.y_bar.resize(parts.y.size());
  const std::int64_t bytes = readout->tape_size(S);
  if (bytes > 0) parts.tape_data = parts.tape.bytes(static_cast<std::size_t>(bytes));
}

template <class Number>
Objective<Number>::~Objective() = default;

template <class Number>
void Objective<Number>::begin(const TrainingData& data, const std::int64_t* trials, std::int64_t T,
                              const std::vector<double>& scales,
                              const std::vector<const double*>& log_sigma) {
  parts_->data = &data;
  parts_->trials = trials;
  parts_->T = T;
  for (std::size_t i = 0; i < parts_->terms.size(); ++i) {
    Term& term = parts_->terms[i];
    term.target = &data.series.at(term.what.target);
    term.scale = scales[i];
    term.log_sigma = log_sigma[i];
    parts_->log_sigma_bar[i].assign(
        term.log_sigma != nullptr ? static_cast<std::size_t>(term.target->width) : 0, 0.0);
  }
}

template <class Number>
void Objective<Number>::set_gradients(Number* readout_bar) {
  parts_->readout_bar = readout_bar;
}

template <class Number>
const std::vector<std::vector<double>>& Objective<Number>::log_sigma_bar() const {
  return parts_->log_sigma_bar;
}

// The logits of a row against probabilities d.
template <class Number>
double Objective<Number>::compare_classes(const Term& term, const double* d, double weight,
                                          const Number* y, Number* y_bar) {
  const std::int64_t width = term.target->width;
  double largest = -HUGE_VAL, sum = 0.0, total = 0.0, linear = 0.0;
  for (std::int64_t i = 0; i < width; ++i) {
    largest = std::max(largest, double{y[term.component(i)]});
  }
  for (std::int64_t i = 0; i < width; ++i) {
    sum += std::exp(double{y[term.component(i)]} - largest);
    total += d[i];
    linear += d[i] * double{y[term.component(i)]};
  }
  if (y_bar != nullptr) {
    for (std::int64_t i = 0; i < width; ++i) {
      const double share = std::exp(double{y[term.component(i)]} - largest) / sum;
      y_bar[term.component(i)] += static_cast<Number>(weight * (share * total - d[i]));
    }
  }
  return weight * ((largest + std::log(sum)) * total - linear);
}

template <class Number>
double Objective<Number>::compare_elements(const Term& term, std::vector<double>& log_sigma_bar,
                                           const double* d, double weight, const Number* y,
                                           Number* y_bar) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < term.target->width; ++i) {
    if (!std::isfinite(d[i])) continue;
    const double log_sigma = term.log_sigma != nullptr ? term.log_sigma[i] : 0.0;
    const std::int64_t at = term.component(i);
    const LossValue loss = element_loss(term.what.kind, double{y[at]}, d[i], log_sigma);
    sum += loss.value;
    if (y_bar == nullptr) continue;
    y_bar[at] += static_cast<Number>(weight * loss.slope);
    if (term.log_sigma != nullptr) {
      const double error = (double{y[at]} - d[i]) * std::exp(-log_sigma);
      log_sigma_bar[static_cast<std::size_t>(i)] += weight * (1.0 - error * error);
    }
  }
  return weight * sum;
}

template <class Number>
double Objective<Number>::observe(std::int64_t k, const Number* x, Number* x_bar) {
  Parts& parts = *parts_;
  if (parts.readout != nullptr) parts.readout->eval(parts.points(x), parts.y.data());
  std::fill(parts.y_bar.begin(), parts.y_bar.end(), Number(0));
  double loss = 0.0;
  for (std::size_t i = 0; i < parts.terms.size(); ++i) {
    Term& term = parts.terms[i];
    const std::int64_t at = k - term.what.lag;  // time of the target
    if (at < 0 || at >= parts.T) continue;
    const Number* y = term.what.of_readout ? parts.y.data() : x;
    Number* bar = x_bar == nullptr ? nullptr : term.what.of_readout ? parts.y_bar.data() : x_bar;
    const std::int64_t width = term.what.of_readout ? parts.q : parts.n;
    for (std::int64_t s = 0; s < parts.S; ++s) {
      const double weight = term.scale * parts.data->mask_at(parts.trials[s], at);
      if (weight == 0.0) continue;
      const double* d = parts.data->row(*term.target, parts.trials[s], at);
      const Number* row = y + s * width;
      Number* row_bar = bar != nullptr ? bar + s * width : nullptr;
      if (term.what.kind != LossKind::cross_entropy) {
        loss += compare_elements(term, parts.log_sigma_bar[i], d, weight, row, row_bar);
      } else if (is_row_known(d, term.target->width)) {
        loss += compare_classes(term, d, weight, row, row_bar);
      }
    }
  }
  if (parts.readout == nullptr || x_bar == nullptr) return loss;
  parts.readout->vjp(parts.points(x), {1,
                                       {parts.y_bar.data(), parts.q},
                                       {parts.x_bar.data(), parts.n},
                                       {},
                                       {parts.readout_bar, 0}});
  for (std::size_t i = 0; i < parts.x_bar.size(); ++i) x_bar[i] += parts.x_bar[i];
  return loss;
}

template class Objective<double>;
template class Objective<float>;

}  // namespace dynkit::training
