// The component as a host runs it, and a map for it.
#pragma once

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
                std::int32_t workers = 1) {
  const FakeHost host(workers);
  dynkit::testing::run_analysis(dynkit_plugin_v1()->components[0], values, host.table(),
                                system.table(), sink);
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

}  // namespace dynkit::fixed_points::testing
