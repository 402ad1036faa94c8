#include "sample_paths.hpp"

#include <algorithm>
#include <cmath>

#include "dynkit/error.hpp"
#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr std::int64_t kPaths = 24;
constexpr std::int64_t kSamples = 101;
constexpr double kTimeConstants = 100;  // of the fastest direction of a flow

// Time from sample to sample; 0: there is no scale.
double spacing(const dk_system& system, std::span<const double> x, std::span<const double> input) {
  const dk_model_info& info = *system.info;
  if (info.time_kind == DK_MAP) return std::isfinite(info.step) ? info.step : 1.0;
  const auto n = static_cast<std::size_t>(info.n);
  std::vector<double> J(n * n);
  const double t = 0;
  dk_points points{};
  points.count = 1;
  points.t = {&t, 0};
  points.x = {x.data(), info.n};
  points.u = {input.empty() ? nullptr : input.data(), 0};
  const dk_matrices matrices{J.data(), info.n * info.n, info.n};
  dk_error error{};
  if (system.jacobian(&system, &points, DK_WRT_STATE, &matrices, &error) != DK_OK) return 0;
  const double rate = row_norm(J, n);
  return rate > 0 ? kTimeConstants / rate / static_cast<double>(kSamples - 1) : 0;
}

}  // namespace

SamplePaths simulate_paths(const dk_system& system, std::span<const double> given,
                           std::span<const double> input) {
  const std::int64_t n = system.info->n;
  const std::int64_t all = static_cast<std::int64_t>(given.size()) / n;
  const std::int64_t S = std::min(all, kPaths);
  if (S == 0 || system.simulate == nullptr) return {};
  const double h = spacing(system, given.first(static_cast<std::size_t>(n)), input);
  if (!(h > 0) || !std::isfinite(h)) return {};

  std::vector<double> x0, times;
  for (std::int64_t s = 0; s < S; ++s) {
    const auto row =
        given.subspan(static_cast<std::size_t>(s * all / S * n), static_cast<std::size_t>(n));
    x0.insert(x0.end(), row.begin(), row.end());
  }
  for (std::int64_t k = 0; k < kSamples; ++k) times.push_back(h * static_cast<double>(k));
  SamplePaths paths;
  paths.states.resize(static_cast<std::size_t>(S * kSamples * n));
  std::vector<std::int32_t> outcomes(static_cast<std::size_t>(S));
  dk_simulation simulation{};
  simulation.S = S;
  simulation.T = kSamples;
  simulation.times = times.data();
  simulation.x0 = {x0.data(), n};
  simulation.u = {input.empty() ? nullptr : input.data(), 0};
  simulation.u_constant = 1;
  simulation.states = paths.states.data();
  simulation.outcomes = outcomes.data();
  dk_error error{};
  if (system.simulate(&system, &simulation, &error) != DK_OK) return {};
  paths.trajectories = {paths.states, S, kSamples};
  return paths;
}

}  // namespace dynkit::fixed_points
