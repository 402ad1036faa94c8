// The component through its tables, as a host runs it.

#include <gtest/gtest.h>

#include <numeric>

#include "equations.hpp"
#include "plugin_run.hpp"
#include "plugins/analyses/fixed_points/points.hpp"

namespace dynkit::fixed_points {
namespace {

using dynkit::testing::Equations;
using dynkit::testing::FakeSink;
using dynkit::testing::FakeValues;
using testing::henon;
using testing::logistic;
using testing::make_values;
using testing::RestSystem;
using testing::run;
using testing::summary;
using testing::units_flow;
using testing::Values;
using testing::word;

TEST(FixedPoints, OfHenonMapAreItsTwoSaddles) {
  RestSystem system(henon(1.4, 0.3));
  FakeSink sink;
  run(make_values(), system, sink);
  const Values& x = sink.numbers("x");
  ASSERT_EQ(x.size(), 4u);
  // 1.4 x^2 + 0.7 x - 1 = 0, y = 0.3 x
  const double root = std::sqrt(0.7 * 0.7 + 4 * 1.4);
  EXPECT_NEAR(x[0], (-0.7 - root) / 2.8, 1e-15);
  EXPECT_NEAR(x[1], 0.3 * x[0], 1e-15);
  EXPECT_NEAR(x[2], (-0.7 + root) / 2.8, 1e-15);
  EXPECT_EQ(sink.words("class"), (std::vector<std::string>{"saddle", "saddle"}));
  EXPECT_EQ(summary(sink, "saddles"), 2);
  EXPECT_EQ(word(sink, "index_check"), "not applicable");
  EXPECT_EQ(word(sink, "complete"), "stop rule met");
}

TEST(FixedPoints, OfPeriodTwoAreTheLogisticOrbit) {
  RestSystem system(logistic(3.2));
  FakeSink sink;
  run(make_values().integer("period", 2), system, sink);
  const double a = 3.2, root = std::sqrt((a + 1) * (a - 3));
  const Values expected = {(a + 1 - root) / (2 * a), (a + 1 + root) / (2 * a), 0.0, 1 - 1 / a};
  const Values& x = sink.numbers("x");
  ASSERT_EQ(x.size(), 4u);  // stable first, then the two of period one
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(x[k], expected[k], 1e-14);
  EXPECT_EQ(sink.integers("period"), (std::vector<std::int64_t>{2, 2, 1, 1}));
}

TEST(FixedPoints, OfPeriodFourCloseTheLogisticOrbit) {
  RestSystem system(logistic(3.5));
  FakeSink sink;
  run(make_values().integer("period", 4), system, sink);
  const std::vector<std::int64_t>& periods = sink.integers("period");
  EXPECT_EQ(std::ranges::count(periods, 1), 2);
  EXPECT_EQ(std::ranges::count(periods, 2), 2);
  EXPECT_EQ(std::ranges::count(periods, 4), 4);  // one stable orbit: 3.5 is below the next doubling
  EXPECT_EQ(summary(sink, "stable"), 4);
  for (const double x : sink.numbers("x")) {
    double y = x;
    for (int k = 0; k < 4; ++k) y = 3.5 * y * (1 - y);
    EXPECT_NEAR(y, x, 1e-13);
  }
}

TEST(FixedPoints, OfFlowObeyTheIndexSumInItsBox) {
  RestSystem system(units_flow(3), testing::cube(3, 2));
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_EQ(summary(sink, "found"), 27);
  EXPECT_EQ(summary(sink, "stable"), 8);
  EXPECT_EQ(summary(sink, "saddles"), 18);
  EXPECT_EQ(summary(sink, "unstable"), 1);
  EXPECT_EQ(summary(sink, "index_sum"), 1);
  EXPECT_EQ(word(sink, "index_check"), "consistent");
  EXPECT_NEAR(sink.numbers("x")[0], -1.915008048155, 1e-11);
}

TEST(FixedPoints, AreSortedByInputThenUnstableDirections) {
  RestSystem system(units_flow(2), testing::cube(2, 3));
  FakeSink sink;
  run(make_values().array("input", {2, 1}, {0.0, 0.7}), system, sink);
  // At u = 0.7, beyond the fold at 0.533, each unit has one point left.
  const std::vector<std::int64_t> inputs = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(sink.integers("input_index"), inputs);
  EXPECT_EQ(sink.integers("unstable_directions"),
            (std::vector<std::int64_t>{0, 0, 0, 0, 1, 1, 1, 1, 2, 0}));
  EXPECT_EQ(sink.integers("index_sums"), (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(word(sink, "index_check"), "consistent");
}

TEST(FixedPoints, OutsideTheDomainAreRejectedWithTheReason) {
  RestSystem system(henon(1.4, 0.3), Box{{-1, -1}, {1.25, 2}});
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_EQ(summary(sink, "found"), 1);
  ASSERT_EQ(sink.words("rejected_reason").size(), 1u);
  EXPECT_EQ(sink.words("rejected_reason")[0],
            "outside the model's domain: x[0] = -1.131 is not in [-1, 1.25]");
}

TEST(FixedPoints, ReportsViolatedIndexSum) {
  // Of the map's two points the box holds the saddle of index -1.
  RestSystem system(logistic(3.2), Box{{-0.1}, {0.5}});
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_EQ(summary(sink, "index_sum"), -1);
  EXPECT_EQ(word(sink, "index_check"), "violated");
  EXPECT_EQ(word(sink, "complete"), "may be incomplete: the index sum is -1, not +1");
}

TEST(FixedPoints, ClassifyEigenvalueOneAsNonhyperbolic) {
  RestSystem system(logistic(1.0));  // x' = x - x^2: a double root at 0
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_EQ(summary(sink, "found"), 1);
  EXPECT_EQ(word(sink, "class"), "nonhyperbolic");
}

TEST(FixedPoints, FindSlowPointOfVanishedFold) {
  Equations fold;
  fold.time_kind = DK_MAP;
  fold.eval = [](double, const double* x, const double*, double* out) {
    out[0] = x[0] + 0.01 + x[0] * x[0];
  };
  fold.jacobian = [](double, const double* x, const double*, double* J) { J[0] = 1 + 2 * x[0]; };
  RestSystem system(fold);
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_EQ(summary(sink, "found"), 0);
  EXPECT_EQ(summary(sink, "slow"), 1);
  EXPECT_NEAR(sink.numbers("slow_x")[0], 0, 1e-7);
  EXPECT_NEAR(sink.numbers("slow_q")[0], 5e-5, 1e-12);
}

TEST(FixedPoints, MeasureDistanceToTheGivenStates) {
  RestSystem system(henon(1.4, 0.3));
  FakeSink sink;
  run(make_values().array("starts", {2, 1, 2}, {0.6, 0.2, 1.0, 1.0}), system, sink);
  const Values& x = sink.numbers("x");
  ASSERT_EQ(x.size(), 4u);
  EXPECT_NEAR(sink.numbers("distance")[1], std::hypot(x[2] - 0.6, x[3] - 0.2), 1e-15);
}

// Typical magnitudes of 1e-3 and 1e3: without them the two roots 2e-6 apart would be merged.
TEST(FixedPoints, UseTheTypicalMagnitudesOfTheState) {
  Equations map;
  map.n = 2;
  map.eval = [](double, const double* x, const double*, double* out) {
    out[0] = (x[0] - 1e-6) * (x[0] + 1e-6);
    out[1] = 1e3 - x[1];
  };
  map.jacobian = [](double, const double* x, const double*, double* J) {
    J[0] = 2 * x[0], J[1] = J[2] = 0, J[3] = -1;
  };
  RestSystem system(map);
  dk_model_info info = *system.table().info;
  const double scale[] = {1e-3, 1e3};
  info.state_scale = scale;
  system.table().info = &info;
  FakeSink sink;
  run(make_values().integer("slow_points", 0), system, sink);
  ASSERT_EQ(summary(sink, "found"), 2);
  const Values& x = sink.numbers("x");
  EXPECT_NEAR(x[0], -1e-6, 1e-15);
  EXPECT_NEAR(x[2], 1e-6, 1e-15);
  EXPECT_NEAR(x[1], 1e3, 1e-9);
}

TEST(FixedPoints, BitsDoNotDependOnTheNumberOfThreads) {
  RestSystem system(units_flow(4), testing::cube(4, 2));
  FakeSink one, three;
  run(make_values(), system, one, 1);
  run(make_values(), system, three, 3);
  for (const char* name : {"x", "q", "residual", "distance"}) {
    EXPECT_EQ(one.numbers(name), three.numbers(name)) << name;
  }
  for (const char* name : {"hits", "index", "unstable_directions", "starts", "factorizations"}) {
    EXPECT_EQ(one.integers(name), three.integers(name)) << name;
  }
}

TEST(FixedPoints, PutWhatScriptsRelyOn) {
  RestSystem system(units_flow(3), testing::cube(3, 2));
  FakeSink sink;
  run(make_values(), system, sink);
  for (const char* name : {"x",
                           "q",
                           "residual",
                           "hits",
                           "distance",
                           "input_index",
                           "index",
                           "unstable_directions",
                           "class",
                           "slow_x",
                           "slow_q",
                           "rejected_x",
                           "rejected_reason",
                           "found",
                           "stable",
                           "saddles",
                           "unstable",
                           "nonhyperbolic",
                           "slow",
                           "starts",
                           "failed",
                           "index_sum",
                           "index_check",
                           "complete",
                           "max_residual",
                           "seconds",
                           "derivative",
                           "residual_form",
                           "rounds",
                           "factorizations"}) {
    EXPECT_TRUE(sink.arrays.contains(name)) << name;
  }
  EXPECT_TRUE(sink.tables.contains("points"));
  EXPECT_FALSE(sink.tables.contains("failed_starts"));
  EXPECT_EQ(sink.figures.at("phase_portrait").kind, "scatter3d");
  EXPECT_NE(sink.texts.at("summary").find("necessary, not sufficient"), std::string::npos);
  const std::vector<std::int64_t>& hits = sink.integers("hits");
  EXPECT_EQ(std::accumulate(hits.begin(), hits.end(), std::int64_t{0}),
            summary(sink, "starts") - summary(sink, "failed"));
}

// x' = 1 + x^2 comes nearest to rest at 0.
TEST(FixedPoints, CountStartsThatReachNoPointByTheirReason) {
  Equations flow;
  flow.eval = [](double, const double* x, const double*, double* out) { out[0] = 1 + x[0] * x[0]; };
  flow.jacobian = [](double, const double* x, const double*, double* J) { J[0] = 2 * x[0]; };
  RestSystem system(flow);
  FakeSink sink;
  run(make_values(), system, sink);
  auto& table = sink.tables.at("failed_starts");
  const auto& counts = std::get<std::vector<std::int64_t>>(table.at("starts").values);
  EXPECT_EQ(summary(sink, "found"), 0);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}),
            summary(sink, "starts"));
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 0);
  EXPECT_EQ(std::get<std::vector<std::string>>(table.at("reason").values).at(0),
            "ended in a local minimum of the residual");
}

void expect_refused(const FakeValues& values, RestSystem& system, const std::string& part) {
  const FakeSink sink;
  try {
    run(values, system, sink);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  EXPECT_TRUE(sink.arrays.empty());
}

TEST(FixedPoints, OfModelThatDependsOnTimeAreRefused) {
  Equations forced = units_flow(1);
  forced.flags = DK_USES_TIME;
  RestSystem system(forced);
  expect_refused(make_values(), system, "period map");
}

TEST(FixedPoints, OfPeriodOfFlowAreRefused) {
  RestSystem system(units_flow(1));
  expect_refused(make_values().integer("period", 2), system, "setting 'period': 2 is for maps");
}

TEST(FixedPoints, OfNoToleranceAreRefused) {
  RestSystem system(units_flow(1));
  expect_refused(make_values().number("tolerance", 0), system, "setting 'tolerance': 0 is not");
}

TEST(FixedPoints, RefuseArraysOfOtherShapes) {
  RestSystem system(units_flow(3));
  expect_refused(make_values().array("starts", {5, 2}, Values(10)), system,
                 "setting 'starts': shape [5,2] is neither [S,3] nor [S,T,3]");
  expect_refused(make_values().array("input", {2, 2}, Values(4)), system,
                 "setting 'input': shape [2,2] is neither [1] nor [U,1]");
  expect_refused(make_values().array("input", {1}, {std::nan("")}), system,
                 "setting 'input': element 0 is nan, not a finite number");
}

}  // namespace
}  // namespace dynkit::fixed_points
