#include "adaptive_steps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/core/steps.hpp"

namespace dynkit::training {
namespace {

constexpr double kSafety = 0.9;
constexpr double kFirstError = 1e-4;  // stands for that of the step before the first
constexpr double kLeastError = 1e-4;  // what the controller remembers

// What a row tries next: nothing once it is there, two steps rather than one and a tiny one.
double next_step(double wanted, double left) {
  if (!(left > 0.0)) return 0.0;
  if (wanted >= left) return left;
  return wanted > 0.5 * left ? 0.5 * left : wanted;
}

template <class Number>
bool are_finite(const Number* values, std::int64_t count) {
  return std::all_of(values, values + count, [](Number value) { return std::isfinite(value); });
}

}  // namespace

template <class Number>
AdaptiveSteps<Number>::AdaptiveSteps(const Operations<Number>& field, RungeKutta<Number>& method,
                                     const ButcherTableau& tableau,
                                     const IntegrationOptions& options, std::int64_t S)
    : field_(field),
      method_(method),
      tableau_(tableau),
      options_(options),
      S_(S),
      n_(field.sizes().n),
      rows_(static_cast<std::size_t>(S)),
      t_(rows_.size()),
      h_(rows_.size()),
      x_new_(static_cast<std::size_t>(S * n_)),
      error_(x_new_.size()),
      error2_(x_new_.size()) {}

template <class Number>
void AdaptiveSteps<Number>::start(StepList& steps) {
  steps.clear(S_);
  std::fill(rows_.begin(), rows_.end(), first_row());
}

template <class Number>
typename AdaptiveSteps<Number>::Row AdaptiveSteps<Number>::first_row() const {
  Row row;
  row.wanted = options_.step;
  row.last_error = kFirstError;
  return row;
}

template <class Number>
double AdaptiveSteps<Number>::norm(std::int64_t row, const Number* values, const Number* x,
                                   const Number* x_new) const {
  double sum = 0.0;
  for (std::int64_t i = row * n_; i < (row + 1) * n_; ++i) {
    const double larger = std::max(std::abs(double{x[i]}), std::abs(double{x_new[i]}));
    const double ratio = double{values[i]} / (options_.atol + options_.rtol * larger);
    sum += ratio * ratio;
  }
  return std::sqrt(sum / static_cast<double>(n_));
}

// A hundredth of the time in which x changes by its own size.
template <class Number>
void AdaptiveSteps<Number>::choose_first_steps(const double* times, std::int64_t k, const Number* u,
                                               const Number* x) {
  if (std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.wanted > 0.0; })) {
    return;
  }
  Points<Number> points{};
  points.count = S_;
  points.t = {t_.data(), 1};
  points.x = {x, n_};
  if (u != nullptr) points.u = {u, field_.sizes().m};
  field_.eval(points, x_new_.data());
  const double interval = times[k + 1] - times[k];
  for (std::int64_t s = 0; s < S_; ++s) {
    Row& row = rows_[static_cast<std::size_t>(s)];
    if (row.wanted > 0.0) continue;
    const double size = norm(s, x, x, x), slope = norm(s, x_new_.data(), x, x);
    const bool usable = size > 1e-5 && slope > 1e-5 && std::isfinite(size / slope);
    row.wanted = std::min(interval, usable ? 0.01 * size / slope : 1e-6);
  }
}

// The error of the step that was tried, and the step that it makes wanted.
template <class Number>
void AdaptiveSteps<Number>::judge(std::int64_t s, const Number* x) {
  Row& row = rows_[static_cast<std::size_t>(s)];
  const double h = h_[static_cast<std::size_t>(s)];
  if (h == 0.0) return;
  const double e1 = norm(s, error_.data(), x, x_new_.data());
  row.error = e1;
  if (tableau_.second > 0.0 && e1 > 0.0) {
    const double e2 = norm(s, error2_.data(), x, x_new_.data());
    row.error = e1 * e1 / std::sqrt(e1 * e1 + tableau_.second * e2 * e2);
  }
  ++row.tries;
  if (!std::isfinite(row.error)) {
    row.wanted = 0.1 * h;
    row.rejected = true;
    return;
  }
  const bool good = row.error <= 1.0;
  double factor = kSafety * std::pow(std::max(row.error, 1e-12), -tableau_.exponent);
  if (good) factor *= std::pow(row.last_error, tableau_.memory);
  const double most = good && row.rejected ? 1.0 : tableau_.grow;
  const double proposed = h * std::clamp(factor, tableau_.shrink, std::max(most, tableau_.shrink));
  // A step cut short to land says nothing against the one wanted before.
  row.wanted = good && row.wanted > h ? std::max(proposed, row.wanted) : proposed;
  row.rejected = !good;
  if (good) row.last_error = std::max(row.error, kLeastError);
}

// Moves a row whose step was accepted, gives up one that cannot go on. True: it is on its way.
template <class Number>
bool AdaptiveSteps<Number>::settle(std::int64_t s, double stop, Number* x) {
  Row& row = rows_[static_cast<std::size_t>(s)];
  double& t = t_[static_cast<std::size_t>(s)];
  double& h = h_[static_cast<std::size_t>(s)];
  if (h == 0.0) return false;
  if (row.rejected) {
    h = 0.0;
  } else {
    std::copy_n(x_new_.begin() + s * n_, n_, x + s * n_);
    t = t + h >= stop ? stop : t + h;
    if (t == stop) return false;
  }
  row.lost = row.wanted < smallest_step(t, stop - t) || row.tries >= options_.max_steps;
  if (!row.lost) return true;
  // What repeats the steps must lose the row as well.
  h = std::numeric_limits<double>::quiet_NaN();
  std::fill_n(x + s * n_, n_, std::numeric_limits<Number>::quiet_NaN());
  return false;
}

// Rows that were given up begin anew where a teacher has taken over.
template <class Number>
void AdaptiveSteps<Number>::take_up_again(const Number* x) {
  for (std::int64_t s = 0; s < S_; ++s) {
    Row& row = rows_[static_cast<std::size_t>(s)];
    if (row.lost && are_finite(x + s * n_, n_)) row = first_row();
  }
}

template <class Number>
void AdaptiveSteps<Number>::advance(const double* times, std::int64_t k, const Number* u, Number* x,
                                    StepList& steps) {
  const double stop = times[k + 1];
  std::fill(t_.begin(), t_.end(), times[k]);
  take_up_again(x);
  choose_first_steps(times, k, u, x);
  for (bool on_the_way = true; on_the_way;) {
    for (std::size_t s = 0; s < rows_.size(); ++s) {
      h_[s] = rows_[s].lost ? 0.0 : next_step(rows_[s].wanted, stop - t_[s]);
    }
    const StepPoint<Number> point{t_.data(), h_.data(), u};
    method_.forward(point, x, x_new_.data(), nullptr);
    method_.sum_stages(point, x_new_.data(), tableau_.error, error_.data());
    if (tableau_.second > 0.0) {
      method_.sum_stages(point, x_new_.data(), tableau_.error2, error2_.data());
    }
    before_ = t_;
    on_the_way = false;
    for (std::int64_t s = 0; s < S_; ++s) {
      judge(s, x);
      on_the_way = settle(s, stop, x) || on_the_way;
    }
    steps.add(k, before_.data(), h_.data());
  }
}

template class AdaptiveSteps<double>;
template class AdaptiveSteps<float>;

}  // namespace dynkit::training
