#pragma once

#include <span>
#include <vector>

#include "dynkit/system.h"
#include "given.hpp"

namespace dynkit::fixed_points {

/// Trajectories of the model, for a picture of a run that has none.
struct SamplePaths {
  std::vector<double> states;  // [S,T,n]
  Trajectories trajectories;   // of `states`
};

/// From some of the given states [S,n] at constant input [m]: steps of a map, or the time in which
/// the fastest direction of a flow grows or decays by many factors e. Deterministic where the model
/// has noise. None where the system cannot be simulated.
SamplePaths simulate_paths(const dk_system& system, std::span<const double> given,
                           std::span<const double> input);

}  // namespace dynkit::fixed_points
