// Recurrent network whose connectivity m n^T / N has rank R, as a flow or as a map.
//
//     q = n^T phi(x + bias) / N                                                                (1)
//     full      tau dx/dt = -x + m q + wi^T u                                                  (2)
//     reduced   tau dkappa/dt = -kappa + q,   tau dv/dt = -v + u                               (3)
//               with x = m kappa + wi^T v in (1)
//
// and as maps x' = (1 - alpha) x + alpha (x + tau dx/dt), alpha = h / tau. The span of the columns
// of m and wi^T is invariant under (2) and attracts: with x = m kappa + wi^T v + e, (2) is (3) with
// e in (1), and tau de/dt = -e. So (3) is exact for x that begin in the span.
//
// Mastrogiuseppe and Ostojic, Neuron 99, 609 (2018); (3) is in Beiran, Dubreuil, Valente,
// Mastrogiuseppe and Ostojic, Neural Computation 33, 1572 (2021). Names, layouts and the place of
// bias are those of Valente, Pillow and Ostojic, NeurIPS 2022.
//
//   x      [S,N]  state of (2)     m, n  [N,R]     q = latent drive [S,R]
//   kappa  [S,R]                   wi    [M,N]     theta = (m, n, wi, bias)
//   v      [S,M]  filtered input   bias  [N]       u [S,M]  input
//   z = (kappa, v)  [S,R+M]  state of (3)
//
// Both are out = keep state + L y, where a = x + bias is the summed input, y = gain (q, u) the
// drive, and L lifts y to m y_1 + wi^T y_2 in (2) and is 1 in (3). Hence, with g = phi'(a),
//     tangent    y_dot = gain (n^T (g a_dot) / N + n_dot^T phi / N, u_dot)                     (4)
//                out_dot = keep state_dot + L y_dot + L_dot y
//     cotangent  y_bar = L^T o,  u_bar = gain y_bar_2,  q_bar = gain y_bar_1 / N               (5)
//                n_bar += phi q_bar^T,  a_bar = g * (n q_bar),  state_bar = keep o + a_bar
// with a_dot = state_dot + bias_dot in (2), and the lift of z and its adjoint around it in (3).
// The record of a row is phi(a) [N], y [R+M], and a [N] where the slope needs it.
#pragma once

#include <cstdint>

#include "dynkit/activation.hpp"
#include "dynkit/precision.hpp"
#include "factors.hpp"

namespace dynkit::low_rank_rnn {

struct Structure {
  std::int64_t units, rank, inputs;  // N, R, M
  Activation activation;
  bool bias, reduced, map;
  double rate;  // 1 / tau, or alpha
};

class Kernel {
 public:
  explicit Kernel(const Structure& structure)
      : factors_(structure.units, structure.rank, structure.inputs, structure.bias),
        activation_(structure.activation),
        reduced_(structure.reduced),
        keep_(structure.map ? 1.0 - structure.rate : -structure.rate),
        gain_(structure.rate) {}

  const Factors& factors() const { return factors_; }
  bool reduced() const { return reduced_; }
  /// Numbers of the state: N, or R + M.
  std::int64_t states() const { return reduced_ ? factors_.width() : factors_.units(); }

  std::int64_t record_size() const {
    return arguments() + (slope_needs_argument(activation_) ? factors_.units() : 0);
  }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const;
  std::int64_t prepared_size() const { return factors_.prepared_size(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    factors_.prepare(theta, prepared);
  }
  template <class Number>
  void activate(const Points<Number>& points, Number* record) const;
  template <class Number>
  void eval(const Points<Number>& points, const Number* record, const Output<Number>& out) const {
    add_drive<Number>(points, record, keep_, out);
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

  /// tau dx/dt for flow and map, (2) or (3), and its Jacobian in the state.
  void residual(const dk_points& points, const double* record, const dk_output& r) const;
  void residual_jacobian(const dk_points& points, const double* record, double* work,
                         const dk_matrices& J) const;

 private:
  // y and a in a record.
  std::int64_t drive() const { return factors_.units(); }
  std::int64_t arguments() const { return factors_.units() + factors_.width(); }

  // out = keep state + L y
  template <class Number>
  void add_drive(const Points<Number>& points, const Number* record, double keep,
                 const Output<Number>& out) const;
  // d *= phi'(a) of a row.
  template <class Number>
  void multiply_by_slopes(const Number* row, Number* d) const {
    multiply_by_slope(activation_, factors_.units(), row, row + arguments(), d);
  }
  // a_dot [S*K,N], zero where nothing moves.
  template <class Number>
  void fill_argument_tangents(const Points<Number>& points, const Tangents<Number>& tangents,
                              Number* a_dot) const;
  // y_dot [S*K,R+M] from g a_dot.
  template <class Number>
  void fill_drive_tangents(const Points<Number>& points, const Number* record,
                           const Tangents<Number>& tangents, const Number* a_dot,
                           Number* y_dot) const;
  // y_bar [S*K,R+M]
  template <class Number>
  void fill_drive_cotangents(const Points<Number>& points, const Cotangents<Number>& cotangents,
                             Number* y_bar) const;
  // theta_bar += what q_bar [S*K,R+M], a_bar [S*K,N] and o bring.
  template <class Number>
  void add_to_parameters(const Points<Number>& points, const Number* record,
                         const Cotangents<Number>& cotangents, const Number* q_bar,
                         const Number* a_bar) const;
  // W [R,N], W_rj = gain n_jr phi'(a_j) / N = dy_r / da_j, with g [N] behind it.
  template <class Number>
  void fill_drive_slopes(const Points<Number>& points, const Number* row, double gain,
                         Number* W) const;
  template <class Number>
  void state_jacobian(const Points<Number>& points, const Number* record, double keep, double gain,
                      Number* work, const Matrices<Number>& J) const;
  template <class Number>
  void input_jacobian(const Points<Number>& points, const Matrices<Number>& J) const;
  template <class Number>
  void full_parameter_jacobian(const Points<Number>& points, const Number* row, const Number* W,
                               Number* matrix, std::int64_t row_stride) const;
  template <class Number>
  void reduced_parameter_jacobian(const Number* z, const Number* row, const Number* W,
                                  Number* matrix, std::int64_t row_stride) const;

  Factors factors_;
  Activation activation_;
  bool reduced_;
  double keep_, gain_;
};

}  // namespace dynkit::low_rank_rnn
