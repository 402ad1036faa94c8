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

}  // namespace dynkit
