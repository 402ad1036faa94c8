// Gated recurrent unit, in the form of PyTorch's GRU and GRUCell.
//
//     r  = sigmoid(W_ir u + b_ir + W_hr x + b_hr)                                              (1)
//     z  = sigmoid(W_iz u + b_iz + W_hz x + b_hz)                                              (2)
//     q  = W_hn x + b_hn                                                                       (3)
//     c  = tanh(W_in u + b_in + r * q)                                                         (4)
//     x' = (1 - z) * c + z * x                                                                 (5)
//
// Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
// translation", EMNLP 2014. There the reset gate acts on x before the product, W_hn (r * x); here,
// as in PyTorch and cuDNN, on the product with its bias.
//
//   x  [S,n]   state             W_ih  [3n,m]   W_ir, W_iz, W_in, one above the other
//   u  [S,m]   input             W_hh  [3n,n]   W_hr, W_hz, W_hn
//   gates [S,4n]  r, z, q, c     b_ih, b_hh [3n]
//   theta = (W_ih, W_hh, b_ih, b_hh), p = 3n (n + m + 2)
//
// Every function works on points with a shared theta. Cost O(S n (n + m)) a direction, of a
// Jacobian O(S n^2).
#pragma once

#include <cstdint>

#include "dynkit/model.h"

namespace dynkit::gru {

struct Sizes {
  std::int64_t n, m;

  std::int64_t parameters() const { return 3 * n * (n + m + 2); }
  std::int64_t prepared() const { return 3 * n * (n + m) + 4 * n; }
};

/// Fills prepared: W_hh transposed [n,3n], W_ih transposed [m,3n], and the biases of the gates'
/// sums [4n] (b_ir + b_hr, b_iz + b_hz, b_hn, b_in).
void prepare(Sizes sizes, const double* theta, double* prepared);

/// What of the gates is wanted: the balanced residual needs no z.
enum class Gates { all, without_update };

/// (1) to (4). The result has the same bits with and without points.prepared.
void compute_gates(Sizes sizes, const dk_points& points, Gates wanted, double* gates);

/// (5)
void step(Sizes sizes, const dk_points& points, const double* gates, dk_output x_next);

/// [S,n,n], [S,n,m] and [S,n,p]. work [4n]
void state_jacobian(Sizes sizes, const dk_points& points, const double* gates, double* work,
                    const dk_matrices& J);
void input_jacobian(Sizes sizes, const dk_points& points, const double* gates, double* work,
                    const dk_matrices& J);
void parameter_jacobian(Sizes sizes, const dk_points& points, const double* gates, double* work,
                        const dk_matrices& J);

/// work [S*K,4n]
void jvp(Sizes sizes, const dk_points& points, const double* gates, const dk_tangents& tangents,
         double* work, dk_output out);
void vjp(Sizes sizes, const dk_points& points, const double* gates, const dk_cotangents& cotangents,
         double* work);

/// The balanced residual c - x, zero where x' - x = (1 - z) * (c - x) is, and its derivative.
void residual(Sizes sizes, const dk_points& points, const double* gates, dk_output r);
void residual_jacobian(Sizes sizes, const dk_points& points, const double* gates,
                       const dk_matrices& J);

}  // namespace dynkit::gru
