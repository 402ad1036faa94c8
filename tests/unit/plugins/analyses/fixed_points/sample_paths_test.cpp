#include "plugins/analyses/fixed_points/sample_paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/fake_system.hpp"

namespace dynkit::fixed_points {
namespace {

using dynkit::testing::Equations;
using dynkit::testing::FakeSystem;
using Values = std::vector<double>;

// Sample k of a trajectory from x0 is x0 + t_k + u_0.
dk_status shift(const dk_system* system, const dk_simulation* wanted, dk_error*) {
  const std::int64_t n = system->info->n;
  for (std::int64_t s = 0; s < wanted->S; ++s) {
    for (std::int64_t k = 0; k < wanted->T; ++k) {
      for (std::int64_t i = 0; i < n; ++i) {
        wanted->states[(s * wanted->T + k) * n + i] = wanted->x0.data[s * wanted->x0.stride + i] +
                                                      wanted->times[k] +
                                                      wanted->u.data[s * wanted->u.stride];
      }
    }
    wanted->outcomes[s] = DK_REACHED_END;
  }
  return DK_OK;
}

Equations plane(std::int32_t time_kind) {
  Equations plane;
  plane.time_kind = time_kind;
  plane.n = 2;
  plane.m = 1;
  plane.eval = [](double, const double*, const double*, double*) {};
  plane.jacobian = [](double, const double*, const double*, double* J) {
    const double rows[] = {3, -1, 0.5, -0.25};
    std::copy_n(rows, 4, J);
  };
  return plane;
}

// 72 states (i, -i).
Values given() {
  Values states;
  for (int i = 0; i < 72; ++i) states.insert(states.end(), {1.0 * i, -1.0 * i});
  return states;
}

TEST(SamplePaths, OfAMapAreItsStepsFromEveryThirdOf72States) {
  const FakeSystem system(plane(DK_MAP));
  dk_system table = system.table();
  table.simulate = shift;
  const SamplePaths paths = simulate_paths(table, given(), Values{0.5});
  ASSERT_EQ(paths.trajectories.S, 24);
  const std::int64_t T = paths.trajectories.T;
  ASSERT_EQ(paths.states.size(), static_cast<std::size_t>(24 * T * 2));
  const std::size_t at = static_cast<std::size_t>((5 * T + 7) * 2);
  EXPECT_EQ(paths.states[at], 15.0 + 7.0 + 0.5);
  EXPECT_EQ(paths.states[at + 1], -15.0 + 7.0 + 0.5);
}

TEST(SamplePaths, OfAFlowLast100TimeConstantsOfItsFastestDirection) {
  const FakeSystem system(plane(DK_FLOW));
  dk_system table = system.table();
  table.simulate = shift;
  const Values one = {2.0, 1.0};
  const SamplePaths paths = simulate_paths(table, one, Values{0.0});
  ASSERT_EQ(paths.trajectories.S, 1);
  EXPECT_NEAR(paths.states[paths.states.size() - 1], 1.0 + 100.0 / 4.0, 1e-12);  // |J| = 3 + 1
}

TEST(SamplePaths, AreNoneWhereTheSystemCannotBeSimulated) {
  const FakeSystem system(plane(DK_MAP));
  EXPECT_EQ(simulate_paths(system.table(), given(), Values{0.5}).trajectories.S, 0);
  dk_system table = system.table();
  table.simulate = [](const dk_system*, const dk_simulation*, dk_error*) {
    return dk_status{DK_UNSUPPORTED};
  };
  EXPECT_EQ(simulate_paths(table, given(), Values{0.5}).trajectories.S, 0);
}

}  // namespace
}  // namespace dynkit::fixed_points
