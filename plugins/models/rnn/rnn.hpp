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
//   a  [S,n]   summed input   b_ih, b_hh [n]
//
// Derivatives, with g = phi_gain phi'(a):
//     J_x = x_keep I + diag(g) W_hh       J_u = diag(g) W_ih                                   (4)
//     tangent    x_keep x_dot + g a_dot                                                        (5)
//     cotangent  x_bar = x_keep o,   a_bar = g o,   and then those of the sums                 (6)
// with o the cotangent of the result; a_dot and what comes from a_bar are in
// dynkit/recurrent_sums.hpp. The record of a row is phi(a), and a where the slope needs it.
#pragma once

#include <cstdint>

#include "dynkit/activation.hpp"
#include "dynkit/precision.hpp"
#include "dynkit/recurrent_sums.hpp"

namespace dynkit::rnn {

/// x_keep and phi_gain turn (2) and (3) into x_keep x + phi_gain phi(a); the balanced residual
/// phi(a) - x is (-1, 1).
struct Combination {
  double x_keep, phi_gain;
};
inline constexpr Combination kResidual{-1.0, 1.0};

class Kernel {
 public:
  Kernel(std::int64_t n, std::int64_t m, Activation activation, Combination combination)
      : n_(n), activation_(activation), combination_(combination), sums_(n, n, m, n) {}

  std::int64_t n() const { return n_; }
  std::int64_t m() const { return sums_.inputs(); }
  Activation activation() const { return activation_; }

  std::int64_t record_size() const { return slope_needs_argument(activation_) ? 2 * n_ : n_; }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    return operation == DK_EVAL ? 0 : operation == DK_JVP || operation == DK_VJP ? S * K * n_ : n_;
  }
  std::int64_t prepared_size() const { return sums_.prepared_size(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    sums_.prepare(theta, prepared);
  }
  template <class Number>
  void activate(const Points<Number>& points, Number* record) const;
  template <class Number>
  void eval(const Points<Number>& points, const Number* record, const Output<Number>& out) const {
    combine<Number>(points, record, combination_, out);
  }
  template <class Number>
  void jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt, Number* work,
                const Matrices<Number>& J) const;
  template <class Number>
  void jvp(const Points<Number>& points, const Number* record, const Tangents<Number>& tangents,
           Number* work, const Output<Number>& out) const;
  template <class Number>
  void vjp(const Points<Number>& points, const Number* record, const Cotangents<Number>& cotangents,
           Number* work) const;

  /// x_keep x + phi_gain phi(a), and its Jacobian (4) in x; work [n].
  template <class Number>
  void combine(const Points<Number>& points, const Number* record, Combination combination,
               const Output<Number>& out) const;
  template <class Number>
  void state_jacobian(const Points<Number>& points, const Number* record, Combination combination,
                      Number* work, const Matrices<Number>& J) const;

 private:
  // g [n] of sample s.
  template <class Number>
  void fill_gains(const Number* record, std::int64_t s, double gain, Number* g) const;

  std::int64_t n_;
  Activation activation_;
  Combination combination_;
  RecurrentSums sums_;
};

}  // namespace dynkit::rnn
