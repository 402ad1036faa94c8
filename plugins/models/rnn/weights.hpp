// The weights of a recurrent network as the kernels see them (letters in rnn.hpp).
#pragma once

#include <cstdint>

#include "dynkit/matrix_product.hpp"
#include "rnn.hpp"

namespace dynkit::rnn {

/// theta, or a tangent or cotangent of it, by block.
template <class Number>
struct Blocks {
  Blocks(const Network& network, Number* theta)
      : W_ih(theta),
        W_hh(W_ih + network.n * network.m),
        b_ih(W_hh + network.n * network.n),
        b_hh(b_ih + network.n) {}
  Number* W_ih;
  Number* W_hh;
  Number* b_ih;
  Number* b_hh;
};

/// W_hh^T [n,n] and W_ih^T [m,n], stored so or read across.
struct TransposedWeights {
  MatrixView W_hh, W_ih;
};

inline TransposedWeights transposed_weights(const Network& network, const double* theta) {
  const Blocks<const double> block(network, theta);
  return {MatrixView{block.W_hh, network.n}.transposed(),
          MatrixView{block.W_ih, network.m}.transposed()};
}

/// The prepared ones, or those of theta.
inline TransposedWeights transposed_weights(const Network& network, const dk_points& points) {
  if (points.prepared == nullptr) return transposed_weights(network, points.theta.data);
  const auto* prepared = static_cast<const double*>(points.prepared);
  return {{prepared, network.n}, {prepared + network.n * network.n, network.n}};
}

/// The input [S,m], NULL also where there is none to have.
inline dk_input input_of(const Network& network, const dk_points& points) {
  return network.m > 0 ? points.u : dk_input{nullptr, 0};
}

/// Adds what x [rows,n] and u [rows,m] (data NULL: zero) give to (1).
inline void add_weighted(const Network& network, std::int64_t rows, MatrixView x, MatrixView u,
                         const TransposedWeights& weights, double* a, std::int64_t stride) {
  if (x.data != nullptr) add_product(rows, network.n, network.n, x, weights.W_hh, a, stride);
  if (u.data != nullptr) add_product(rows, network.n, network.m, u, weights.W_ih, a, stride);
}

}  // namespace dynkit::rnn
