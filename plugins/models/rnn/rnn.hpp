// Recurrent network of rate units (Elman network), as a map or as a flow.
//
//     a = W_hh x + b_hh + W_ih u + b_ih                                                        (1)
//     map    x'    = (1 - alpha) x + alpha phi(a)                                              (2)
//     flow   dx/dt = (-x + phi(a)) / tau                                                       (3)
//
// Elman, "Finding structure in time", Cognitive Science 14, 179 (1990); with alpha = 1 and phi
// tanh or relu these are PyTorch's RNN and RNNCell. (2) is an Euler step of (3) with
// alpha = h / tau. Here phi acts on the summed input and x is a rate; in the other usual form,
// tau dx/dt = -x + W phi(x), x is the summed input, and the two have the same dynamics up to
// x -> W x if the input is constant (Miller and Fumarola, Neural Comput. 24, 25, 2012).
//
//   x  [S,n]   state          W_ih  [n,m]     theta = (W_ih, W_hh, b_ih, b_hh), p = n (n + m + 2)
//   u  [S,m]   input          W_hh  [n,n]
//   a  [S,n]   summed input   b_ih, b_hh [n]  values, slopes [S,n] = phi(a), phi'(a)
//
// Every function works on points with a shared theta. Cost O(S n (n + m)) a direction, of a
// Jacobian O(S n^2).
#pragma once

#include <cstdint>

#include "dynkit/model.h"

namespace dynkit::rnn {

enum class Activation { tanh, relu, sigmoid, softplus, identity };

/// x_keep and phi_gain turn (2) and (3) into x_keep x + phi_gain phi(a); the balanced residual
/// phi(a) - x is (-1, 1).
struct Combination {
  double x_keep, phi_gain;
};

struct Network {
  std::int64_t n, m;
  Activation activation;

  std::int64_t parameters() const { return n * (n + m + 2); }
  std::int64_t prepared() const { return n * (n + m + 1); }
};

/// Fills prepared: W_hh transposed [n,n], W_ih transposed [m,n], b_hh + b_ih [n].
void prepare(const Network& network, const double* theta, double* prepared);

/// values = phi(a) and, unless NULL, slopes = phi'(a); at the kink of relu the slope is 0, as in
/// PyTorch. The result has the same bits with and without points.prepared.
void activate(const Network& network, const dk_points& points, double* values, double* slopes);

/// out = x_keep x + phi_gain phi(a)
void combine(const Network& network, const dk_points& points, Combination combination,
             const double* values, dk_output out);

/// [S,n,n], [S,n,m] and [S,n,p].
void state_jacobian(const Network& network, const dk_points& points, Combination combination,
                    const double* slopes, const dk_matrices& J);
void input_jacobian(const Network& network, const dk_points& points, Combination combination,
                    const double* slopes, const dk_matrices& J);
void parameter_jacobian(const Network& network, const dk_points& points, Combination combination,
                        const double* slopes, const dk_matrices& J);

/// work [S*K,n]
void jvp(const Network& network, const dk_points& points, Combination combination,
         const double* slopes, const dk_tangents& tangents, double* work, dk_output out);
void vjp(const Network& network, const dk_points& points, Combination combination,
         const double* slopes, const dk_cotangents& cotangents, double* work);

}  // namespace dynkit::rnn
