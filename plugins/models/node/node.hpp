// Neural ordinary differential equation: a multilayer perceptron f as a vector field.
//
//     flow           dx/dt = f(x, u, t) - c x                                                  (1)
//     residual map   x' = x + h (f(x, u, t) - c x)                                             (2)
//     second order   x = (q, v):   dq/dt = v,   dv/dt = f(q, u, t) - c q - gamma v             (3)
//
// with c = 1 (leak) or 0, and (3) as a map in the same way as (1). Chen et al., "Neural ordinary
// differential equations", NeurIPS 2018; (3) is the heavy ball of Xia et al., "Heavy ball neural
// ordinary differential equations", NeurIPS 2021.
//
// These are the equations of x~ = (x - center) / scale, in (3) of q~ = (q - center) / scale and
// v~ = v / scale, so that a perceptron whose arguments and values are of order 1 fits data of any
// size. In x they read, element by element,
//
//     f - c x   becomes   scale (f(x~, u, t) - c x~)                                           (4)
//
//   x  [S,n]   state           z = (x~ or q~, u, t) [S,w0]   what f sees
//   u  [S,m]   input           f [S,k], k = n, or n/2 in (3)
//   theta = (W_1, b_1, .. W_L, b_L, gamma), gamma only in (3)
//
// The record of a row is f's (dynkit/mlp.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/mlp.hpp"
#include "dynkit/precision.hpp"

namespace dynkit::node {

struct Structure {
  std::int64_t k, m;  // outputs of f, inputs of the model
  std::vector<std::int64_t> hidden;
  Activation activation;
  bool second_order, leak, sees_time;
  bool map;
  double step;                        // h of a map
  std::vector<double> center, scale;  // [k]
};

class Kernel {
 public:
  explicit Kernel(const Structure& structure);

  const Mlp& field() const { return field_; }
  std::int64_t n() const { return structure_.second_order ? 2 * structure_.k : structure_.k; }
  std::int64_t parameters() const {
    return field_.parameters() + (structure_.second_order ? 1 : 0);
  }

  /// From x~ [n] to x, in place.
  void unstandardize(double* x) const;

  std::int64_t record_size() const { return field_.record_size(); }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const;
  std::int64_t prepared_size() const { return field_.parameters(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    field_.prepare(theta, prepared);
  }
  template <class Number>
  void activate(const Points<Number>& points, Number* record) const;
  template <class Number>
  void eval(const Points<Number>& points, const Number* record, const Output<Number>& out) const;
  template <class Number>
  void jacobian(const Points<Number>& points, const Number* record, std::int32_t wrt, Number* work,
                const Matrices<Number>& J) const;
  template <class Number>
  void jvp(const Points<Number>& points, const Number* record, const Tangents<Number>& tangents,
           Number* work, const Output<Number>& out) const;
  template <class Number>
  void vjp(const Points<Number>& points, const Number* record, const Cotangents<Number>& cotangents,
           Number* work) const;

 private:
  // The rate of change r is combined into the result: keep x + gain r.
  double keep() const { return structure_.map ? 1.0 : 0.0; }
  double gain() const { return structure_.map ? structure_.step : 1.0; }
  double leak() const { return structure_.leak ? 1.0 : 0.0; }
  template <class Number>
  Number scale(std::int64_t i) const {
    return static_cast<Number>(structure_.scale[static_cast<std::size_t>(i)]);
  }
  template <class Number>
  Number center(std::int64_t i) const {
    return static_cast<Number>(structure_.center[static_cast<std::size_t>(i)]);
  }
  template <class Number>
  Number damping(const Number* theta) const {
    return structure_.second_order ? theta[field_.parameters()] : Number(0);
  }

  Structure structure_;
  Mlp field_;
};

}  // namespace dynkit::node
