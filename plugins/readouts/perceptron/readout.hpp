// Readouts: what stands between the states of a model and data.
//
//     a = f(z),   y = link(a)                                                                  (1)
//     identity y = a      exp y_i = exp(a_i)      softmax y_i = exp(a_i) / sum_j exp(a_j)       (2)
//
// with f affine or a multilayer perceptron. The Jacobian of each link is symmetric, so that
//     identity y_dot = a_dot                                                                   (3)
//     exp      y_dot = y a_dot
//     softmax  y_dot = y (a_dot - sum_j y_j a_j_dot)
// turns tangents forward and cotangents backward.
//
//   z [S,n]  state     y [S,o]  observation     theta: the parameters of f (dynkit/mlp.hpp)
//
// The record of a row is f's, then y.
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/mlp.hpp"
#include "dynkit/precision.hpp"

namespace dynkit::readout {

enum class Link { identity, exp, softmax };

class Kernel {
 public:
  /// widths = n, hidden layers, o.
  Kernel(const std::vector<std::int64_t>& widths, Activation hidden, Link link)
      : link_(link), map_(widths, hidden, Activation::identity) {}

  const Mlp& map() const { return map_; }

  std::int64_t record_size() const { return map_.record_size() + map_.outputs(); }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const;
  std::int64_t prepared_size() const { return map_.parameters(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    map_.prepare(theta, prepared);
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
  // (3) in place, for a row of y and its tangent or cotangent.
  template <class Number>
  void apply_link_slope(const Number* y, Number* dot) const;

  Link link_;
  Mlp map_;
};

}  // namespace dynkit::readout
