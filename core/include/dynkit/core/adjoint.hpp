#pragma once

#include <cstdint>
#include <memory>

#include "dynkit/core/integrate.hpp"

namespace dynkit {

/// A right-hand side f(t,x,u;theta) with its transposed derivatives.
class TransposedField : public VectorField {
 public:
  virtual std::int64_t parameters() const = 0;  // p, the same at every call

  /// Of points in rows, with one cotangent f_bar each (dynkit/model.h):
  ///     x_bar = (df/dx)^T f_bar, written,     theta_bar += (df/dtheta)^T f_bar, summed.
  /// Statuses as in VectorField.
  virtual dk_status vjp(const dk_points& points, const dk_cotangents& cotangents,
                        dk_error* error) = 0;
};

/// A piece of a trajectory without jumps of state or input.
struct AdjointPiece {
  std::int64_t T = 0;             // at least 2
  const double* times = nullptr;  // [T] increasing
  const double* u = nullptr;      // [m], constant; NULL: zero
};

struct AdjointOptions {
  static constexpr std::int64_t kFewestSteps = 100;

  /// adams or bdf; max_steps: of the way there, and from time to time on the way back.
  IntegrationOptions integration;
  /// From one checkpoint to the next, at least kFewestSteps: the solver begins there with order 1.
  std::int64_t checkpoint_steps = 1000;
};

/// The continuous adjoint of a flow by CVODES: of a loss L = sum_k L_k(x(t_k)) the gradients with
/// respect to the first state and the parameters. Exact up to the tolerance, not to rounding, since
/// the equation of the cotangent is solved with steps of its own.
///
/// One trajectory at a time, piece by piece; where state or input jump a piece ends, and the caller
/// knows what a jump does to the cotangent. The states are solved for again from checkpoints, so
/// that memory is checkpoint_steps states, and one for each checkpoint. One object is used by one
/// thread at a time.
class CvodesAdjoint {
 public:
  /// The field must outlive this. Throws Error: DK_UNSUPPORTED for other methods,
  /// DK_INVALID_ARGUMENT for too small checkpoint_steps.
  CvodesAdjoint(TransposedField& field, const AdjointOptions& options);
  ~CvodesAdjoint();
  CvodesAdjoint(CvodesAdjoint&&) noexcept;
  CvodesAdjoint& operator=(CvodesAdjoint&&) noexcept;

  /// From x0 [n] at the first time on. Row k >= 1 of `states`, at states + k * stride, becomes
  /// x(t_k), NaN where it was not reached; NULL: not wanted. Returns the outcome (DK_REACHED_END,
  /// ...).
  std::int32_t forward(const AdjointPiece& piece, const double* x0, double* states,
                       std::int64_t stride);

  /// Back through the last piece, whose arrays must still stand. x_bar [n] holds the cotangent of
  /// the last state and becomes that of x0; on the way row k of `jumps`, dL_k/dx at jumps + k *
  /// stride, is added at the times 1 .. T-2. theta_bar [p] accumulates; NULL: not wanted. Where
  /// this way or the way there could not be finished both become NaN. Returns the outcome.
  ///
  /// The tolerance of a cotangent is relative to its length at t_k, so scaling the loss scales the
  /// result.
  std::int32_t backward(const double* jumps, std::int64_t stride, double* x_bar, double* theta_bar);

 private:
  class Solver;
  std::unique_ptr<Solver> solver_;
};

}  // namespace dynkit
