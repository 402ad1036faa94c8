#include "plugins/analyses/linearization/stability.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace dynkit::linearization {
namespace {

using Lambda = std::vector<std::complex<double>>;

std::string of_flow(const Lambda& lambda, double tolerance = 1e-6) {
  return classify(lambda, TimeKind::flow, tolerance).name;
}
std::string of_map(const Lambda& lambda, double tolerance = 1e-6) {
  return classify(lambda, TimeKind::map, tolerance).name;
}

TEST(Portrait, OfFlowFollowsTheSignOfRealParts) {
  EXPECT_EQ(of_flow({-1.0, -2.0}), "stable_node");
  EXPECT_EQ(of_flow({{-1.0, 3.0}, {-1.0, -3.0}}), "stable_focus");
  EXPECT_EQ(of_flow({2.0, 0.5}), "unstable_node");
  EXPECT_EQ(of_flow({{1.0, 3.0}, {1.0, -3.0}}), "unstable_focus");
  EXPECT_EQ(of_flow({{0.2, 3.0}, {0.2, -3.0}, -4.0}), "saddle_2");
}

TEST(Portrait, OfMapFollowsTheModulus) {
  EXPECT_EQ(of_map({-0.9, 0.5}), "stable_node");
  EXPECT_EQ(of_map({{0.5, 0.6}, {0.5, -0.6}, 0.1}), "stable_focus");
  EXPECT_EQ(of_map({-3.0, 2.0, 1.5}), "unstable_node");
  EXPECT_EQ(of_map({1.5, {0.1, 0.2}, {0.1, -0.2}}), "saddle_1");
}

TEST(Portrait, IsNodeOrFocusByTheEigenvalueNextToTheLimit) {
  EXPECT_EQ(of_flow({-1.0, {-2.0, 5.0}, {-2.0, -5.0}}), "stable_node");
  EXPECT_EQ(of_flow({{-1.0, 5.0}, {-1.0, -5.0}, -2.0}), "stable_focus");
  EXPECT_EQ(of_flow({3.0, {1.0, 5.0}, {1.0, -5.0}}), "unstable_focus");
  EXPECT_EQ(of_flow({{3.0, 5.0}, {3.0, -5.0}, 1.0}), "unstable_node");
}

TEST(Portrait, WithNeutralEigenvalueIsNotHyperbolic) {
  EXPECT_EQ(of_flow({0.0, -1.0}), "nonhyperbolic");
  EXPECT_EQ(of_flow({{0.0, 2.0}, {0.0, -2.0}}), "center");
  EXPECT_EQ(of_flow({{0.0, 2.0}, {0.0, -2.0}, -1.0}), "nonhyperbolic");
  EXPECT_EQ(of_map({-1.0, 0.3}), "nonhyperbolic");
  EXPECT_EQ(of_map({{0.6, 0.8}, {0.6, -0.8}}), "center");
  EXPECT_EQ(of_flow({0.0, 0.0}), "nonhyperbolic");
}

TEST(Portrait, OfFlowDoesNotDependOnTheUnitOfTime) {
  for (const double unit : {1e-6, 1.0, 1e6}) {
    EXPECT_EQ(of_flow({1e-4 * unit, -1.0 * unit}, 1e-3), "nonhyperbolic");
    EXPECT_EQ(of_flow({1e-2 * unit, -1.0 * unit}, 1e-3), "saddle_1");
  }
}

TEST(Portrait, CountsDirections) {
  const Portrait portrait = classify(Lambda{2.0, -1.5, 1.0, 0.5}, TimeKind::map, 1e-6);
  EXPECT_EQ(portrait.unstable_directions, 2);
  EXPECT_EQ(portrait.center_directions, 1);
}

TEST(Portrait, OfNanIsUndefined) {
  EXPECT_EQ(of_flow({std::numeric_limits<double>::quiet_NaN(), -1.0}), "undefined");
}

TEST(TimeConstant, IsTheTimeOfChangeByE) {
  EXPECT_DOUBLE_EQ(time_constant({-0.25, 3.0}, TimeKind::flow, 1.0), 4.0);
  // 0.5^(tau / h) = 1/e
  EXPECT_DOUBLE_EQ(time_constant(-0.5, TimeKind::map, 0.1), 0.1 / std::log(2.0));
  EXPECT_TRUE(std::isinf(time_constant(1.0, TimeKind::map, 1.0)));
  EXPECT_TRUE(std::isinf(time_constant({0.0, 1.0}, TimeKind::flow, 1.0)));
  EXPECT_EQ(time_constant(0.0, TimeKind::map, 1.0), 0.0);
}

TEST(Frequency, IsTurnsPerTime) {
  EXPECT_DOUBLE_EQ(frequency({-1.0, -4.0 * std::numbers::pi}, TimeKind::flow, 1.0), 2.0);
  // A quarter turn in a step of 0.05; a negative multiplier alternates: half a turn.
  EXPECT_DOUBLE_EQ(frequency({0.0, 0.7}, TimeKind::map, 0.05), 5.0);
  EXPECT_DOUBLE_EQ(frequency(-0.7, TimeKind::map, 1.0), 0.5);
}

}  // namespace
}  // namespace dynkit::linearization
