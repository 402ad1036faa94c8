// The weights of a GRU as the kernels see them (letters in gru.hpp).
#pragma once

#include <cstdint>
#include <type_traits>

#include "dynkit/matrix_product.hpp"
#include "dynkit/precision.hpp"
#include "gru.hpp"

namespace dynkit::gru {

/// theta, or a tangent or cotangent of it, by block.
template <class Number>
struct Blocks {
  Blocks(Sizes sizes, Number* theta)
      : W_ih(theta),
        W_hh(W_ih + 3 * sizes.n * sizes.m),
        b_ih(W_hh + 3 * sizes.n * sizes.n),
        b_hh(b_ih + 3 * sizes.n) {}
  Number* W_ih;
  Number* W_hh;
  Number* b_ih;
  Number* b_hh;
};

/// W_hh^T [n,3n] and W_ih^T [m,3n], stored so or read across.
template <class Number>
struct TransposedWeights {
  MatrixOf<Number> W_hh, W_ih;
};

template <class Number>
TransposedWeights<Number> transposed_weights(Sizes sizes, const Number* theta) {
  const Blocks<const Number> block(sizes, theta);
  return {MatrixOf<Number>{block.W_hh, sizes.n}.transposed(),
          MatrixOf<Number>{block.W_ih, sizes.m}.transposed()};
}

/// The prepared ones, or those of theta.
template <class Number>
TransposedWeights<Number> transposed_weights(Sizes sizes, const Points<Number>& points) {
  if (points.prepared == nullptr) return transposed_weights<Number>(sizes, points.theta.data);
  const auto* prepared = static_cast<const Number*>(points.prepared);
  return {{prepared, 3 * sizes.n}, {prepared + 3 * sizes.n * sizes.n, 3 * sizes.n}};
}

/// The input [S,m], NULL also where there is none to have.
template <class Number>
Input<Number> input_of(Sizes sizes, const Points<Number>& points) {
  return sizes.m > 0 ? points.u : Input<Number>{nullptr, 0};
}

/// Adds what x [rows,n] and u [rows,m] (data NULL: zero) give to the sums of (1) to (4): rows of
/// W_hh go to the columns r, z, q of the gates, rows of W_ih to r, z, c.
template <class Number>
void add_weighted(Sizes sizes, std::int64_t rows, std::type_identity_t<MatrixOf<Number>> x,
                  std::type_identity_t<MatrixOf<Number>> u,
                  const TransposedWeights<Number>& weights, Gates wanted, Number* gates,
                  std::int64_t stride);

}  // namespace dynkit::gru
