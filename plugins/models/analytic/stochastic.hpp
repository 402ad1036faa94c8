// Stochastic flows whose laws are known, dx = f(x; theta) dt + G(x; theta) dW.
#pragma once

#include <cmath>

#include "dynkit/differentiable_model.hpp"

namespace dynkit::analytic {

// A velocity with friction and random kicks: stationary mean mu, variance sigma^2 / (2 theta).
//
//     dx = theta (mu - x) dt + sigma dW
//
// Uhlenbeck & Ornstein, "On the theory of the Brownian motion", Phys. Rev. 36, 823 (1930).
struct OrnsteinUhlenbeck {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -1, 1}};
  static constexpr Parameter kParameters[] = {{"theta", 1, "rate of the return to the mean", 0},
                                              {"mu", 0, "mean"},
                                              {"sigma", 1, "amplitude of the noise", 0}};
  static constexpr dk_noise_info kNoise = {DK_ADDITIVE, DK_ITO, 1};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    dx[0] = theta[0] * (theta[1] - x[0]);
  }

  void noise(const double*, const double* theta, double* G) const { G[0] = theta[2]; }
};

// Growth with a random rate: log x is a Brownian motion with drift mu - sigma^2/2.
//
//     dx = mu x dt + sigma x dW      (Ito)
//
// Black & Scholes, "The pricing of options and corporate liabilities", J. Polit. Econ. 81, 637
// (1973).
struct GeometricBrownianMotion {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", 0.5, 1.5}};
  static constexpr Parameter kParameters[] = {{"mu", 0.05, "mean rate of growth"},
                                              {"sigma", 0.2, "amplitude of its noise", 0}};
  static constexpr dk_noise_info kNoise = {DK_DIAGONAL, DK_ITO, 1};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    dx[0] = theta[0] * x[0];
  }

  void noise(const double* x, const double* theta, double* G) const { G[0] = theta[1] * x[0]; }
};

// An overdamped particle in two wells: stationary density proportional to exp(-U/D).
//
//     dx = -U'(x) dt + sqrt(2 D) dW,      U = x^4/4 - x^2/2
//
// Kramers, "Brownian motion in a field of force and the diffusion model of chemical reactions",
// Physica 7, 284 (1940).
struct DoubleWell {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -1.5, 1.5}};
  static constexpr Parameter kParameters[] = {{"D", 0.1, "diffusion coefficient", 0}};
  static constexpr dk_noise_info kNoise = {DK_ADDITIVE, DK_ITO, 1};

  template <class S>
  void dynamics(const S* x, const S*, S* dx) const {
    dx[0] = x[0] - x[0] * x[0] * x[0];
  }

  void noise(const double*, const double* theta, double* G) const {
    G[0] = std::sqrt(2 * theta[0]);
  }

  // The deterministic flow points inward wherever |x| > 1.
  void box(const double*, double* lower, double* upper) const {
    lower[0] = -2;
    upper[0] = 2;
  }
};

}  // namespace dynkit::analytic
