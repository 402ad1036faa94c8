// The component as a host runs it, and a map for it.
#pragma once

#include <cmath>

#include "rest_system.hpp"

namespace dynkit::fixed_points::testing {

using dynkit::testing::Equations;
using dynkit::testing::FakeHost;
using dynkit::testing::FakeSink;
using dynkit::testing::FakeValues;

inline FakeValues make_values() {
  FakeValues values({dynkit_plugin_v1()->components[0].settings,
                     static_cast<std::size_t>(dynkit_plugin_v1()->components[0].setting_count)});
  values.array("noise", {3}, {0.3, 0.5, 1.0});
  return values;
}

inline void run(const FakeValues& values, RestSystem& system, const FakeSink& sink,
                std::int32_t workers = 1, const dk_data* data = nullptr) {
  const FakeHost host(workers);
  dynkit::testing::run_analysis(dynkit_plugin_v1()->components[0], values, host.table(),
                                system.table(), sink, data);
}

inline std::int64_t summary(const FakeSink& sink, const char* name) {
  return sink.integers(name).at(0);
}
inline std::string word(const FakeSink& sink, const char* name) {
  return sink.words(name).at(0);
}

// x' = a x (1 - x)
inline Equations logistic(double a) {
  Equations map;
  map.time_kind = DK_MAP;
  map.eval = [a](double, const double* x, const double*, double* out) {
    out[0] = a * x[0] * (1 - x[0]);
  };
  map.jacobian = [a](double, const double* x, const double*, double* J) {
    J[0] = a * (1 - 2 * x[0]);
  };
  return map;
}

// dx/dt = -x + w tanh(x) + u, uncoupled.
inline Equations units_flow(std::int64_t n) {
  Equations flow;
  flow.n = n;
  flow.m = 1;
  flow.eval = [n](double, const double* x, const double* u, double* out) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = -x[i] + 2 * std::tanh(x[i]) + u[0];
  };
  flow.jacobian = [n](double, const double* x, const double*, double* J) {
    std::fill(J, J + n * n, 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      J[i * n + i] = -1 + 2 * (1 - std::tanh(x[i]) * std::tanh(x[i]));
    }
  };
  return flow;
}

}  // namespace dynkit::fixed_points::testing
