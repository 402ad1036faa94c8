// What is read out: states and times of a dataset, and the standardized activations (1).
#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/error.hpp"
#include "spikes.hpp"

namespace dynkit::spikes {
namespace {

std::string text_of(const dk_array& array) {
  std::string text;
  for (std::int32_t axis = 0; axis < array.rank; ++axis) {
    text += (text.empty() ? "" : ",") + std::to_string(array.shape[axis]);
  }
  return "[" + text + "]";
}

// A failed trajectory would spread into every neuron, through the mean and the spread of (1).
void refuse_not_finite(const Recording& recording) {
  const std::int64_t row = recording.T * recording.n;
  for (std::int64_t i = 0; i < recording.S * row; ++i) {
    if (std::isfinite(recording.states[i])) continue;
    throw Error(DK_NUMERIC, "array 'states' is not finite in trial " + std::to_string(i / row) +
                                " from time " + std::to_string(i % row / recording.n) +
                                " on: spikes need whole trajectories");
  }
}

// [T], evenly spaced; without an array of that name the numbers of the bins.
std::vector<double> read_time(const dk_data& data, std::int64_t T) {
  std::vector<double> time(static_cast<std::size_t>(T));
  dk_array array{};
  dk_error error{};
  const dk_status status = data.find(&data, "time", &array, &error);
  if (status == DK_UNSUPPORTED) {
    for (std::size_t k = 0; k < time.size(); ++k) time[k] = static_cast<double>(k);
    return time;
  }
  check(status, error);
  if (array.type != DK_F64 || array.rank != 1 || array.shape[0] != T) {
    throw Error(DK_SHAPE_MISMATCH, "array 'time' " + text_of(array) + " is not numbers [" +
                                       std::to_string(T) + "], one for each row of a trial");
  }
  const auto* first = static_cast<const double*>(array.data);
  std::copy(first, first + T, time.begin());
  return time;
}

double width_of_bins(const std::vector<double>& time) {
  const double width = (time.back() - time.front()) / static_cast<double>(time.size() - 1);
  for (std::size_t k = 1; k < time.size(); ++k) {
    const double step = time[k] - time[k - 1];
    if (width > 0.0 && std::abs(step - width) <= 1e-6 * width) continue;
    throw Error(DK_SHAPE_MISMATCH, "array 'time': a step of " + std::to_string(step) +
                                       " to element " + std::to_string(k) +
                                       ": bins must have one width above 0, here " +
                                       std::to_string(width) + " on average");
  }
  return width;
}

}  // namespace

Recording read_recording(const dk_data& data) {
  dk_array states{};
  call(data.find, &data, "states", &states);
  const bool fits = states.type == DK_F64 && states.rank == 3 && states.shape[0] >= 1 &&
                    states.shape[1] >= 2 && states.shape[2] >= 1;
  if (!fits) {
    throw Error(DK_SHAPE_MISMATCH, "array 'states' " + text_of(states) +
                                       " is not numbers [trial, time, state] with two times or "
                                       "more, whose distance is the width of a bin");
  }
  Recording recording;
  recording.S = states.shape[0];
  recording.T = states.shape[1];
  recording.n = states.shape[2];
  recording.states = static_cast<const double*>(states.data);
  refuse_not_finite(recording);
  recording.time = read_time(data, recording.T);
  recording.bin_width = width_of_bins(recording.time);
  return recording;
}

std::vector<double> standardized_activations(const Recording& recording,
                                             const std::vector<double>& R, std::int64_t neurons) {
  const auto N = static_cast<std::size_t>(neurons);
  const auto n = static_cast<std::size_t>(recording.n);
  const auto points = static_cast<std::size_t>(recording.S * recording.T);
  std::vector<double> a(points * N), mean(N), rest(N), variance(N), largest(N);
  for (std::size_t p = 0; p < points; ++p) {
    double* row = &a[p * N];
    for (std::size_t i = 0; i < n; ++i) {
      const double x = recording.states[p * n + i];
      for (std::size_t j = 0; j < N; ++j) row[j] += x * R[i * N + j];
    }
    for (std::size_t j = 0; j < N; ++j) {
      mean[j] += row[j];
      largest[j] = std::max(largest[j], std::abs(row[j]));
    }
  }

  // A second pass takes the rounding of the first sum out of the mean.
  const auto count = static_cast<double>(points);
  for (double& value : mean) value /= count;
  for (std::size_t p = 0; p < points; ++p) {
    for (std::size_t j = 0; j < N; ++j) rest[j] += a[p * N + j] - mean[j];
  }
  for (std::size_t j = 0; j < N; ++j) mean[j] += rest[j] / count;
  for (std::size_t p = 0; p < points; ++p) {
    for (std::size_t j = 0; j < N; ++j) {
      const double deviation = a[p * N + j] - mean[j];
      variance[j] += deviation * deviation;
    }
  }
  for (std::size_t j = 0; j < N; ++j) {
    variance[j] = std::sqrt(variance[j] / count);
    if (variance[j] > 1e-12 * largest[j]) continue;
    throw Error(DK_NUMERIC, "neuron " + std::to_string(j) + " reads out a constant, " +
                                std::to_string(mean[j]) + ": it cannot be standardized");
  }
  for (std::size_t p = 0; p < points; ++p) {
    for (std::size_t j = 0; j < N; ++j) a[p * N + j] = (a[p * N + j] - mean[j]) / variance[j];
  }
  return a;
}

}  // namespace dynkit::spikes
