#include "gru.hpp"

#include <algorithm>

#include "dynkit/matrix_product.hpp"
#include "dynkit/vector_math.hpp"
#include "dynkit/views.hpp"
#include "weights.hpp"

namespace dynkit::gru {
namespace {

// The biases of the four sums [4n].
template <class Number>
void sum_biases(std::int64_t n, const Blocks<const Number>& block, Number* biases) {
  for (std::int64_t i = 0; i < 2 * n; ++i) biases[i] = block.b_ih[i] + block.b_hh[i];
  std::copy_n(block.b_hh + 2 * n, n, biases + 2 * n);
  std::copy_n(block.b_ih + 2 * n, n, biases + 3 * n);
}

}  // namespace

template <class Number>
void prepare(Sizes sizes, const Number* theta, Number* prepared) {
  const auto [n, m] = sizes;
  const Blocks<const Number> block(sizes, theta);
  Number* W_ih_t = prepared + 3 * n * n;
  for (std::int64_t i = 0; i < 3 * n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) prepared[j * 3 * n + i] = block.W_hh[i * n + j];
    for (std::int64_t j = 0; j < m; ++j) W_ih_t[j * 3 * n + i] = block.W_ih[i * m + j];
  }
  sum_biases(n, block, W_ih_t + 3 * n * m);
}

template <class Number>
void add_weighted(Sizes sizes, std::int64_t rows, std::type_identity_t<MatrixOf<Number>> x,
                  std::type_identity_t<MatrixOf<Number>> u,
                  const TransposedWeights<Number>& weights, Gates wanted, Number* gates,
                  std::int64_t stride) {
  const std::int64_t n = sizes.n;
  if (x.data != nullptr) {
    if (wanted == Gates::all) {
      add_product(rows, 3 * n, n, x, weights.W_hh, gates, stride);
    } else {
      add_product(rows, n, n, x, weights.W_hh, gates, stride);
      add_product(rows, n, n, x, weights.W_hh.from(0, 2 * n), gates + 2 * n, stride);
    }
  }
  if (u.data != nullptr) {
    const std::int64_t sigmoids = wanted == Gates::all ? 2 * n : n;
    add_product(rows, sigmoids, sizes.m, u, weights.W_ih, gates, stride);
    add_product(rows, n, sizes.m, u, weights.W_ih.from(0, 2 * n), gates + 3 * n, stride);
  }
}

template <class Number>
void compute_gates(Sizes sizes, const Points<Number>& points, Gates wanted, Number* gates) {
  const std::int64_t n = sizes.n;
  if (points.prepared != nullptr) {
    const auto* prepared = static_cast<const Number*>(points.prepared);
    std::copy_n(prepared + 3 * n * (n + sizes.m), 4 * n, gates);
  } else {
    sum_biases(n, Blocks<const Number>(sizes, points.theta.data), gates);
  }
  for (std::int64_t s = 1; s < points.count; ++s) std::copy_n(gates, 4 * n, gates + s * 4 * n);
  add_weighted(sizes, points.count, rows_of(points.x), rows_of(input_of<Number>(sizes, points)),
               transposed_weights<Number>(sizes, points), wanted, gates, 4 * n);

  const std::int64_t sigmoids = wanted == Gates::all ? 2 * n : n;
  for (std::int64_t s = 0; s < points.count; ++s) {
    Number* row = gates + s * 4 * n;
    vector_math::sigmoid(row, row, sigmoids);
    const Number* __restrict r = row;
    const Number* __restrict q = row + 2 * n;
    Number* __restrict c = row + 3 * n;
    for (std::int64_t i = 0; i < n; ++i) c[i] = vector_math::tanh(c[i] + r[i] * q[i]);
  }
}

template <class Number>
void step(Sizes sizes, const Points<Number>& points, const Number* gates,
          const Output<Number>& x_next) {
  const std::int64_t n = sizes.n;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* z = gates + s * 4 * n + n;
    const Number* c = gates + s * 4 * n + 3 * n;
    Number* out = x_next.data + s * x_next.stride;
    for (std::int64_t i = 0; i < n; ++i) out[i] = c[i] + z[i] * (x[i] - c[i]);
  }
}

template <class Number>
void residual(Sizes sizes, const Points<Number>& points, const Number* gates,
              const Output<Number>& r) {
  const std::int64_t n = sizes.n;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const Number* x = points.x.data + s * points.x.stride;
    const Number* c = gates + s * 4 * n + 3 * n;
    Number* out = r.data + s * r.stride;
    for (std::int64_t i = 0; i < n; ++i) out[i] = c[i] - x[i];
  }
}

#define DYNKIT_INSTANTIATE(Number)                                                            \
  template void prepare(Sizes, const Number*, Number*);                                       \
  template void add_weighted<Number>(Sizes, std::int64_t, MatrixOf<Number>, MatrixOf<Number>, \
                                     const TransposedWeights<Number>&, Gates, Number*,        \
                                     std::int64_t);                                           \
  template void compute_gates(Sizes, const Points<Number>&, Gates, Number*);                  \
  template void step(Sizes, const Points<Number>&, const Number*, const Output<Number>&);     \
  template void residual(Sizes, const Points<Number>&, const Number*, const Output<Number>&);
DYNKIT_INSTANTIATE(double)
DYNKIT_INSTANTIATE(float)

}  // namespace dynkit::gru
