// Flows with textbook equations, dx/dt = f(t, x; theta). Letters of parameters are those of the
// cited papers; `dx` holds the derivatives.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "dynkit/differentiable_model.hpp"

namespace dynkit::analytic {

// Three modes of convection in a layer of fluid heated from below.
//
//     x' = sigma (y - x),   y' = x (rho - z) - y,   z' = x y - beta z
//
// Lorenz, "Deterministic nonperiodic flow", J. Atmos. Sci. 20, 130 (1963).
struct Lorenz63 {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -20, 20}, {"y", -25, 25}, {"z", 0, 50}};
  static constexpr Parameter kParameters[] = {
      {"sigma", 10, "Prandtl number", 0},
      {"rho", 28, "Rayleigh number over its critical value"},
      {"beta", 8.0 / 3, "shape of the convection rolls", 0}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    const auto &sigma = theta[0], &rho = theta[1], &beta = theta[2];
    dx[0] = sigma * (x[1] - x[0]);
    dx[1] = x[0] * (rho - x[2]) - x[1];
    dx[2] = x[0] * x[1] - beta * x[2];
  }
};

// The simplest folded band: one nonlinear term.
//
//     x' = -y - z,   y' = x + a y,   z' = b + z (x - c)
//
// Rossler, "An equation for continuous chaos", Phys. Lett. A 57, 397 (1976).
struct Rossler {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -5, 5}, {"y", -5, 5}, {"z", 0, 1}};
  static constexpr Parameter kParameters[] = {{"a", 0.2, "growth of the spiral in the plane"},
                                              {"b", 0.2, "source of z"},
                                              {"c", 5.7, "value of x where z begins to grow"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    const auto &a = theta[0], &b = theta[1], &c = theta[2];
    dx[0] = -x[1] - x[2];
    dx[1] = x[0] + a * x[1];
    dx[2] = b + x[2] * (x[0] - c);
  }
};

// A third-order oscillator with a cubic force: three fixed points, a spiral attractor.
//
//     x' = y,   y' = z,   z' = -a x - b y - c z + d x^3
//
// Arneodo, Coullet & Tresser, "Occurence of strange attractors in three-dimensional Volterra
// equations", Phys. Lett. A 79, 259 (1980).
struct Arneodo {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -1, 1}, {"y", -1, 1}, {"z", -1, 1}};
  static constexpr Parameter kParameters[] = {{"a", -5.5, "linear force on x"},
                                              {"b", 4.5, "force on y"},
                                              {"c", 1, "friction: minus the divergence"},
                                              {"d", -1, "cubic force on x"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    const auto &a = theta[0], &b = theta[1], &c = theta[2], &d = theta[3];
    dx[0] = x[1];
    dx[1] = x[2];
    dx[2] = -a * x[0] - b * x[1] - c * x[2] + d * x[0] * x[0] * x[0];
  }
};

// A ring of n sites, a caricature of a quantity on a latitude circle.
//
//     x_i' = (x_i+1 - x_i-2) x_i-1 - x_i + F,      indices modulo n
//
// Lorenz, "Predictability: a problem partly solved", Proc. Seminar on Predictability 1, ECMWF
// (1996).
struct Lorenz96 {
  static constexpr bool kBranchFree = true;
  static constexpr dk_setting kSettings[] = {
      integer_setting("n", "40", 4, 1'000'000, "number of sites", DK_CHANGES_SIZES)};

  explicit Lorenz96(const Settings& settings) : n(settings.integer("n")) {}

  ModelLayout layout() const {
    return {.states = ModelLayout::numbered_states("x", n, -5, 10),
            .inputs = {},
            .parameters = {{"F", {}, {8.0}, "forcing; chaos above about 5 for n = 40"}}};
  }

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t next = i + 1 < n ? i + 1 : 0;
      const std::int64_t last = i > 0 ? i - 1 : n - 1;
      const std::int64_t second_last = last > 0 ? last - 1 : n - 1;
      dx[i] = (x[next] - x[second_last]) * x[last] - x[i] + theta[0];
    }
  }

  std::int64_t n;
};

// A self-sustained oscillator, the first circuit with a limit cycle.
//
//     x' = v,   v' = mu (1 - x^2) v - x
//
// van der Pol, "On relaxation-oscillations", Phil. Mag. 2, 978 (1926).
struct VanDerPol {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -2, 2}, {"v", -3, 3}};
  static constexpr Parameter kParameters[] = {{"mu", 1, "strength of the nonlinear damping"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    dx[0] = x[1];
    dx[1] = theta[0] * (1 - x[0] * x[0]) * x[1] - x[0];
  }
};

// A nerve membrane in two variables: excitation v and recovery w.
//
//     v' = v - v^3/3 - w + I,   w' = eps (v + a - b w)
//
// FitzHugh, "Impulses and physiological states in theoretical models of nerve membrane", Biophys.
// J. 1, 445 (1961); Nagumo, Arimoto & Yoshizawa, "An active pulse transmission line simulating
// nerve axon", Proc. IRE 50, 2061 (1962).
struct FitzHughNagumo {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"v", -2, 2}, {"w", -0.5, 1.5}};
  static constexpr Parameter kParameters[] = {{"a", 0.7, "threshold of the recovery"},
                                              {"b", 0.8, "decay of the recovery", 0},
                                              {"eps", 0.08, "speed of the recovery", 0},
                                              {"I", 0.5, "current into the membrane"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    const auto &a = theta[0], &b = theta[1], &eps = theta[2], &I = theta[3];
    dx[0] = x[0] - x[0] * x[0] * x[0] / 3 - x[1] + I;
    dx[1] = eps * (x[0] + a - b * x[1]);
  }

  // |v| <= V, |w| <= W. The flow enters through w = W where b W > V + |a|, and through v = V where
  // V^3/3 - V > W + |I|. With W = (V + |a|)/b + 1 the latter follows from V >= 1 and
  // V^2 > 3 (1 + 1/b + |a|/b + 1 + |I|).
  void box(const double* theta, double* lower, double* upper) const {
    const double a = std::fabs(theta[0]), b = theta[1], I = std::fabs(theta[3]);
    if (!(b > 0 && theta[2] > 0)) {
      throw Error(DK_UNSUPPORTED,
                  "FitzHugh-Nagumo: a box traps the states only where b > 0 and "
                  "eps > 0, not b = " +
                      std::to_string(b) + ", eps = " + std::to_string(theta[2]));
    }
    upper[0] = 1 + std::sqrt(3 * (2 + 1 / b + a / b + I));
    upper[1] = (upper[0] + a) / b + 1;
    lower[0] = -upper[0];
    lower[1] = -upper[1];
  }
};

// An oscillator with a cubic spring, driven in time.
//
//     x' = v,   v' = -delta v - alpha x - beta x^3 + gamma cos(omega t)
//
// Duffing, "Erzwungene Schwingungen bei veraenderlicher Eigenfrequenz" (Vieweg, 1918).
struct Duffing {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -1.5, 1.5}, {"v", -1, 1}};
  static constexpr Parameter kParameters[] = {{"alpha", -1, "linear stiffness"},
                                              {"beta", 1, "cubic stiffness"},
                                              {"delta", 0.3, "damping"},
                                              {"gamma", 0.5, "amplitude of the drive"},
                                              {"omega", 1.2, "angular frequency of the drive"}};

  template <class S>
  void dynamics(const S& t, const S* x, const S*, const S* theta, S* dx) const {
    using namespace math;
    const auto &alpha = theta[0], &beta = theta[1], &delta = theta[2];
    const auto &gamma = theta[3], &omega = theta[4];
    dx[0] = x[1];
    dx[1] = gamma * cos(omega * t) - delta * x[1] - alpha * x[0] - beta * x[0] * x[0] * x[0];
  }
};

// Prey x and predators y, with harvesting of the prey that saturates: a cycle is born in a Hopf
// bifurcation at a = 1 / (3 - 8 exp(-5/3)) = 0.6716 and dies soon after.
//
//     x' = 3 x (1 - x) - x y - a (1 - exp(-5 x)),   y' = -y + 3 x y
//
// As in van Tegelen et al., "Neural ordinary differential equations for learning and extrapolating
// system dynamics across bifurcations" (2025).
struct PredatorPrey {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", 0.2, 0.5}, {"y", 0.1, 0.3}};
  static constexpr Parameter kParameters[] = {{"a", 0.62, "harvesting of the prey", 0}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    using namespace math;
    dx[0] = 3 * x[0] * (1 - x[0]) - x[0] * x[1] - theta[0] * (1 - exp(-5 * x[0]));
    dx[1] = x[1] * (3 * x[0] - 1);
  }
};

}  // namespace dynkit::analytic
