#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace dynkit::trajectories {
namespace {

std::vector<std::string> state_names(const dk_model_info& info) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < info.n; ++i) {
    names.push_back(info.state_names != nullptr ? info.state_names[i] : "x" + std::to_string(i));
  }
  return names;
}

// Of the finite values of one state over all trials and times.
struct Range {
  double least = std::numeric_limits<double>::quiet_NaN();
  double most = std::numeric_limits<double>::quiet_NaN();
  double mean = 0.0, squares = 0.0;  // squares: sum of squared deviations from the mean
  double count = 0.0;

  // Welford's update.
  void add(double x) {
    if (!std::isfinite(x)) return;
    least = count == 0.0 ? x : std::min(least, x);
    most = count == 0.0 ? x : std::max(most, x);
    count += 1.0;
    const double before = x - mean;
    mean += before / count;
    squares += before * (x - mean);
  }
  double deviation() const { return std::sqrt(squares / count); }
};

void put_ranges(const Sink& sink, const std::vector<double>& states, const dk_model_info& info) {
  const auto n = static_cast<std::size_t>(info.n);
  std::vector<Range> ranges(n);
  for (auto row = states.begin(); row != states.end(); row += info.n) {
    for (std::size_t i = 0; i < n; ++i) ranges[i].add(row[static_cast<std::ptrdiff_t>(i)]);
  }
  std::vector<double> least, mean, deviation, most;
  for (const Range& range : ranges) {
    least.push_back(range.least);
    mean.push_back(range.count > 0.0 ? range.mean : std::numeric_limits<double>::quiet_NaN());
    deviation.push_back(range.deviation());
    most.push_back(range.most);
  }
  const std::vector<std::string> names = state_names(info);
  std::vector<const char*> labels;
  for (const std::string& name : names) labels.push_back(name.c_str());
  sink.table(
      "ranges", "States over all trials and times",
      {Sink::column("state", labels), Sink::column("least", least), Sink::column("mean", mean),
       Sink::column("standard_deviation", deviation), Sink::column("most", most)});
}

void put_figure(const Sink& sink, const dk_model_info& info) {
  const std::vector<std::string> names = state_names(info);
  const auto label = [&](std::size_t i) { return names.size() > i ? names[i].c_str() : nullptr; };
  const bool is_map = info.time_kind == DK_MAP;
  if (info.n == 1) {
    const dk_series series{"line", "states", "time", "states[0]", nullptr, nullptr, nullptr};
    sink.figure({"trajectories", "Trajectories", nullptr, "time", label(0), nullptr, 1, &series});
  } else if (info.n == 2) {
    const dk_series series{
        is_map ? "scatter" : "line", "states", "states[0]", "states[1]", nullptr, nullptr, nullptr};
    sink.figure({"trajectories", "Trajectories", nullptr, label(0), label(1), nullptr, 1, &series});
  } else {
    const dk_series series{is_map ? "scatter3d" : "lines3d",
                           "states",
                           "states[0]",
                           "states[1]",
                           "states[2]",
                           nullptr,
                           nullptr};
    sink.figure({"trajectories", "Trajectories", info.n > 3 ? "The first three states." : nullptr,
                 label(0), label(1), label(2), 1, &series});
  }
}

}  // namespace

void put_states(const Sink& sink, std::span<const double> times, const std::vector<double>& states,
                const dk_system& system) {
  const dk_model_info& info = *system.info;
  const auto T = static_cast<std::int64_t>(times.size());
  const auto S = static_cast<std::int64_t>(states.size()) / (T * info.n);
  sink.array("time", {T}, std::vector<double>(times.begin(), times.end()),
             {{"time"}, nullptr, "times of the samples"});
  sink.array("states", {S, T, info.n}, states,
             {{"trial", "time", "state"}, nullptr, "states of the system"});
  put_ranges(sink, states, info);
  put_figure(sink, info);
}

}  // namespace dynkit::trajectories
