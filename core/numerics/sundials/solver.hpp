// SUNDIALS behind the interface of the other methods: one trajectory at a time.
#pragma once

#include <memory>

#include "dynkit/core/integrate.hpp"

namespace dynkit {

namespace sundials {

/// An initial-value solver of one trajectory.
class OdeSolver {
 public:
  virtual ~OdeSolver() = default;

  /// Begins anew at time t with state x [n] and constant input u [m] (NULL: zero), which must live
  /// on.
  virtual void restart(double t, const double* x, const double* u) = 0;

  /// To time `target` without stepping over `stop`; at most `max_steps` (< 1: the outcome is
  /// DK_TOO_MANY_STEPS). Returns the outcome.
  virtual std::int32_t advance(double target, double stop, std::int64_t max_steps) = 0;

  virtual const double* state() const = 0;
  virtual double time() const = 0;  // of the state

  /// Since the last restart.
  virtual IntegrationCounts counts() const = 0;
};

/// options.keep_going is told 0: what the trajectory's time means, the caller knows.
std::unique_ptr<OdeSolver> make_cvodes(VectorField& field, const IntegrationOptions& options);
std::unique_ptr<OdeSolver> make_arkode(VectorField& field, const IntegrationOptions& options);

}  // namespace sundials

IntegrationCounts run_sundials(VectorField& field, const IntegrationOptions& options,
                               const Trajectories& trajectories);

}  // namespace dynkit
