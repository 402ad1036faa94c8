// What the potentials of the model have in common.
//
// Each potential U(z), z [k], has parameters at the beginning of theta and a record for each row:
// first z, somewhere the gradient, and what else its derivatives need. For S rows that share theta,
// K directions each:
//
//     activate   grad U, and the rest of the record, from z
//     jvp        g_dot = H z_dot + d(grad U)/dtheta theta_dot                                  (1)
//     vjp        z_bar = H g_bar,   theta_bar += (d(grad U)/dtheta)^T g_bar                    (2)
//     hessian    H = d^2 U/dz^2 of one row
//
// H is symmetric, so (1) and (2) are the same in z. Sums over rows are taken in order, so that
// splitting a batch changes no bit.
#pragma once

#include <cstdint>

#include "dynkit/mlp.hpp"

namespace dynkit::langevin {

/// Rows of numbers: those of direction k of sample s begin at data + s * sample + k * direction.
template <class Number>
using Directions = ThetaDirections<Number>;

template <class Number>
Number* at(const Directions<Number>& rows, std::int64_t s, std::int64_t k) {
  return rows.data + s * rows.sample + k * rows.direction;
}

/// Records of S rows, made by `activate` with these weights.
template <class Number>
struct Records {
  std::int64_t S;
  Weights<Number> weights;
  const Number* data;
  std::int64_t stride;

  const Number* of(std::int64_t s) const { return data + s * stride; }
};

/// Calls body(theta, first, rows, sample) as for_each_direction of dynkit/views.hpp does.
template <class Number, class Body>
void for_each_theta(std::int64_t S, std::int64_t K, const Directions<Number>& theta, Body&& body) {
  if (theta.data == nullptr) return;
  for_each_direction(S, K, theta.direction, theta.data, theta.sample, std::forward<Body>(body));
}

}  // namespace dynkit::langevin

/// Instantiates the functions of a potential, behind their definitions in its source file.
#define DYNKIT_INSTANTIATE_POTENTIAL(Potential)       \
  DYNKIT_INSTANTIATE_POTENTIAL_FOR(Potential, double) \
  DYNKIT_INSTANTIATE_POTENTIAL_FOR(Potential, float)
#define DYNKIT_INSTANTIATE_POTENTIAL_FOR(Potential, Number)                                       \
  template void Potential::activate(std::int64_t, Weights<Number>, Number*, std::int64_t) const;  \
  template void Potential::hessian(const Records<Number>&, Number*, std::int64_t, Number*) const; \
  template void Potential::jvp(const Records<Number>&, std::int64_t, Directions<const Number>,    \
                               Directions<const Number>, Directions<Number>, Number*) const;      \
  template void Potential::vjp(const Records<Number>&, std::int64_t, const Number*,               \
                               Directions<Number>, Directions<Number>, Number*) const;
