#include "plugins/analyses/linearization/linearization.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/fake_system.hpp"

namespace dynkit::linearization {
namespace {

using dynkit::testing::Equations;
using dynkit::testing::FakeHost;
using dynkit::testing::FakeSink;
using dynkit::testing::FakeSystem;
using dynkit::testing::FakeValues;

FakeValues make_values() {
  return FakeValues(Linearization::kSettings);
}

void run(const FakeValues& values, const FakeSystem& system, FakeSink& sink,
         const FakeHost& host = FakeHost()) {
  dynkit::testing::run_analysis(dynkit_plugin_v1()->components[0], values, host.table(),
                                system.table(), sink);
}

constexpr double kSigma = 10.0, kRho = 28.0, kBeta = 2.667;

Equations make_lorenz() {
  Equations lorenz;
  lorenz.n = 3;
  lorenz.jacobian = [](double, const double* x, const double*, double* J) {
    const double rows[] = {-kSigma, kSigma, 0.0, kRho - x[2], -1.0, -x[0], x[1], x[0], -kBeta};
    std::copy_n(rows, 9, J);
  };
  return lorenz;
}

// x' = a x + B u with diagonal a, which an input scales: J depends on u.
Equations make_gain() {
  Equations gain;
  gain.time_kind = DK_MAP;
  gain.n = 2;
  gain.m = 3;
  gain.step = 0.1;
  gain.jacobian = [](double, const double*, const double* u, double* J) {
    const double rows[] = {0.5 + u[0], 0.0, 0.0, -0.25 + u[2]};
    std::copy_n(rows, 4, J);
  };
  gain.input_jacobian = [](double, const double*, const double*, double* B) {
    const double rows[] = {3.0, 0.0, 0.0, 4.0, 2.0, 0.0};
    std::copy_n(rows, 6, B);
  };
  return gain;
}

TEST(Linearization, OfLorenzOriginHasClosedFormEigenvalues) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().array("points", {1, 3}, {0.0, 0.0, 0.0}), system, sink);
  // l^2 + (sigma + 1) l + sigma (1 - rho) = 0, and -beta
  const double half = (kSigma + 1.0) / 2.0;
  const double root = std::sqrt(half * half - kSigma * (1.0 - kRho));
  const auto& lambda = sink.complexes("eigenvalues");
  EXPECT_NEAR(lambda[0].real(), root - half, 1e-10);  // 11.8277
  EXPECT_NEAR(lambda[1].real(), -kBeta, 1e-10);
  EXPECT_NEAR(lambda[2].real(), -root - half, 1e-10);  // -22.8277
  EXPECT_EQ(sink.words("class")[0], "saddle_1");
}

TEST(Linearization, OfLorenzWingsMatchesTheKnownNumbers) {
  const FakeSystem system(make_lorenz());
  const double c = std::sqrt(kBeta * (kRho - 1.0));
  FakeSink sink;
  run(make_values().array("points", {2, 3}, {c, c, kRho - 1.0, -c, -c, kRho - 1.0}), system, sink);
  for (const std::size_t p : {0u, 1u}) {
    // To the digits of the table: -13.8548, 0.0939 +- 10.1951 i.
    const auto* lambda = sink.complexes("eigenvalues").data() + 3 * p;
    EXPECT_NEAR(std::abs(lambda[0] - std::complex<double>(0.0939, 10.1951)), 0.0, 1e-4);
    EXPECT_NEAR(std::abs(lambda[1] - std::complex<double>(0.0939, -10.1951)), 0.0, 1e-4);
    EXPECT_NEAR(lambda[2].real(), -13.8548, 5e-5);
    EXPECT_EQ(sink.words("class")[p], "saddle_2");
    EXPECT_EQ(sink.integers("unstable_directions")[p], 2);
  }
  EXPECT_EQ(sink.integers("saddles")[0], 2);
}

TEST(Linearization, TakesOnePointWithoutAnAxis) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().array("points", {3}, {1.0, 2.0, 3.0}), system, sink);
  EXPECT_EQ(sink.arrays.at("jacobian").shape, (std::vector<std::int64_t>{1, 3, 3}));
  EXPECT_EQ(sink.numbers("jacobian"),
            (std::vector<double>{-10.0, 10.0, 0.0, 25.0, -1.0, -1.0, 2.0, 1.0, -kBeta}));
}

TEST(Linearization, OfNoPointsPutsEmptyArrays) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().array("points", {0, 3}, {}), system, sink);
  EXPECT_EQ(sink.arrays.at("right_eigenvectors").shape, (std::vector<std::int64_t>{0, 3, 3}));
  EXPECT_EQ(sink.integers("points")[0], 0);
}

TEST(Linearization, GivesEachPointTheInputThatItsIndexNames) {
  const FakeSystem system(make_gain());
  FakeSink sink;
  run(make_values()
          .array("points", {4, 2}, std::vector<double>(8, 0.0))
          .array("input", {2, 3}, {0.0, 0.0, 0.0, 0.25, 9.0, 1.0})
          .array("input_index", {4}, {1, 0, 0, 1}),
      system, sink);
  const auto& lambda = sink.complexes("eigenvalues");
  EXPECT_EQ(lambda[0], 0.75);
  EXPECT_EQ(lambda[2], 0.5);
  EXPECT_EQ(lambda[4], 0.5);
  EXPECT_EQ(lambda[6], 0.75);
  EXPECT_EQ(sink.integers("input_index"), (std::vector<std::int64_t>{1, 0, 0, 1}));
}

TEST(Linearization, TakesOneInputRowPerPointOrOneForAll) {
  const FakeSystem system(make_gain());
  FakeSink rows, shared;
  const std::vector<double> points(4, 0.0);
  run(make_values().array("points", {2, 2}, points).array("input", {2, 3}, {0, 0, 0, 2, 0, 0}),
      system, rows);
  EXPECT_EQ(rows.complexes("eigenvalues")[0], 0.5);
  EXPECT_EQ(rows.complexes("eigenvalues")[2], 2.5);
  run(make_values().array("points", {2, 2}, points).array("input", {3}, {2, 0, 0}), system, shared);
  EXPECT_EQ(shared.complexes("eigenvalues")[0], 2.5);
  EXPECT_EQ(shared.complexes("eigenvalues")[2], 2.5);
}

TEST(Linearization, MeasuresHowInputsDriveModes) {
  const FakeSystem system(make_gain());
  FakeSink sink;
  run(make_values().array("points", {1, 2}, {0.0, 0.0}), system, sink);
  // L = I; columns of B are (3,4), (0,2) and 0.
  const auto& drive = sink.complexes("input_drive");
  EXPECT_EQ(drive[0], 3.0);
  EXPECT_EQ(drive[3], 4.0);
  const std::vector<double> overlap = {0.6, 0.0, 0.0, 0.8, 1.0, 0.0};
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(sink.numbers("input_overlap")[i], overlap[i], 1e-15);
}

TEST(Linearization, DrivesAPairByConjugateAmounts) {
  // J turns by a quarter, so r = (1, -i) / sqrt 2 = l for +i, and l^H e_2 = i / sqrt 2.
  Equations turn;
  turn.n = 2;
  turn.m = 1;
  turn.jacobian = [](double, const double*, const double*, double* J) {
    const double rows[] = {0.0, -1.0, 1.0, 0.0};
    std::copy_n(rows, 4, J);
  };
  turn.input_jacobian = [](double, const double*, const double*, double* B) {
    B[0] = 0.0, B[1] = 1.0;
  };
  const FakeSystem system(turn);
  FakeSink sink;
  run(make_values().array("points", {2}, {0.0, 0.0}), system, sink);
  const auto& r = sink.complexes("right_eigenvectors");
  const auto& drive = sink.complexes("input_drive");
  EXPECT_NEAR(std::abs(r[0] * drive[0] - std::complex<double>(0.0, 0.5)), 0.0, 1e-15);
  EXPECT_EQ(drive[1], std::conj(drive[0]));
}

TEST(Linearization, OfMapWithKnownStepIsInTimeUnits) {
  const FakeSystem system(make_gain());
  FakeSink sink;
  run(make_values().array("points", {1, 2}, {0.0, 0.0}), system, sink);
  EXPECT_DOUBLE_EQ(sink.numbers("time_constant")[0], 0.1 / std::log(2.0));
  EXPECT_DOUBLE_EQ(sink.numbers("frequency")[1], 5.0);  // alternates every step of 0.1
  EXPECT_EQ(sink.words("time_unit")[0], "time");
}

TEST(Linearization, OfFlowNamesTheMapOverATimeStep) {
  Equations decay;
  decay.n = 1;
  decay.jacobian = [](double, const double*, const double*, double* J) { J[0] = -3.0; };
  const FakeSystem system(decay);
  FakeSink euler, exponential;
  auto values = make_values();
  values.array("points", {1, 1}, {0.0}).number("dt", 1.0);
  run(values.text("map", "euler"), system, euler);
  run(values.text("map", "expm"), system, exponential);
  EXPECT_EQ(euler.words("map")[0], "I + dt J");
  EXPECT_EQ(euler.complexes("map_eigenvalues")[0], -2.0);
  EXPECT_EQ(euler.words("class")[0], "stable_node");
  EXPECT_EQ(euler.words("map_class")[0], "unstable_node");
  EXPECT_EQ(exponential.words("map")[0], "expm(dt J)");
  EXPECT_NEAR(exponential.numbers("map_jacobian")[0], std::exp(-3.0), 1e-16);
  EXPECT_EQ(exponential.words("map_class")[0], "stable_node");
}

TEST(Linearization, AsksForTheJacobianAtTheGivenTime) {
  Equations driven;
  driven.n = 1;
  driven.flags = DK_USES_TIME;
  driven.jacobian = [](double t, const double*, const double*, double* J) { J[0] = -t; };
  const FakeSystem system(driven);
  FakeSink sink;
  run(make_values().array("points", {1}, {0.0}).number("time", 2.5), system, sink);
  EXPECT_EQ(sink.complexes("eigenvalues")[0], -2.5);
}

TEST(Linearization, LeavesPointsThatTheModelRefusesUndefined) {
  Equations root;
  root.n = 1;
  root.jacobian = [](double, const double* x, const double*, double* J) {
    if (x[0] < 0.0) throw Error(DK_RETRY, "outside the domain");
    J[0] = -std::sqrt(x[0]);
  };
  const FakeSystem system(root);
  FakeSink sink;
  run(make_values().array("points", {3, 1}, {4.0, -1.0, 9.0}), system, sink);
  EXPECT_EQ(sink.words("class"),
            (std::vector<std::string>{"stable_node", "undefined", "stable_node"}));
  EXPECT_EQ(sink.complexes("eigenvalues")[2], -3.0);
  EXPECT_TRUE(std::isnan(sink.numbers("jacobian")[1]));
  EXPECT_EQ(sink.integers("undefined")[0], 1);
}

TEST(Linearization, DoesNotDependOnTheNumberOfThreads) {
  const FakeSystem system(make_lorenz());
  std::vector<double> points;
  for (int i = 0; i < 1300 * 3; ++i) points.push_back(std::sin(i) * 20.0);
  const auto values = make_values().array("points", {1300, 3}, points);
  FakeSink one, four;
  const FakeHost host(4);
  run(values, system, one);
  run(values, system, four, host);
  EXPECT_EQ(one.complexes("left_eigenvectors"), four.complexes("left_eigenvectors"));
  EXPECT_EQ(one.words("class"), four.words("class"));
}

TEST(Linearization, PutsWhatIsDoneWhenCancelled) {
  const FakeSystem system(make_lorenz());
  FakeHost host;
  host.cancel_after = 1;  // the second chunk is asked to stop
  FakeSink sink;
  const auto values = make_values().array("points", {1000, 3}, std::vector<double>(3000, 1.0));
  try {
    run(values, system, sink, host);
    FAIL() << "not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_CANCELLED);
  }
  EXPECT_EQ(sink.words("class").front(), "saddle_1");
  EXPECT_EQ(sink.words("class").back(), "undefined");
}

TEST(Linearization, LeavesMatricesOutOnRequest) {
  const FakeSystem system(make_gain());
  FakeSink sink;
  run(make_values().array("points", {1, 2}, {0.0, 0.0}).integer("matrices", 0), system, sink);
  EXPECT_FALSE(sink.arrays.contains("jacobian"));
  EXPECT_FALSE(sink.arrays.contains("left_eigenvectors"));
  EXPECT_NEAR(sink.numbers("input_overlap")[0], 0.6, 1e-15);
}

TEST(Linearization, DrawsEigenvaluesByClass) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().array("points", {3}, {0.0, 0.0, 0.0}), system, sink);
  const auto& figure = sink.figures.at("eigenvalues");
  EXPECT_EQ(figure.kind, "complex_plane");
  EXPECT_TRUE(sink.arrays.contains(figure.x));
  EXPECT_TRUE(sink.arrays.contains(figure.group));
}

TEST(Linearization, PutsOneTableRowPerPoint) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().array("points", {2, 3}, {0, 0, 0, 1, 1, 1}), system, sink);
  for (const auto& [name, column] : sink.tables.at("points")) {
    EXPECT_EQ(column.shape, (std::vector<std::int64_t>{2})) << name;
  }
}

}  // namespace
}  // namespace dynkit::linearization
