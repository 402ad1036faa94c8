#include "jacobian_penalty.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/core/random.hpp"

namespace dynkit::training {
namespace {

// The interval behind time k; that before it at the end.
double interval_at(const double* times, std::int64_t T, std::int64_t k) {
  if (T < 2) return 1.0;
  const std::int64_t first = std::min(k, T - 2);
  return times[first + 1] - times[first];
}

}  // namespace

template <class Number>
JacobianPenalty<Number>::JacobianPenalty(const Operations<Number>& model, std::int64_t S)
    : model_(model),
      S_(S),
      n_(model.sizes().n),
      signs_(static_cast<std::size_t>(n_)),
      t_(static_cast<std::size_t>(S)),
      h_(t_.size()),
      step_(t_.size()),
      w_(static_cast<std::size_t>(S * n_)),
      g_(w_.size()),
      moved_(w_.size()),
      cotangent_(w_.size()),
      bar_(w_.size()) {}

template <class Number>
void JacobianPenalty<Number>::begin(const dk_stream& stream, const std::int64_t* trials,
                                    double lambda_over_count) {
  stream_ = stream;
  trials_ = trials;
  scale_ = lambda_over_count;
}

template <class Number>
void JacobianPenalty<Number>::draw_signs(std::int64_t k) {
  for (std::int64_t s = 0; s < S_; ++s) {
    dk_stream own = split(split(stream_, trials_[s]), k);
    draw_uniform(own, signs_);
    std::transform(signs_.begin(), signs_.end(), w_.begin() + s * n_,
                   [](double u) { return u < 0.5 ? Number(-1) : Number(1); });
  }
}

// Sums |g|^2, and sets the step [S] of the differences along g: e |g| is the cube root of the
// precision, where the errors of truncation and rounding balance, for states of order 1 and larger.
template <class Number>
double JacobianPenalty<Number>::set_directions() {
  const double precision = std::cbrt(double{std::numeric_limits<Number>::epsilon()});
  double sum = 0.0;
  for (std::int64_t s = 0; s < S_; ++s) {
    double square = 0.0, largest = 1.0;
    for (std::int64_t i = s * n_; i < (s + 1) * n_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      square += double{g_[at]} * double{g_[at]};
      largest = std::max(largest, std::abs(double{moved_[at]}));
    }
    sum += square;
    step_[static_cast<std::size_t>(s)] =
        square > 0.0 ? precision * largest / std::sqrt(square) : 0.0;
  }
  return sum;
}

// One side of (2), of all rows at once: the cotangent of a row has the weight of its difference.
template <class Number>
void JacobianPenalty<Number>::add_difference(Points<Number> points, double side, const Number* x,
                                             Number* x_bar, Number* theta_bar) {
  for (std::int64_t s = 0; s < S_; ++s) {
    const double step = side * step_[static_cast<std::size_t>(s)];
    // A row without a direction has no slope.
    const double weight = step != 0.0 ? 0.5 * scale_ / step : 0.0;
    for (std::int64_t i = s * n_; i < (s + 1) * n_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      moved_[at] = x[i] + static_cast<Number>(step) * g_[at];
      cotangent_[at] = static_cast<Number>(weight) * w_[at];
    }
  }
  points.x = {moved_.data(), n_};
  model_.vjp(points, {1, {cotangent_.data(), n_}, {bar_.data(), n_}, {}, {theta_bar, 0}});
  for (std::size_t i = 0; i < bar_.size(); ++i) x_bar[i] += bar_[i];
}

template <class Number>
double JacobianPenalty<Number>::add(const RolloutData<Number>& data, std::int64_t k,
                                    const Number* x, Number* x_bar, Number* theta_bar) {
  std::fill(t_.begin(), t_.end(), data.times[k]);
  std::fill(h_.begin(), h_.end(), interval_at(data.times, data.T, k));
  const std::int64_t m = model_.sizes().m;
  Points<Number> points{};
  points.count = S_;
  points.t = {t_.data(), 1};
  points.h = {h_.data(), 1};
  points.x = {x, n_};
  if (data.inputs != nullptr) points.u = {data.inputs + k * S_ * m, m};

  draw_signs(k);
  model_.vjp(points, {1, {w_.data(), n_}, {g_.data(), n_}, {}, {}});
  std::copy_n(x, S_ * n_, moved_.begin());
  const double sum = set_directions();
  add_difference(points, 1.0, x, x_bar, theta_bar);
  add_difference(points, -1.0, x, x_bar, theta_bar);
  return 0.5 * scale_ * sum;
}

template class JacobianPenalty<double>;
template class JacobianPenalty<float>;

}  // namespace dynkit::training
