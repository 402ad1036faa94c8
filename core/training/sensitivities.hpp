// The sensitivity equations of a model: its states and how they change with its parameters.
//
//     x' = F(x; theta),   X' = dF/dx X + [dF/dtheta 0],      X = d x / d (theta, x_0)      (1)
//
// for a map, and the same with dx/dt, dX/dt for a flow. Each step of a Runge-Kutta method for (1)
// is the derivative of the step for x, so that X is exact for the steps that were taken (H. G.
// Bock, "Numerical treatment of inverse problems in chemical reaction kinetics", 1981).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "operations.hpp"

namespace dynkit::training {

/// (1) as the operations of a model with states [n (1 + K)]: x [n], then the rows of X [n,K]. The
/// first directions are parameters; the others have no source, for initial states.
class Sensitivities : public Operations<double> {
 public:
  /// `model` must outlive it. K directions, of which the first are these parameters.
  Sensitivities(Operations<double>& model, std::vector<std::int64_t> parameters, std::int64_t K)
      : model_(model), parameters_(std::move(parameters)), K_(K) {}

  Sizes sizes() const override;
  void prepare(const double* theta) override { model_.prepare(theta); }
  std::int64_t tape_size(std::int64_t) const override { return 0; }
  void eval(const dk_points& points, double* out) const override;
  /// Throws Error (DK_UNSUPPORTED): second derivatives are not known.
  void vjp(const dk_points& points, const dk_cotangents& cotangents) const override;

 private:
  Operations<double>& model_;
  const std::vector<std::int64_t> parameters_;
  const std::int64_t K_;
};

}  // namespace dynkit::training
