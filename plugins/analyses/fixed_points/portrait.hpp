#pragma once

#include <span>

#include "dynkit/job.hpp"
#include "given.hpp"

namespace dynkit::fixed_points {

struct Report;

/// What is drawn around the points.
struct Surroundings {
  std::span<const double> states;            // given [S,n], S >= 1: they span the axes
  Trajectories trajectories;                 // where there are any
  bool on_trajectories = false;              // the given states are theirs: not drawn twice
  const char* const* state_names = nullptr;  // [n]; NULL: unnamed
};

/// Puts the figure "phase_portrait" and the arrays "portrait_*" behind it: trajectories or given
/// states, unstable directions, slow points, and fixed points by class. In up to three dimensions
/// the axes are the states, else the first three principal axes of the given states.
void put_portrait(const Report& report, const Surroundings& surroundings, const Sink& sink);

}  // namespace dynkit::fixed_points
