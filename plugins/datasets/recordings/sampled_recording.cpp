#include "sampled_recording.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/error.hpp"

namespace dynkit::recordings {
namespace {

// A step may differ from the mean one by this share of it: times are written with few digits.
constexpr double kUnevenness = 1e-3;

std::vector<double> transposed(const std::vector<double>& values, std::int64_t R, std::int64_t C,
                               std::int64_t L) {
  std::vector<double> result(values.size());
  for (std::int64_t r = 0; r < R; ++r) {
    for (std::int64_t c = 0; c < C; ++c) {
      for (std::int64_t k = 0; k < L; ++k) {
        result[static_cast<std::size_t>((r * L + k) * C + c)] =
            values[static_cast<std::size_t>((r * C + c) * L + k)];
      }
    }
  }
  return result;
}

Signal read_signal(const Settings& settings) {
  const NumberArray data = settings.array("data");
  const std::size_t rank = data.shape.size();
  if (rank < 1 || rank > 3 || data.values.empty()) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'data': shape " + shape_text(data.shape) +
                                       " is none of [time], [time,channel], "
                                       "[recording,time,channel] with something in it");
  }
  Signal signal;
  signal.values = data.values;
  if (rank == 3) signal.R = data.shape[0];
  signal.L = rank == 1 ? data.shape[0] : data.shape[rank - 2];
  signal.C = rank == 1 ? 1 : data.shape[rank - 1];
  if (rank > 1 && settings.boolean("transpose")) {
    std::swap(signal.L, signal.C);
    signal.values = transposed(data.values, signal.R, signal.C, signal.L);
  }
  return signal;
}

void choose_columns(const std::vector<std::int64_t>& columns, Signal& signal) {
  if (columns.empty()) return;
  std::vector<double> chosen;
  for (std::int64_t row = 0; row < signal.R * signal.L; ++row) {
    for (const std::int64_t column : columns) {
      chosen.push_back(signal.values[static_cast<std::size_t>(row * signal.C + column)]);
    }
  }
  signal.values = std::move(chosen);
  signal.C = static_cast<std::int64_t>(columns.size());
}

std::vector<std::int64_t> columns_of(const Settings& settings, std::int64_t C) {
  std::vector<std::int64_t> columns = unit_counts(settings, "columns");
  for (const std::int64_t column : columns) {
    if (column < C) continue;
    throw Error(DK_SETTINGS, "setting 'columns': " + std::to_string(column) + " is none of the " +
                                 std::to_string(C) + " channels, which are counted from 0");
  }
  return columns;
}

// Names the step that is least like the others.
[[noreturn]] void refuse_uneven(const std::vector<double>& steps) {
  std::vector<double> sorted = steps;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const auto odd = std::max_element(steps.begin(), steps.end(), [&](double a, double b) {
    return std::abs(a - *middle) < std::abs(b - *middle);
  });
  throw Error(DK_SETTINGS, "setting 'time': a step of " + std::to_string(*odd) + " to element " +
                               std::to_string(odd - steps.begin() + 1) +
                               ": samples must be evenly spaced, most are by " +
                               std::to_string(*middle));
}

void read_times(const Settings& settings, Signal& signal) {
  if (!settings.given("time")) {
    signal.dt = positive_number(settings, "dt");
    return;
  }
  const NumberArray time = settings.finite_array("time");
  if (time.shape != std::vector<std::int64_t>{signal.L} || signal.L < 2) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'time': shape " + shape_text(time.shape) + " is not " +
                                       shape_text({signal.L}) +
                                       ", one for each of two samples or more");
  }
  signal.begin = time.values.front();
  signal.dt = (time.values.back() - signal.begin) / static_cast<double>(signal.L - 1);
  std::vector<double> steps(time.values.size() - 1);
  for (std::size_t k = 0; k < steps.size(); ++k) steps[k] = time.values[k + 1] - time.values[k];
  const bool is_even = std::all_of(steps.begin(), steps.end(), [&](double step) {
    return signal.dt > 0.0 && std::abs(step - signal.dt) <= kUnevenness * signal.dt;
  });
  if (!is_even) refuse_uneven(steps);
}

}  // namespace

SampledRecording::SampledRecording(const dk_host&, const Settings& settings)
    : preparation_(settings), signal_(read_signal(settings)) {
  choose_columns(columns_of(settings, signal_.C), signal_);
  read_times(settings, signal_);
}

void SampledRecording::generate(const dk_job& job) const {
  const Sink sink(*job.sink);
  preparation_.put(sink, preparation_.prepare(signal_));
}

}  // namespace dynkit::recordings
