#include "plugins/analyses/fixed_points/slow_points.hpp"

#include <gtest/gtest.h>

#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::Equation;
using testing::normal_states;
using testing::scalar_equation;
using testing::Values;

std::vector<SlowPoint> find(const RestEquation& equation, const Values& starts,
                            const SlowOptions& options = {}) {
  const dynkit::testing::FakeHost host;
  return find_slow_points(equation, starts, options, host.table());
}

// x' = x + eps + x^2: past the fold, slowest at 0, where q = eps^2 / 2.
TEST(SlowPoints, OfVanishedFoldIsAtItsBottleneck) {
  for (const double eps : {1e-2, 1e-4}) {
    const Equation fold =
        scalar_equation([eps](double x) { return eps + x * x; }, [](double x) { return 2 * x; });
    const std::vector<SlowPoint> slow = find(fold, normal_states(6, 1));
    ASSERT_EQ(slow.size(), 1u);
    EXPECT_NEAR(slow[0].x[0], 0, 1e-7);
    EXPECT_NEAR(slow[0].q, 0.5 * eps * eps, 1e-12 * eps);
    EXPECT_EQ(slow[0].hits, 6);
  }
}

TEST(SlowPoints, ExcludeRoots) {
  EXPECT_TRUE(find(testing::uncoupled_units(3), normal_states(20, 3)).empty());
}

TEST(SlowPoints, ExcludeMinimaAboveTheThreshold) {
  const Equation fold =
      scalar_equation([](double x) { return 0.1 + x * x; }, [](double x) { return 2 * x; });
  EXPECT_TRUE(find(fold, normal_states(6, 1)).empty());  // q = 5e-3
  EXPECT_EQ(find(fold, normal_states(6, 1), {.fastest = 1e-2}).size(), 1u);
}

// Two uncoupled directions: a bottleneck at x = 0.1 or a saddle of q between; y rests at +-0.957
// and at 0, so the slow points are (0.1, y) for each of the three.
TEST(SlowPoints, InTwoDimensionsAreOneForEachRootOfTheOther) {
  const Equation mixed(2, [](std::span<const double> x, std::span<double> r, std::span<double> J) {
    const double F = std::tanh(2 * x[1]);
    r[0] = 0.02 + (x[0] - 0.1) * (x[0] - 0.1);
    r[1] = F - x[1];
    if (J.empty()) return;
    J[0] = 2 * (x[0] - 0.1);
    J[1] = J[2] = 0;
    J[3] = 1 - 2 * F * F;
  });
  const std::vector<SlowPoint> slow = find(mixed, normal_states(40, 2));
  ASSERT_EQ(slow.size(), 3u);
  for (const SlowPoint& point : slow) {
    EXPECT_NEAR(point.x[0], 0.1, 1e-7);
    EXPECT_NEAR(std::abs(std::tanh(2 * point.x[1]) - point.x[1]), 0, 1e-9);
  }
}

// q = 1/2 (eps + x^2 - y^2)^2 + ... has a saddle at 0: descent must not end there.
TEST(SlowPoints, ExcludeSaddlesOfTheSpeed) {
  const Equation saddle(2, [](std::span<const double> x, std::span<double> r, std::span<double> J) {
    r[0] = 0.01 + x[0] * x[0] - x[1] * x[1];
    r[1] = 0;
    if (!J.empty()) J[0] = 2 * x[0], J[1] = -2 * x[1], J[2] = J[3] = 0;
  });
  EXPECT_TRUE(find(saddle, {0.3, 0, 0.3, 1e-7, -0.2, 0}).empty());
}

TEST(SlowPoints, DoNotDependOnTheNumberOfThreads) {
  const Equation fold =
      scalar_equation([](double x) { return 0.01 + x * x; }, [](double x) { return 2 * x; });
  const dynkit::testing::FakeHost one(1), three(3);
  const Values starts = normal_states(9, 1);
  const auto a = find_slow_points(fold, starts, {}, one.table());
  const auto b = find_slow_points(fold, starts, {}, three.table());
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(a[0].x, b[0].x);
}

}  // namespace
}  // namespace dynkit::fixed_points
