// The weights of a GRU as the kernels see them (letters in gru.hpp).
#pragma once

#include <cstdint>

#include "dynkit/matrix_product.hpp"
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
struct TransposedWeights {
  MatrixView W_hh, W_ih;
};

inline TransposedWeights transposed_weights(Sizes sizes, const double* theta) {
  const Blocks<const double> block(sizes, theta);
  return {MatrixView{block.W_hh, sizes.n}.transposed(),
          MatrixView{block.W_ih, sizes.m}.transposed()};
}

/// The prepared ones, or those of theta.
inline TransposedWeights transposed_weights(Sizes sizes, const dk_points& points) {
  if (points.prepared == nullptr) return transposed_weights(sizes, points.theta.data);
  const auto* prepared = static_cast<const double*>(points.prepared);
  return {{prepared, 3 * sizes.n}, {prepared + 3 * sizes.n * sizes.n, 3 * sizes.n}};
}

/// The input [S,m], NULL also where there is none to have.
inline dk_input input_of(Sizes sizes, const dk_points& points) {
  return sizes.m > 0 ? points.u : dk_input{nullptr, 0};
}

/// Adds what x [rows,n] and u [rows,m] (data NULL: zero) give to the sums of (1) to (4): rows of
/// W_hh go to the columns r, z, q of the gates, rows of W_ih to r, z, c.
void add_weighted(Sizes sizes, std::int64_t rows, MatrixView x, MatrixView u,
                  const TransposedWeights& weights, Gates wanted, double* gates,
                  std::int64_t stride);

}  // namespace dynkit::gru
