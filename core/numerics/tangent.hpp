// What the solvers behind TangentPropagator share.
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/core/tangent.hpp"
#include "dynkit/core/workspace.hpp"

namespace dynkit {

/// dx = f(t,x,u) and dV = J V at one point, V and dV [K,n].
class TangentField {
 public:
  /// Throws Error (DK_UNSUPPORTED) for a field without jvp and Jacobian.
  TangentField(VectorField& field, std::int64_t K);

  std::int64_t n() const { return info_.n; }
  std::int64_t K() const { return K_; }
  /// u [m], or NULL: zero; must live as long as it is in force.
  void set_input(const double* u) { points_.u = {u, 0}; }

  /// Whether the field itself has Jacobians.
  bool has_jacobian() const { return info_.jacobian; }

  /// A refused point gives NaN. h: the step of a map, or NULL.
  void eval(double t, const double* h, const double* x, const double* V, double* dx, double* dV);

  /// dx alone, of a flow.
  void eval_state(double t, const double* x, double* dx);

  /// dV alone.
  void eval_tangents(double t, const double* x, const double* V, double* dV);

  /// J [count,n,n] at times t [count] and states x, `stride` apart. Where the field refuses all are
  /// NaN.
  void jacobians(std::int64_t count, const double* t, const double* x, std::int64_t stride,
                 double* J);

 private:
  // dV at points_.
  void tangents(const double* V, double* dV);

  VectorField& field_;
  FieldInfo info_;
  std::int64_t K_;
  dk_points points_{};              // kept, since a struct filled anew stalls the loads from it
  std::vector<double> J_;           // [n,n]
  std::vector<double> transposed_;  // scratch of the product
};

class TangentPropagator::Solver {
 public:
  virtual ~Solver() = default;
  virtual TangentOutcome advance(double t0, double t1, const double* u, double* x, double* V) = 0;
};

std::unique_ptr<TangentPropagator::Solver> make_explicit_tangents(
    VectorField& field, std::int64_t K, const IntegrationOptions& options);
std::unique_ptr<TangentPropagator::Solver> make_cvodes_tangents(VectorField& field, std::int64_t K,
                                                                const IntegrationOptions& options);

}  // namespace dynkit
