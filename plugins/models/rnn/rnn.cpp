#include "rnn.hpp"

#include <algorithm>

#include "dynkit/vector_math.hpp"
#include "dynkit/views.hpp"
#include "weights.hpp"

namespace dynkit::rnn {
namespace {

// values = phi(values); slopes from the argument a and y = phi(a). Comparisons let NaN pass.
template <class Value, class Slope>
void apply(std::int64_t count, double* values, double* slopes, Value value, Slope slope) {
  if (slopes == nullptr) return vector_math::transform(values, values, count, value);
  double* __restrict v = values;
  double* __restrict d = slopes;
  for (std::int64_t i = 0; i < count; ++i) {
    const double a = v[i];
    const double y = value(a);
    v[i] = y;
    d[i] = slope(a, y);
  }
}

void apply(Activation activation, std::int64_t count, double* values, double* slopes) {
  switch (activation) {
    case Activation::tanh:
      return apply(
          count, values, slopes, [](double a) { return vector_math::tanh(a); },
          [](double, double y) { return (1.0 - y) * (1.0 + y); });
    case Activation::relu:
      return apply(
          count, values, slopes, [](double a) { return a < 0.0 ? 0.0 : a; },
          [](double a, double) { return a > 0.0    ? 1.0
                                        : a <= 0.0 ? 0.0
                                                   : a; });
    case Activation::sigmoid:
      return apply(
          count, values, slopes, [](double a) { return vector_math::sigmoid(a); },
          [](double, double y) { return y * (1.0 - y); });
    case Activation::softplus:
      return apply(
          count, values, slopes, [](double a) { return vector_math::softplus(a); },
          [](double a, double) { return vector_math::sigmoid(a); });
    case Activation::identity:
      if (slopes != nullptr) std::fill_n(slopes, count, 1.0);
  }
}

}  // namespace

void prepare(const Network& network, const double* theta, double* prepared) {
  const std::int64_t n = network.n;
  const std::int64_t m = network.m;
  const Blocks<const double> block(network, theta);
  double* W_ih_t = prepared + n * n;
  double* biases = W_ih_t + m * n;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) prepared[j * n + i] = block.W_hh[i * n + j];
    for (std::int64_t j = 0; j < m; ++j) W_ih_t[j * n + i] = block.W_ih[i * m + j];
    biases[i] = block.b_ih[i] + block.b_hh[i];
  }
}

void activate(const Network& network, const dk_points& points, double* values, double* slopes) {
  const std::int64_t n = network.n;
  if (points.prepared != nullptr) {
    const auto* prepared = static_cast<const double*>(points.prepared);
    std::copy_n(prepared + n * (n + network.m), n, values);
  } else {
    const Blocks<const double> block(network, points.theta.data);
    for (std::int64_t i = 0; i < n; ++i) values[i] = block.b_ih[i] + block.b_hh[i];
  }
  for (std::int64_t s = 1; s < points.count; ++s) std::copy_n(values, n, values + s * n);
  add_weighted(network, points.count, rows_of(points.x), rows_of(input_of(network, points)),
               transposed_weights(network, points), values, n);
  apply(network.activation, points.count * n, values, slopes);
}

void combine(const Network& network, const dk_points& points, Combination combination,
             const double* values, dk_output out) {
  const std::int64_t n = network.n;
  const auto [x_keep, phi_gain] = combination;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const double* x = points.x.data + s * points.x.stride;
    const double* value = values + s * n;
    double* result = out.data + s * out.stride;
    for (std::int64_t i = 0; i < n; ++i) result[i] = x_keep * x[i] + phi_gain * value[i];
  }
}

}  // namespace dynkit::rnn
