#include "given.hpp"

#include <algorithm>
#include <cmath>

#include "dynkit/error.hpp"

namespace dynkit::fixed_points {

namespace {

struct DataStates {
  std::span<const double> states;
  std::vector<std::int64_t> shape;  // empty: there are none of the model's size
};

DataStates find_states(const dk_job& job) {
  if (job.data == nullptr) return {};
  dk_array states{};
  dk_error error{};
  const dk_status status = job.data->find(job.data, "states", &states, &error);
  if (status == DK_UNSUPPORTED) return {};
  check(status, error);
  const std::int64_t n = job.systems[0]->info->n;
  if (states.type != DK_F64 || states.rank < 2 || states.shape[states.rank - 1] != n) return {};
  DataStates found{{}, {states.shape, states.shape + states.rank}};
  std::int64_t size = 1;
  for (const std::int64_t extent : found.shape) size *= extent;
  found.states = {static_cast<const double*>(states.data), static_cast<std::size_t>(size)};
  return found;
}

}  // namespace

std::vector<double> finite_rows(std::span<const double> rows, std::int64_t n) {
  std::vector<double> kept;
  const auto width = static_cast<std::size_t>(n);
  for (std::size_t at = 0; at + width <= rows.size(); at += width) {
    const std::span<const double> row = rows.subspan(at, width);
    if (std::ranges::all_of(row, [](double v) { return std::isfinite(v); })) {
      kept.insert(kept.end(), row.begin(), row.end());
    }
  }
  return kept;
}

std::vector<double> data_states(const dk_job& job) {
  const DataStates data = find_states(job);
  return finite_rows(data.states, job.systems[0]->info->n);
}

Trajectories as_trajectories(std::span<const double> states, std::span<const std::int64_t> shape) {
  if (shape.size() != 3 || shape[0] < 1 || shape[1] < 2) return {};
  return {states, shape[0], shape[1]};
}

Trajectories data_trajectories(const dk_job& job) {
  const DataStates data = find_states(job);
  return as_trajectories(data.states, data.shape);
}

std::vector<double> typical_states(const dk_job& job, std::int64_t count) {
  const dk_system& system = *job.systems[0];
  const std::int64_t n = system.info->n;
  std::vector<double> states(static_cast<std::size_t>(count * n));
  for (std::int64_t s = 0; s < count; ++s) {
    dk_stream stream = branch(job, 1 + s);
    call(system.typical_state, &system, &stream, states.data() + s * n);
  }
  return states;
}

dk_stream branch(const dk_job& job, std::int64_t index) {
  dk_stream child{};
  job.host->split(job.host, job.stream, index, &child);
  return child;
}

}  // namespace dynkit::fixed_points
