#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "systems.hpp"

namespace dynkit::lyapunov {
namespace {

using testing::Equations;
using testing::FakeSink;
using testing::FakeSystem;
using testing::FakeValues;
using testing::make_linear;
using testing::make_lorenz;
using testing::make_values;
using testing::make_van_der_pol;
using testing::run;

TEST(LyapunovFlow, OfLinearFlowIsTheRealPartsOfItsEigenvalues) {
  // Eigenvalues 0.1, -0.4 +- 3 i.
  const FakeSystem system(make_linear(DK_FLOW, 3, {-0.4, -3, 0, 3, -0.4, 0, 1, 2, 0.1}));
  FakeSink sink;
  run(make_values().number("length", 400).number("step", 0.005), system, sink);
  const auto& exponents = sink.numbers("exponents");
  // The integrator's error is 3 (3 h)^4 / 100 < 1e-8; the pair's growth swings within a turn.
  EXPECT_NEAR(exponents[0], 0.1, 1e-7);
  EXPECT_NEAR(exponents[1] + exponents[2], -0.8, 1e-7);
  EXPECT_NEAR(exponents[1], -0.4, 1e-2);
  EXPECT_NEAR(sink.numbers("sum_check")[0], 0.0, 1e-7);
}

TEST(LyapunovFlow, OfVanDerPolHasTheFloquetExponent) {
  const FakeSystem system(make_van_der_pol());
  FakeSink sink;
  run(make_values().number("length", 1000), system, sink);
  const auto& exponents = sink.numbers("exponents");
  // Both oscillate within a period, and are cut at no whole number of periods: order 1 / T.
  EXPECT_NEAR(exponents[0], 0.0, 2e-3);
  EXPECT_NEAR(exponents[1], -1.05937699, 2e-3);
  EXPECT_NEAR(sink.numbers("kaplan_yorke")[0], 1.0, 2e-3);
}

TEST(LyapunovFlow, OfLorenzMatchesTheLiterature) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().number("length", 2000), system, sink);
  const auto& exponents = sink.numbers("exponents");
  const auto& errors = sink.numbers("standard_error");
  EXPECT_NEAR(exponents[0], 0.90535, 5.0 * errors[0]);
  EXPECT_LT(errors[0], 0.01);
  EXPECT_NEAR(exponents[1], 0.0, 2e-3);
  EXPECT_NEAR(exponents[2], -14.57201, 5.0 * errors[2]);
  // tr J = -41/3 everywhere: only the integrator's error is left.
  EXPECT_NEAR(sink.numbers("sum")[0], -41.0 / 3.0, 1e-4);
  EXPECT_NEAR(sink.numbers("mean_trace")[0], -41.0 / 3.0, 1e-12);
  EXPECT_NEAR(sink.numbers("kaplan_yorke")[0], 2.06213,
              5.0 * sink.numbers("kaplan_yorke_error")[0]);
  EXPECT_EQ(sink.words("converged")[0], "yes");
}

TEST(LyapunovFlow, ChoosesIntervalsByTheTolerance) {
  const FakeSystem system(make_lorenz());
  // Rates differ by 15.5, an interval is to spread them by log(1e-3 / rtol) = 6.9 and 11.5, or a
  // little less so that whole ones fill a batch.
  const auto count_steps = [&](double rtol) {
    FakeSink sink;
    run(make_values().number("length", 1000).number("rtol", rtol), system, sink);
    EXPECT_GE(sink.numbers("worst_pivot")[0], rtol / 1e-3 / 50.0);
    return static_cast<double>(sink.integers("qr_steps")[0]);
  };
  EXPECT_NEAR(count_steps(1e-6), 1100 * 15.5 / 6.9, 300);
  EXPECT_NEAR(count_steps(1e-8), 1100 * 15.5 / 11.5, 250);
}

TEST(LyapunovFlow, SaysWhenTangentsBecomeParallelWithinTheTolerance) {
  const FakeSystem system(make_lorenz());
  const auto verdict_of = [&](const FakeValues& values) {
    FakeSink sink;
    run(values, system, sink);
    return sink.words("converged")[0];
  };
  // In an interval of 0.4 they spread by e^6.2 = 490 on average: rtol = 1e-5 leaves an error of
  // 0.005 of what is left of the last one, rtol = 1e-3 one of 0.5.
  const auto values = [](double rtol) {
    return make_values().number("length", 100).number("qr_interval", 0.4).number("rtol", rtol);
  };
  EXPECT_EQ(verdict_of(values(1e-5)), "yes");
  EXPECT_TRUE(verdict_of(values(1e-3)).starts_with("no: in "));
  EXPECT_NE(verdict_of(values(1e-3)).find("parallel within rtol"), std::string::npos);
}

TEST(LyapunovFlow, SaysWhenTheSumContradictsTheTrace) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;  // steps that are too long for the orbit
  run(make_values().number("length", 200).text("method", "rk4").number("step", 0.1), system, sink);
  EXPECT_TRUE(sink.words("converged")[0].starts_with("no: the sum of the exponents is not"));
  EXPECT_GT(std::abs(sink.numbers("sum_check")[0]), 0.5);
}

TEST(LyapunovFlow, OfARotationIsZeroAndConverges) {
  const FakeSystem system(make_linear(DK_FLOW, 2, {0, 1, -1, 0}));
  FakeSink sink;
  run(make_values().number("length", 100).number("rtol", 1e-5).number("step", 0.02), system, sink);
  EXPECT_EQ(sink.words("converged")[0], "yes");
  // Runge-Kutta's own contraction: h^5 / 144 = 2e-11 a step of 0.02.
  for (const double exponent : sink.numbers("exponents")) EXPECT_NEAR(exponent, 0.0, 2e-9);
}

TEST(LyapunovFlow, OfAPhaseIsZero) {
  // dx/dt = 1.7: nothing in it grows.
  Equations phase;
  phase.eval = [](double, const double*, const double*, double* out) { out[0] = 1.7; };
  phase.jacobian = [](double, const double*, const double*, double* J) { J[0] = 0.0; };
  const FakeSystem system(phase);
  FakeSink sink;
  run(make_values().number("length", 100), system, sink);
  EXPECT_EQ(sink.words("converged")[0], "yes");
  EXPECT_EQ(sink.numbers("exponents")[0], 0.0);
}

TEST(LyapunovFlow, EndsWhereTheOrbitGoesToInfinity) {
  // x' = x^2 from 1: x = 1 / (1 - t), and a tangent grows as the square.
  Equations blow_up;
  blow_up.n = 1;
  blow_up.eval = [](double, const double* x, const double*, double* out) { out[0] = x[0] * x[0]; };
  blow_up.jacobian = [](double, const double* x, const double*, double* J) { J[0] = 2.0 * x[0]; };
  const FakeSystem system(blow_up);
  FakeSink sink;
  run(make_values().number("length", 100).array("initial", {1}, {1.0}), system, sink);
  EXPECT_TRUE(sink.words("converged")[0].starts_with("no: ")) << sink.words("converged")[0];
  EXPECT_LT(sink.integers("qr_steps")[0], 10000);
}

TEST(LyapunovFlow, RepeatsAPieceThatLosesADirection) {
  // At t = 50 the second state begins to decay at 300 instead of 0.01: over the interval of 0.09
  // that was right before, its tangent loses 12 digits.
  Equations sudden;
  sudden.n = 2;
  sudden.flags = DK_USES_TIME;
  sudden.eval = [](double, const double*, const double*, double* out) { out[0] = out[1] = 0.0; };
  sudden.jacobian = [](double t, const double*, const double*, double* J) {
    const double rows[] = {2.0, 0.0, 0.0, t < 50.0 ? -0.01 : -300.0};
    std::copy_n(rows, 4, J);
  };
  const FakeSystem system(sudden);
  FakeSink sink;
  run(make_values().number("length", 96).number("burn_in", 10).number("step", 1e-3), system, sink);
  // RK4 at h = 1e-3 misses exp(-300 h) by 2e-5, one part in 4e4 of the rate; the step at t = 50
  // mixes the two rates: 0.3 of 16800.
  EXPECT_NEAR(sink.numbers("exponents")[0], 2.0, 1e-8);
  EXPECT_NEAR(sink.numbers("exponents")[1], -(40.0 * 0.01 + 56.0 * 300.0) / 96.0, 0.02);
  EXPECT_GE(sink.numbers("worst_pivot")[0], 1e-10);
}

TEST(LyapunovFlow, PutsExponentsInDescendingOrder) {
  // Both are -0.4 in the limit; at a finite length either tangent may have grown more.
  const FakeSystem system(make_linear(DK_FLOW, 2, {-0.4, -9, 1, -0.4}));
  for (const double length : {20.1, 20.3, 20.5, 20.7, 20.9, 21.1, 21.3, 21.5}) {
    FakeSink sink;
    run(make_values().number("length", length).number("burn_in", 5), system, sink);
    const auto& exponents = sink.numbers("exponents");
    EXPECT_GE(exponents[0], exponents[1]) << length;
    const auto& series = sink.numbers("series");
    EXPECT_EQ(series[series.size() - 2], exponents[0]);
  }
}

TEST(LyapunovFlow, GoesOnUntilTheErrorIsReached) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().number("length", 100).number("target_error", 0.012), system, sink);
  EXPECT_EQ(sink.words("converged")[0], "yes");
  EXPECT_GT(sink.numbers("length")[0], 100.0);
  for (const double error : sink.numbers("standard_error")) EXPECT_LE(error, 0.012);
  EXPECT_LT(sink.numbers("length")[0], 5000.0);  // of 10000 allowed
}

TEST(LyapunovFlow, SaysWhenTheErrorIsNotReached) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  const FakeValues values =
      make_values().number("length", 64).number("target_error", 1e-6).number("max_length", 130);
  run(values, system, sink);
  EXPECT_TRUE(sink.words("converged")[0].starts_with("no: a standard error is "));
  EXPECT_LE(sink.numbers("length")[0], 130.0);
  EXPECT_GT(sink.numbers("length")[0], 100.0);
}

TEST(LyapunovFlow, SeesThatAnOrbitIsStillSettling) {
  // Slow leakage out of a saddle's neighborhood: rate tanh(t - 50) changes its sign half way.
  Equations slow;
  slow.n = 1;
  slow.flags = DK_USES_TIME;
  slow.eval = [](double, const double*, const double*, double* out) { out[0] = 0.0; };
  slow.jacobian = [](double t, const double*, const double*, double* J) {
    J[0] = std::tanh(0.1 * (t - 50.0));
  };
  const FakeSystem system(slow);
  FakeSink sink;
  run(make_values().number("length", 100).number("burn_in", 0), system, sink);
  EXPECT_TRUE(sink.words("converged")[0].starts_with("no: exponent 1 differs between the halves"));
}

TEST(LyapunovFlow, PassesItsInputOn) {
  Equations driven;
  driven.n = 1;
  driven.m = 2;
  driven.eval = [](double, const double* x, const double* u, double* out) {
    out[0] = (u[0] - u[1]) * x[0];
  };
  driven.jacobian = [](double, const double*, const double* u, double* J) { J[0] = u[0] - u[1]; };
  const FakeSystem system(driven);
  FakeSink sink;
  run(make_values().number("length", 10).array("input", {2}, {0.25, 1.0}), system, sink);
  EXPECT_NEAR(sink.numbers("largest")[0], -0.75, 1e-9);
  EXPECT_NEAR(sink.numbers("mean_trace")[0], -0.75, 1e-12);
}

TEST(LyapunovFlow, CountsOnlyExponentsThatAreSurelyPositive) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().number("length", 200), system, sink);
  EXPECT_EQ(sink.integers("positive")[0], 1);  // that along the flow is 0
  EXPECT_EQ(sink.numbers("entropy")[0], sink.numbers("largest")[0]);
  EXPECT_EQ(sink.numbers("entropy_error")[0], sink.numbers("largest_error")[0]);
}

TEST(LyapunovFlow, DrawsALineForEachExponent) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  run(make_values().number("length", 64), system, sink);
  const auto& figure = sink.figures.at("convergence");
  EXPECT_EQ(figure.kind, "line");
  EXPECT_EQ(figure.series, 3u);
  EXPECT_EQ(figure.x, "series_time");
  const auto T = sink.arrays.at("series_time").shape[0];
  EXPECT_EQ(sink.arrays.at("series").shape, (std::vector<std::int64_t>{T, 3}));
  EXPECT_GT(T, 50);
}

}  // namespace
}  // namespace dynkit::lyapunov
