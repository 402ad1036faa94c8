// Explicit Runge-Kutta methods with a step size for each trajectory.
#pragma once

#include "dynkit/core/integrate.hpp"
#include "explicit/tableau.hpp"

namespace dynkit {

/// Steps controlled by the tableau's error estimate, dense output between them.
IntegrationCounts run_adaptive(VectorField& field, const Tableau& tableau,
                               const IntegrationOptions& options, const Trajectories& trajectories);

/// Equal steps of at most options.step from each time to the next.
IntegrationCounts run_fixed(VectorField& field, const Tableau& tableau,
                            const IntegrationOptions& options, const Trajectories& trajectories);

/// Smallest step that still moves the time t of a run of length `span`.
double smallest_step(double t, double span);

/// How many equal steps of at most `step` fill `interval`; at least 1.
double steps_in(double interval, double step);

}  // namespace dynkit
