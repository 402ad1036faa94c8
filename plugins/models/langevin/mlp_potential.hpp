// A potential that is a multilayer perceptron, confined by a parabola:
//
//     U(z) = u(z) + c |z|^2 / 2,   h_0 = z,  a_l = W_l h_{l-1} + b_l,  h_l = phi(a_l),  u = a_L (1)
//
// Its gradient by reverse differentiation: e_{L-1} = W_L^T and, for l = L-1 .. 1,
//
//     d_l = phi'(a_l) e_l,   e_{l-1} = W_l^T d_l,   grad U = e_0 + c z (2)
//
// The derivative of (2) along (z_dot, theta_dot), forward through (1) and back through (2):
//
//     a_l_dot = W_l h_{l-1}_dot + W_l_dot h_{l-1} + b_l_dot,   h_l_dot = phi'(a_l) a_l_dot (3)
//     d_l_dot = phi'(a_l) e_l_dot + f_l a_l_dot,   f_l = phi''(a_l) e_l,   e_{L-1}_dot = W_L_dot^T
//     e_{l-1}_dot = W_l^T d_l_dot + W_l_dot^T d_l,   g_dot = e_0_dot + c z_dot + c_dot z (4)
//
// Since <g_bar, grad U> is the derivative of U along g_bar, its transpose needs the same two sweeps
// with z_dot = g_bar and without theta_dot: z_bar = g_dot, and
//
//     W_l_bar += d_l_dot h_{l-1}^T + d_l h_{l-1}_dot^T,   b_l_bar += d_l_dot
//     W_L_bar += h_{L-1}_dot^T,   c_bar += <g_bar, z> (5)
//
//   theta = (W_1, b_1, .., W_L, b_L, c)   record = (z, h and a of (1), u, all d_l, all f_l, grad U)
#pragma once

#include <vector>

#include "dynkit/host.h"
#include "dynkit/mlp.hpp"
#include "dynkit/parameter_blocks.hpp"
#include "potential.hpp"

namespace dynkit::langevin {

class MlpPotential {
 public:
  /// `phi` has to be smooth: its second derivative is used.
  MlpPotential(std::int64_t k, const std::vector<std::int64_t>& hidden, Activation phi);

  void add_blocks(ParameterBlocks& blocks) const;
  void draw(const dk_host& host, dk_stream& stream, double* theta) const;

  std::int64_t parameters() const { return mlp_.parameters() + 1; }
  std::int64_t prepared_size() const { return mlp_.parameters(); }
  std::int64_t record_size() const { return gradient() + k_; }
  std::int64_t gradient() const { return mlp_.record_size() + 2 * units_; }
  std::int64_t work_size(std::int64_t S, std::int64_t K) const {
    return S * K * (units_ + 2 * mlp_.width()) + 4 * S * mlp_.width();
  }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    mlp_.prepare(theta, prepared);
  }
  template <class Number>
  void activate(std::int64_t S, Weights<Number> weights, Number* record, std::int64_t stride) const;
  /// work: k^2 numbers more than for k directions.
  template <class Number>
  void hessian(const Records<Number>& one, Number* H, std::int64_t row_stride, Number* work) const;
  template <class Number>
  void jvp(const Records<Number>& records, std::int64_t K, Directions<const Number> z_dot,
           Directions<const Number> theta_dot, Directions<Number> g_dot, Number* work) const;
  template <class Number>
  void vjp(const Records<Number>& records, std::int64_t K, const Number* g_bar,
           Directions<Number> theta_bar, Directions<Number> z_bar, Number* work) const;

 private:
  // A hidden layer.
  struct Hidden {
    Mlp::Layer layer;
    std::int64_t d, f;        // d_l and f_l in a record
    std::int64_t first_unit;  // of all hidden units
  };
  // What both sweeps leave, [S*K, ...], in work.
  template <class Number>
  struct Sweep {
    Number* a_dot;  // of one layer after the other, dense
    Number* e_dot;  // [., width]
    Number* d_dot;  // [., width]
    Number* rest;   // [4 S, width]
  };

  const Mlp::Layer& last() const { return mlp_.layers().back(); }
  template <class Number>
  Sweep<Number> divide(Number* work, std::int64_t rows) const {
    return {work, work + rows * units_, work + rows * (units_ + mlp_.width()),
            work + rows * (units_ + 2 * mlp_.width())};
  }
  template <class Number>
  void forward(const Records<Number>& records, std::int64_t K, Directions<const Number> theta_dot,
               const Sweep<Number>& sweep) const;
  template <class Number>
  void backward(const Hidden& hidden, const Records<Number>& records, std::int64_t K,
                const Sweep<Number>& sweep) const;
  template <class Number>
  void add_layer_bar(const Hidden& hidden, const Records<Number>& records, std::int64_t K,
                     const Number* g_bar, Directions<Number> theta_bar,
                     const Sweep<Number>& sweep) const;

  std::int64_t k_;
  Mlp mlp_;
  std::vector<Hidden> hidden_;
  std::int64_t units_ = 0;  // in all hidden layers
};

}  // namespace dynkit::langevin
