#pragma once

#include "dynkit/core/system.hpp"

namespace dynkit {

/// dk_system.simulate and dk_system.propagate_tangent (dynkit/system.h). Throw Error where the
/// request is refused; a trajectory that fails is an outcome.
void simulate(const System& system, const dk_simulation& simulation);
void propagate_tangent(const System& system, double t0, double t1, const double* u,
                       const dk_simulation& options, double* x, std::int64_t K, double* V);

}  // namespace dynkit
