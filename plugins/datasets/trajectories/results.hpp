// What of the states is put: the arrays, their ranges, a picture.
#pragma once

#include <span>
#include <vector>

#include "dynkit/job.hpp"

namespace dynkit::trajectories {

/// Puts `time` [T] and `states` [S,T,n], a table of the range of each state and a figure: a curve
/// in the plane or in space of the first states, or the one state over time.
void put_states(const Sink& sink, std::span<const double> times, const std::vector<double>& states,
                const dk_system& system);

}  // namespace dynkit::trajectories
