#include "plugins/analyses/fixed_points/registry.hpp"

#include <gtest/gtest.h>

#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::normal_states;
using testing::Values;

Root make_root(Values x, double merge, double capture) {
  Root root;
  root.x = std::move(x);
  root.merge_radius = merge;
  root.capture_radius = capture;
  return root;
}

TEST(Registry, FindsTheNearestOfRootsThatCapture) {
  Registry registry({1.0, 2.0});
  registry.add(make_root({0.0, 0.0}, 1e-6, 0.5));
  registry.add(make_root({0.3, 0.0}, 1e-6, 0.5));
  EXPECT_EQ(registry.find_capturing(Values{0.2, 0.0}), 1);
}

TEST(Registry, CapturesWithinEachRootsOwnRadius) {
  Registry registry({1.0, 2.0});
  registry.add(make_root({0.0, 0.0}, 1e-6, 0.5));
  registry.add(make_root({1.0, 1.0}, 1e-6, 1e-3));
  EXPECT_EQ(registry.find_capturing(Values{1.01, 1.01}), -1);
}

TEST(Registry, MergesWithinTheWiderOfTwoAccuracies) {
  Registry registry({1.0, 2.0});
  registry.add(make_root({0.0, 0.0}, 1e-6, 1e-3));
  EXPECT_EQ(registry.find_same(Values{1e-4, 0.0}, 1e-6), -1);
  EXPECT_EQ(registry.find_same(Values{1e-4, 0.0}, 1e-3), 0);
}

// The window of projections must hold every root in reach: the corner of the cube around y is
// sqrt(n) times farther in the 2-norm than in the max-norm.
TEST(Registry, AgreesWithSearchThroughAllRoots) {
  constexpr std::int64_t kCount = 300, n = 5;
  const Values points = normal_states(kCount, n);
  Registry registry(normal_states(1, n, 3));
  std::vector<Root> all;
  for (std::size_t k = 0; k < kCount; ++k) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(k * n);
    all.push_back(make_root({begin, begin + n}, 1e-6, 0.7));
    registry.add(all.back());
  }
  int captured = 0;
  const Values probes = normal_states(100, n, 4);
  for (std::size_t k = 0; k < 100; ++k) {
    const std::span<const double> y = std::span(probes).subspan(k * n, n);
    const double distance = testing::nearest(all, y);
    const std::int64_t found = registry.find_capturing(y);
    ASSERT_EQ(found >= 0, distance <= 0.7);
    if (found < 0) continue;
    ++captured;
    EXPECT_EQ(testing::nearest({all[static_cast<std::size_t>(found)]}, y), distance);
  }
  EXPECT_GT(captured, 20);
  EXPECT_LT(captured, 90);
}

}  // namespace
}  // namespace dynkit::fixed_points
