// Gated neural ODE: a gate G sets how fast each state follows the field F.
//
//     flow   tau dx/dt = G(x, u) * (F(x, u) - c x)                                             (1)
//     map    x' = x + alpha G(x, u) * (F(x, u) - c x),   alpha = h / tau                       (2)
//
// with multilayer perceptrons F and G, G ending in a sigmoid, c = 1 (leak) or 0, and * by element.
// Without gate, G = 1, this is a neural ODE with leak; F of one layer with tanh makes (2) the
// minimal gated unit, or without gate the leaky recurrent network. Kim, Can and Krishnamurthy,
// "Trainability, expressivity and interpretability in gated neural ODEs", ICML 2023.
//
//   x  [S,n]   state      z = (x, u) [S,n+m]   what F and G see
//   u  [S,m]   input      theta = (parameters of F, parameters of G)
//
// The record of a row is F's, then G's (dynkit/mlp.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dynkit/mlp.hpp"
#include "dynkit/precision.hpp"

namespace dynkit::gated_node {

struct Structure {
  std::int64_t n, m;
  std::vector<std::int64_t> hidden, gate_hidden;
  Activation activation, last;  // of F
  bool gated, leak, map;
  double rate;  // 1 / tau, or alpha
};

class Kernel {
 public:
  explicit Kernel(const Structure& structure);

  const Mlp& field() const { return field_; }
  const std::optional<Mlp>& gate() const { return gate_; }
  std::int64_t parameters() const {
    return field_.parameters() + (gate_ ? gate_->parameters() : 0);
  }

  std::int64_t record_size() const {
    return field_.record_size() + (gate_ ? gate_->record_size() : 0);
  }
  std::int64_t work_size(std::int32_t operation, std::int64_t S, std::int64_t K) const;
  std::int64_t prepared_size() const { return parameters(); }

  template <class Number>
  void prepare(const Number* theta, Number* prepared) const {
    field_.prepare(theta, prepared);
    if (gate_) gate_->prepare(theta, prepared);
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

  /// The field without its gate, F(x, u) - c x, and its Jacobian: the same zeros.
  void residual(const dk_points& points, const double* record, const dk_output& r) const;
  void residual_jacobian(const dk_points& points, const double* record, double* work,
                         const dk_matrices& J) const;

 private:
  // F and G of a row.
  template <class Number>
  const Number* field_of(const Number* record, std::int64_t s) const {
    return record + s * record_size() + field_.output();
  }
  template <class Number>
  const Number* gate_of(const Number* record, std::int64_t s) const {
    return gate_ ? record + s * record_size() + field_.record_size() + gate_->output() : nullptr;
  }

  Structure structure_;
  Mlp field_;
  std::optional<Mlp> gate_;
};

}  // namespace dynkit::gated_node
