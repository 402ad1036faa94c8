// What the user and the run give to start from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/job.h"

namespace dynkit::fixed_points {

/// The rows of [S,n] that are finite: failed trajectories end in NaN.
std::vector<double> finite_rows(std::span<const double> rows, std::int64_t n);

/// Trajectories [S,T,n] that are there to be drawn; S = 0: there are none.
struct Trajectories {
  std::span<const double> states;
  std::int64_t S = 0, T = 0;
};

/// As trajectories, what has the shape [S,T,n] with T >= 2; else none.
Trajectories as_trajectories(std::span<const double> states, std::span<const std::int64_t> shape);

/// The trajectories of the run's data, valid as long as the job.
Trajectories data_trajectories(const dk_job& job);

/// The finite states of the run's data [S,n]; empty where there are none of the model's size.
std::vector<double> data_states(const dk_job& job);

/// `count` typical states of the model, from branches 1.. of the job's stream.
std::vector<double> typical_states(const dk_job& job, std::int64_t count);

/// Branch `index` of the job's stream.
dk_stream branch(const dk_job& job, std::int64_t index);

}  // namespace dynkit::fixed_points
