// Underdamped motion in a potential U, driven by noise, with unit mass:
//
//     flow   dz = v dt,         dv = (-grad U(z) + B u - gamma v) dt + sqrt(2 gamma T) dW       (1)
//     map    z' = z + D v,      v' = (1 - gamma) (v + D (-grad U(z) + B u)) + sqrt(2 gamma T) xi
//     (2)
//
// (1) has the stationary density exp(-(U(z) + |v|^2/2) / T) where U confines and u = 0. (2) is the
// discretization of Song, Keller, Yue, Perona and Welling, "LangevinFlow", CCN 2025, at T = 1: an
// explicit Euler step of size D, then a loss of velocity and noise without D; with U = 0 it has
// var(v) = 2 T / (2 - gamma). The input is ours.
//
//   x = (z, v)  [S,2k]   state      F = -grad U + B u [S,k]   force
//   u           [S,m]    input      theta = (parameters of U, B [k,m], gamma, T)
//
// The record of a row is U's (potential.hpp), then F.
#pragma once

#include <cstdint>
#include <variant>

#include "double_well.hpp"
#include "dynkit/precision.hpp"
#include "mlp_potential.hpp"
#include "oscillators.hpp"
#include "quadratic.hpp"

namespace dynkit::langevin {

using Potential = std::variant<MlpPotential, Quadratic, Oscillators, DoubleWell>;

struct Structure {
  std::int64_t k, m;
  bool map;
  double step;  // D of a map
};

class Kernel {
 public:
  Kernel(const Structure& structure, Potential potential)
      : structure_(structure), potential_(std::move(potential)) {}

  const Potential& potential() const { return potential_; }
  std::int64_t n() const { return 2 * structure_.k; }
  std::int64_t input_weights() const {
    return std::visit([](const auto& U) { return U.parameters(); }, potential_);
  }
  std::int64_t friction() const { return input_weights() + structure_.k * structure_.m; }
  std::int64_t temperature() const { return friction() + 1; }
  std::int64_t parameters() const { return friction() + 2; }

  std::int64_t record_size() const { return force() + structure_.k; }
  /// Where F stands in a record.
  std::int64_t force() const {
    return std::visit([](const auto& U) { return U.record_size(); }, potential_);
  }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const;
  std::int64_t prepared_size() const {
    return std::visit([](const auto& U) { return U.prepared_size(); }, potential_);
  }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    std::visit([&](const auto& U) { U.prepare(theta, prepared); }, potential_);
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
  // z' = keep z + move v,   v' = push F + slow v   of (1) or (2), and the derivative of push by
  // gamma; that of slow is -1.
  template <class Number>
  struct Coefficients {
    Number keep, move, push, slow, push_by_gamma;
  };
  template <class Number>
  Coefficients<Number> coefficients(const Number* theta) const;

  template <class Number>
  Records<Number> records(const Points<Number>& points, const Number* record) const {
    return {points.count, weights<Number>(points), record, record_size()};
  }
  template <class Number>
  static Weights<Number> weights(const Points<Number>& points) {
    return {points.theta.data, static_cast<const Number*>(points.prepared)};
  }
  template <class Number>
  void state_jacobian(const Records<Number>& one, const Coefficients<Number>& by, Number* work,
                      Number* J, std::int64_t row_stride) const;
  template <class Number>
  void parameter_jacobian(const Records<Number>& one, const Coefficients<Number>& by,
                          const Number* v, const Number* u, Number* work, Number* J,
                          std::int64_t row_stride) const;

  Structure structure_;
  Potential potential_;
};

}  // namespace dynkit::langevin
