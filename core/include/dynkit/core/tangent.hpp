#pragma once

#include <cstdint>
#include <memory>

#include "dynkit/core/integrate.hpp"

namespace dynkit {

/// How a piece of a trajectory ended.
struct TangentOutcome {
  std::int32_t outcome = -1;  // DK_REACHED_END, ...
  double last_time = 0.0;     // last valid time
};

/// Carries a state and K tangents along a flow,
///
///     dx/dt = f(t,x,u),     dV/dt = J(t,x,u) V.
///
/// Made once and advanced piece by piece, as Lyapunov spectra need it: buffers, step size and
/// solver memory stay between calls, and no call allocates. The tolerance of a tangent is relative
/// to its own length, so scaling it scales the result. Uses the field's jvp, else its Jacobian.
class TangentPropagator {
 public:
  /// rk4, tsit5, dop853, adams or bdf (by sensitivity analysis: one Newton matrix [n,n] serves all
  /// tangents). Throws Error (DK_UNSUPPORTED) for other methods and for a field without jvp and
  /// Jacobian. The field must outlive this.
  TangentPropagator(VectorField& field, std::int64_t K, const IntegrationOptions& options);
  ~TangentPropagator();
  TangentPropagator(TangentPropagator&&) noexcept;
  TangentPropagator& operator=(TangentPropagator&&) noexcept;

  /// x [n] and V [K,n] (rows) from t0 to t1 >= t0 with constant input u [m] (NULL: zero). After a
  /// failure both hold the last valid time's.
  TangentOutcome advance(double t0, double t1, const double* u, double* x, double* V);

  /// Interface of the solvers behind it.
  class Solver;

 private:
  std::unique_ptr<Solver> solver_;
};

/// The same for a map: x' = F(t,h,x,u), V' = J(t,h,x,u) V, with J at the old x.
class MapTangentPropagator {
 public:
  MapTangentPropagator(VectorField& field, std::int64_t K);
  ~MapTangentPropagator();
  MapTangentPropagator(MapTangentPropagator&&) noexcept;
  MapTangentPropagator& operator=(MapTangentPropagator&&) noexcept;

  /// `steps` steps of length h from time t0; x [n] and V [K,n] hold the last finite ones after a
  /// failure.
  TangentOutcome iterate(double t0, double h, std::int64_t steps, const double* u, double* x,
                         double* V);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dynkit
