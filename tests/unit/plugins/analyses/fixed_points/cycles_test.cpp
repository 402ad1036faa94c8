// Points of maps with many cycles, against closed form and proved counts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "equations.hpp"
#include "plugin_run.hpp"
#include "plugins/analyses/fixed_points/points.hpp"

namespace dynkit::fixed_points {
namespace {

using dynkit::testing::FakeSink;
using testing::henon;
using testing::logistic;
using testing::make_values;
using testing::RestSystem;
using testing::run;
using testing::summary;
using testing::Values;
using testing::word;

// At a = 4, x = sin^2(theta) doubles theta: F^k(x) = x at theta = pi j / (2^k -+ 1), with the
// multipliers +-2^k, and 4^k at 0. Two points of period 10 are 9.2e-9 apart.
Values doubling_points(int k) {
  const double pi = std::acos(-1.0), power = std::ldexp(1.0, k);
  Values x;
  for (double j = 0; j < power / 2; ++j) {
    x.push_back(std::pow(std::sin(pi * j / (power - 1)), 2));
    if (j > 0) x.push_back(std::pow(std::sin(pi * j / (power + 1)), 2));
  }
  x.push_back(std::pow(std::sin(pi * (power / 2) / (power + 1)), 2));
  std::ranges::sort(x);
  return x;
}

class LogisticPeriods : public ::testing::TestWithParam<int> {};

TEST_P(LogisticPeriods, AreAllFoundAndNoneIsSingular) {
  const int k = GetParam();
  RestSystem system(logistic(4));
  FakeSink sink;
  run(make_values().integer("period", k).integer("slow_points", 0), system, sink);
  Values x = sink.numbers("x");
  std::ranges::sort(x);
  const Values expected = doubling_points(k);
  ASSERT_EQ(expected.size(), std::size_t{1} << k);
  ASSERT_EQ(x.size(), expected.size());
  // Rounding of F over its slope, at the point nearest to its top: 1e-16 / 4e-3.
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], expected[i], 1e-13);
  EXPECT_EQ(std::ranges::count(sink.integers("index"), 0), 0);
  EXPECT_EQ(summary(sink, "unstable"), 1 << k);
}

INSTANTIATE_TEST_SUITE_P(OneToTen, LogisticPeriods, ::testing::Range(1, 11));

// sin^2(pi / (2^13 + 1)) of period 13 lies 1.5e-7 from the fixed point 0, to whose neighborhood F
// brings it back: its period is not 1.
TEST(FixedPoints, NearAFixedPointKeepTheirPeriod) {
  RestSystem system(logistic(4));
  const SystemEquation equation(system.table(), {}, 13, Form::plain, {});
  Root root;
  root.x = {std::pow(std::sin(std::acos(-1.0) / 8193), 2)};
  root.sign = 1;
  root.merge_radius = 1e-12;
  PointOptions options;
  options.period = 13;
  const PointSet set = examine_roots(equation, true, {root}, root.x, std::nullopt, options,
                                     dynkit::testing::FakeHost().table());
  ASSERT_EQ(set.points.size(), 1u);
  EXPECT_EQ(set.points[0].period, 13);
}

// A point of period k belongs to a cycle of k: 56 of 6, and 990 of 10, by Moebius' inversion.
TEST(FixedPoints, OfLogisticPeriodTenBelongToThatManyCycles) {
  RestSystem system(logistic(4));
  FakeSink sink;
  run(make_values().integer("period", 10).integer("slow_points", 0), system, sink);
  const std::vector<std::int64_t>& periods = sink.integers("period");
  EXPECT_EQ(std::ranges::count(periods, 1), 2);
  EXPECT_EQ(std::ranges::count(periods, 2), 2);
  EXPECT_EQ(std::ranges::count(periods, 5), 30);
  EXPECT_EQ(std::ranges::count(periods, 10), 990);
}

// Points of period dividing k: those on the attractor, proved by Z. Galias, "Interval methods for
// rigorous investigations of periodic orbits", Int. J. Bifurcation Chaos 11, 2427 (2001), and the
// saddle off it.
TEST(FixedPoints, OfHenonPeriodsAreAsManyAsProved) {
  const std::map<std::int64_t, std::int64_t> proved = {{2, 4},  {3, 2},  {4, 8},  {5, 2},   {6, 16},
                                                       {7, 30}, {8, 64}, {9, 56}, {10, 104}};
  for (const auto& [period, count] : proved) {
    RestSystem system(henon(1.4, 0.3));
    FakeSink sink;
    run(make_values().integer("period", period).integer("slow_points", 0), system, sink);
    EXPECT_EQ(summary(sink, "found"), count) << "period " << period;
    EXPECT_EQ(summary(sink, "saddles"), count) << "period " << period;
    EXPECT_TRUE(sink.words("rejected_reason").empty());  // starts that come to rest far away fail
    EXPECT_EQ(word(sink, "complete"), "stop rule met") << "period " << period;
  }
}

}  // namespace
}  // namespace dynkit::fixed_points
