// What the user and the run give to start from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/job.h"

namespace dynkit::fixed_points {

/// The rows of [S,n] that are finite: failed trajectories end in NaN.
std::vector<double> finite_rows(std::span<const double> rows, std::int64_t n);

/// The finite states of the run's data [S,n]; empty where there are none of the model's size.
std::vector<double> data_states(const dk_job& job);

/// `count` typical states of the model, from branches 1.. of the job's stream.
std::vector<double> typical_states(const dk_job& job, std::int64_t count);

/// Branch `index` of the job's stream.
dk_stream branch(const dk_job& job, std::int64_t index);

}  // namespace dynkit::fixed_points
