// Maps with textbook equations, x' = F(x; theta).
#pragma once

#include <cstdint>

#include "dynkit/differentiable_model.hpp"

namespace dynkit::analytic {

// A folded and contracted plane.
//
//     x' = 1 - a x^2 + y,   y' = b x
//
// Henon, "A two-dimensional mapping with a strange attractor", Commun. Math. Phys. 50, 69 (1976).
struct Henon {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -0.5, 0.5}, {"y", -0.1, 0.1}};
  static constexpr Parameter kParameters[] = {{"a", 1.4, "strength of the fold"},
                                              {"b", 0.3, "contraction: minus the determinant"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* next) const {
    next[0] = 1 - theta[0] * x[0] * x[0] + x[1];
    next[1] = theta[1] * x[0];
  }
};

// Growth and crowding of a population.
//
//     x' = r x (1 - x)
//
// May, "Simple mathematical models with very complicated dynamics", Nature 261, 459 (1976).
struct Logistic {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", 0.05, 0.95}};
  static constexpr Parameter kParameters[] = {{"r", 4, "rate of growth", 0, 4}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* next) const {
    next[0] = theta[0] * x[0] * (1 - x[0]);
  }
};

}  // namespace dynkit::analytic
