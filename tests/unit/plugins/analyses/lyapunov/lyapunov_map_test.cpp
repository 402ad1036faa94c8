#include <gtest/gtest.h>

#include <cmath>

#include "systems.hpp"

namespace dynkit::lyapunov {
namespace {

using testing::Equations;
using testing::FakeHost;
using testing::FakeSink;
using testing::FakeSystem;
using testing::make_henon;
using testing::make_linear;
using testing::make_values;
using testing::run;

TEST(LyapunovMap, OfDiagonalMapIsTheLogOfItsEntries) {
  const FakeSystem system(make_linear(DK_MAP, 3, {0.8, 0, 0, 0, -1.1, 0, 0, 0, 0.01}));
  FakeSink sink;
  run(make_values().number("length", 200).number("burn_in", 100), system, sink);
  const std::vector<double> expected = {std::log(1.1), std::log(0.8), std::log(0.01)};
  for (std::size_t k = 0; k < 3; ++k) {
    // Random directions have come as near the invariant ones as (0.8 / 1.1)^100 = 1e-14.
    EXPECT_NEAR(sink.numbers("exponents")[k], expected[k], 1e-12);
    EXPECT_LT(sink.numbers("standard_error")[k], 1e-12);
  }
  EXPECT_NEAR(sink.numbers("sum_check")[0], 0.0, 1e-12);
  EXPECT_EQ(sink.words("converged")[0], "yes");
}

TEST(LyapunovMap, SaysWhenAnIntervalLeavesNoDigits) {
  // Growths differ by e^2.04 a step: e^41 = 1e18 in 20.
  const FakeSystem system(make_henon());
  FakeSink sink;
  run(make_values().number("qr_interval", 20), system, sink);
  EXPECT_TRUE(sink.words("converged")[0].starts_with("no: in ")) << sink.words("converged")[0];
}

TEST(LyapunovMap, OfCatMapIsTheGoldenMean) {
  const FakeSystem system(make_linear(DK_MAP, 2, {2, 1, 1, 1}));
  FakeSink sink;
  run(make_values(), system, sink);
  const double expected = std::log((3.0 + std::sqrt(5.0)) / 2.0);
  EXPECT_NEAR(sink.numbers("exponents")[0], expected, 1e-12);
  EXPECT_NEAR(sink.numbers("exponents")[1], -expected, 1e-12);
  EXPECT_NEAR(sink.numbers("kaplan_yorke")[0], 2.0, 1e-12);
}

TEST(LyapunovMap, OfLogisticMapIsLogTwo) {
  Equations logistic;
  logistic.time_kind = DK_MAP;
  logistic.typical_state = {0.1234};
  logistic.eval = [](double, const double* x, const double*, double* out) {
    out[0] = 4.0 * x[0] * (1.0 - x[0]);
  };
  logistic.jacobian = [](double, const double* x, const double*, double* J) {
    J[0] = 4.0 - 8.0 * x[0];
  };
  const FakeSystem system(logistic);
  FakeSink sink;
  run(make_values().number("length", 100000), system, sink);
  // log |4 - 8 x| = log 2 + h(x') - h(x) with h = log sqrt(x (1 - x)): a bounded remainder over
  // 1e5.
  EXPECT_NEAR(sink.numbers("exponents")[0], std::log(2.0), 3e-4);
  EXPECT_NEAR(sink.numbers("mean_trace")[0], sink.numbers("exponents")[0], 1e-12);
  EXPECT_LT(sink.numbers("sum_check_error")[0], 1e-12);
}

TEST(LyapunovMap, OfHenonMatchesTheLiterature) {
  const FakeSystem system(make_henon());
  FakeSink sink;
  run(make_values().number("length", 400000), system, sink);
  EXPECT_NEAR(sink.numbers("exponents")[0], 0.419153, 5.0 * sink.numbers("standard_error")[0]);
  EXPECT_LT(sink.numbers("standard_error")[0], 1e-3);
  EXPECT_NEAR(sink.numbers("sum")[0], std::log(0.3), 1e-10);
  EXPECT_NEAR(sink.numbers("sum_check")[0], 0.0, 1e-10);
  EXPECT_NEAR(sink.numbers("kaplan_yorke")[0], 1.258238,
              5.0 * sink.numbers("kaplan_yorke_error")[0]);
}

TEST(LyapunovMap, StandardErrorIsThatOfRepetitions) {
  const FakeSystem system(make_henon());
  double mean = 0.0, square = 0.0, stated = 0.0;
  const int repetitions = 40;
  for (int i = 0; i < repetitions; ++i) {
    FakeSink sink;
    run(make_values().number("length", 6400).array("initial", {2}, {0.01 * i - 0.2, 0.1}), system,
        sink);
    const double exponent = sink.numbers("exponents")[0] - 0.419153;
    mean += exponent / repetitions;
    square += exponent * exponent / repetitions;
    stated += sink.numbers("standard_error")[0] / repetitions;
  }
  const double observed = std::sqrt(square);
  // From 40 repetitions the spread is known to 11 percent; batches are correlated a little.
  EXPECT_GT(stated, 0.5 * observed);
  EXPECT_LT(stated, 2.0 * observed);
  EXPECT_LT(std::abs(mean), 5.0 * observed / std::sqrt(repetitions));
}

TEST(LyapunovMap, OfSingularMapHasAnInfiniteExponent) {
  const FakeSystem system(make_linear(DK_MAP, 3, {0.5, 0, 0, 0, 2, 4, 0, 1, 2}));
  FakeSink sink;
  run(make_values().number("length", 128), system, sink);
  const auto& exponents = sink.numbers("exponents");
  EXPECT_NEAR(exponents[0], std::log(4.0), 1e-12);
  EXPECT_NEAR(exponents[1], std::log(0.5), 1e-12);
  EXPECT_EQ(exponents[2], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(sink.words("converged")[0], "yes");
}

TEST(LyapunovMap, OfRankOneHasOneFiniteExponentAndConverges) {
  // u v^T: one direction ends, while rounding leaves the determinant 1e-17.
  const double u[] = {0.3, 0.2}, v[] = {0.6, 0.2};
  const FakeSystem system(
      make_linear(DK_MAP, 2, {u[0] * v[0], u[0] * v[1], u[1] * v[0], u[1] * v[1]}));
  FakeSink sink;
  run(make_values().number("length", 128), system, sink);
  EXPECT_NEAR(sink.numbers("exponents")[0], std::log(0.18 + 0.04), 1e-12);
  EXPECT_LT(sink.numbers("exponents")[1], -30.0);
  EXPECT_TRUE(std::isfinite(sink.numbers("mean_trace")[0]));
  EXPECT_EQ(sink.words("converged")[0], "yes");
}

TEST(LyapunovMap, IsAlsoPerTimeWhereTheStepIsKnown) {
  Equations map = make_linear(DK_MAP, 2, {0.5, 0, 0, 0.25});
  map.step = 0.1;
  const FakeSystem system(map);
  FakeSink sink;
  run(make_values(), system, sink);
  EXPECT_NEAR(sink.numbers("exponents_per_time")[0], -10.0 * std::log(2.0), 1e-11);
  const auto& column = sink.tables.at("exponents").at("exponent_per_time").numbers();
  EXPECT_EQ(column, sink.numbers("exponents_per_time"));
}

TEST(LyapunovMap, ListsItsExponentsInATable) {
  const FakeSystem system(make_linear(DK_MAP, 3, {0.8, 0, 0, 0, -1.1, 0, 0, 0, 0.01}));
  FakeSink sink;
  run(make_values(), system, sink);
  const auto& table = sink.tables.at("exponents");
  EXPECT_EQ(table.size(), 3u);  // nothing per time where no step is known
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(table.at("k").values),
            (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(table.at("exponent").numbers(), sink.numbers("exponents"));
  EXPECT_EQ(table.at("standard_error").numbers(), sink.numbers("standard_error"));
  EXPECT_EQ(sink.numbers("largest_error")[0], sink.numbers("standard_error")[0]);
}

TEST(LyapunovMap, EntropyIsTheSumOfThePositiveExponents) {
  // Gaps so wide that the directions are found to rounding in the burn-in.
  const FakeSystem system(make_linear(DK_MAP, 4,
                                      {2, 0, 0, 0, 0, 0.3, 0, 0,  //
                                       0, 0, 4, 0, 0, 0, 0, 1}));
  FakeSink all, two;
  run(make_values(), system, all);
  EXPECT_EQ(all.integers("positive")[0], 2);  // the one of 0 is not
  EXPECT_NEAR(all.numbers("entropy")[0], std::log(2.0 * 4.0), 1e-12);
  EXPECT_LT(all.numbers("entropy_error")[0], 1e-12);
  run(make_values().integer("exponents", 2), system, two);
  EXPECT_EQ(two.integers("positive")[0], 2);
  EXPECT_TRUE(std::isnan(two.numbers("entropy")[0]));  // the third might be positive as well
}

TEST(LyapunovMap, FindsTheLeadingExponentAlone) {
  const FakeSystem system(make_henon());
  FakeSink one, all;
  run(make_values().number("length", 6400).integer("exponents", 1), system, one);
  run(make_values().number("length", 6400), system, all);
  ASSERT_EQ(one.numbers("exponents").size(), 1u);
  // The same orbit; tangents agree after the burn-in, whose end is one of growth e^(0.42 640).
  EXPECT_NEAR(one.numbers("exponents")[0], all.numbers("exponents")[0], 1e-10);
  EXPECT_TRUE(std::isnan(one.numbers("sum_check")[0]));
  EXPECT_TRUE(std::isnan(one.numbers("kaplan_yorke")[0]));
}

TEST(LyapunovMap, FindsALeadingExponentThatUnitVectorsMiss) {
  const FakeSystem system(make_linear(DK_MAP, 2, {0.5, 0, 0, 2}));
  FakeSink sink;
  run(make_values().integer("exponents", 1), system, sink);
  EXPECT_NEAR(sink.numbers("largest")[0], std::log(2.0), 1e-12);
}

TEST(LyapunovMap, DoesNotDependOnTheInterval) {
  const FakeSystem system(make_henon());
  FakeSink often, seldom;
  run(make_values().number("length", 6400).number("qr_interval", 1), system, often);
  run(make_values().number("length", 6400).number("qr_interval", 5), system, seldom);
  EXPECT_EQ(often.integers("qr_steps")[0], 6400 + 640);
  EXPECT_EQ(seldom.integers("qr_steps")[0], (6400 + 640) / 5);
  for (const std::size_t k : {0u, 1u}) {
    EXPECT_NEAR(often.numbers("exponents")[k], seldom.numbers("exponents")[k], 1e-9);
  }
}

TEST(LyapunovMap, OfEscapingOrbitIsDataNotError) {
  const FakeSystem system(make_henon(2.0));
  FakeSink sink;
  run(make_values().array("initial", {2}, {3.0, 0.0}), system, sink);
  EXPECT_TRUE(sink.words("converged")[0].starts_with("no: ")) << sink.words("converged")[0];
  EXPECT_TRUE(std::isnan(sink.numbers("largest")[0]));
}

TEST(LyapunovMap, PutsWhatIsDoneWhenCancelled) {
  const FakeSystem system(make_linear(DK_MAP, 2, {0.5, 0, 0, 0.25}));
  FakeHost host;
  host.cancel_after = 160;
  FakeSink sink;
  EXPECT_THROW(run(make_values().number("length", 6400), system, sink, host), Error);
  EXPECT_EQ(sink.words("converged")[0], "no: cancelled");
  EXPECT_NEAR(sink.numbers("exponents")[0], std::log(0.5), 1e-6);
  EXPECT_NEAR(sink.numbers("sum_check")[0], 0.0, 1e-12);
  EXPECT_LT(sink.numbers("length")[0], 6400.0);
}

TEST(LyapunovMap, SaysWhenItIsCancelledTooEarly) {
  const FakeSystem system(make_linear(DK_MAP, 2, {0.5, 0, 0, 0.25}));
  const auto verdict = [&](double burn_in) {
    FakeHost host;
    host.cancel_after = 3;
    FakeSink sink;
    EXPECT_THROW(
        run(make_values().number("length", 6400).number("burn_in", burn_in), system, sink, host),
        Error);
    return sink.words("converged")[0];
  };
  EXPECT_EQ(verdict(640), "no: cancelled during the burn-in, before any exponent");
  EXPECT_EQ(verdict(0), "no: cancelled within the first batch");
}

}  // namespace
}  // namespace dynkit::lyapunov
