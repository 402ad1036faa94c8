#include "plugins/analyses/fixed_points/stability.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::Values;

constexpr double kTolerance = 1e-6;

// Block diagonal: eigenvalues a, and b (cos c +- i sin c).
Values matrix(double a, double b, double c) {
  return {a, 0, 0, 0, b * std::cos(c), -b * std::sin(c), 0, b * std::sin(c), b * std::cos(c)};
}

TEST(Stability, OfMapComparesMagnitudesWithOne) {
  EXPECT_EQ(classify(matrix(-0.9, 0.8, 2), 3, true, kTolerance).kind, Kind::stable);
  EXPECT_EQ(classify(matrix(-1.1, 0.8, 2), 3, true, kTolerance).kind, Kind::saddle);
  EXPECT_EQ(classify(matrix(-1.1, 0.8, 2), 3, true, kTolerance).unstable, 1);
  EXPECT_EQ(classify(matrix(0.5, 1.1, 2), 3, true, kTolerance).unstable, 2);
  EXPECT_EQ(classify(matrix(-1.1, 1.2, 2), 3, true, kTolerance).kind, Kind::unstable);
}

TEST(Stability, OfFlowComparesRealPartsWithZero) {
  // b cos 2 < 0 whatever the size of b.
  EXPECT_EQ(classify(matrix(-0.1, 5, 2), 3, false, kTolerance).kind, Kind::stable);
  EXPECT_EQ(classify(matrix(0.1, 5, 2), 3, false, kTolerance).unstable, 1);
  EXPECT_EQ(classify(matrix(-0.1, 5, 1), 3, false, kTolerance).unstable, 2);
  EXPECT_EQ(classify(matrix(0.1, 5, 1), 3, false, kTolerance).kind, Kind::unstable);
}

TEST(Stability, OnTheBorderIsNonhyperbolic) {
  EXPECT_EQ(classify(matrix(0.5, 1 + 1e-7, 1), 3, true, kTolerance).kind, Kind::nonhyperbolic);
  EXPECT_EQ(classify(matrix(0.5, 1 + 1e-5, 1), 3, true, kTolerance).kind, Kind::saddle);
  EXPECT_EQ(classify(matrix(-1, 1, std::acos(0.0)), 3, false, kTolerance).kind,
            Kind::nonhyperbolic);
}

TEST(Stability, ListsGrowingEigenvaluesFastestFirstAndPairsOnce) {
  const auto map = classify(matrix(-1.1, 1.2, 2), 3, true, kTolerance).growing;
  ASSERT_EQ(map.size(), 2u);
  EXPECT_NEAR(std::abs(map[0] - std::polar(1.2, 2.0)), 0, 1e-14);
  EXPECT_NEAR(std::abs(map[1] + 1.1), 0, 1e-14);
  const auto flow = classify(matrix(3, 2, 1), 3, false, kTolerance).growing;  // 2 cos 1 = 1.08
  ASSERT_EQ(flow.size(), 2u);
  EXPECT_NEAR(std::abs(flow[0] - 3.0), 0, 1e-14);
  EXPECT_TRUE(classify(matrix(-0.1, 5, 2), 3, false, kTolerance).growing.empty());
}

// A flow's unit of time is a convention: per second or per millisecond, the class is the same.
TEST(Stability, OfFlowDoesNotDependOnTheUnitOfTime) {
  for (const double unit : {1e-9, 1.0, 1e9}) {
    Values J = matrix(-0.1, 5, 1);
    for (double& v : J) v *= unit;
    EXPECT_EQ(classify(J, 3, false, kTolerance).unstable, 2);
  }
}

TEST(Stability, OfNanJacobianIsUnknown) {
  const Stability stability = classify(Values{NAN}, 1, true, kTolerance);
  EXPECT_EQ(stability.kind, Kind::nonhyperbolic);
  EXPECT_EQ(stability.unstable, -1);
}

}  // namespace
}  // namespace dynkit::fixed_points
