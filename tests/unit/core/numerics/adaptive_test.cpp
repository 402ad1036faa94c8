#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

// Lorenz by Taylor series of degree 30 in extended precision: independent of every method here.
// With steps of 0.01 the remainder is far below the rounding of 1e-19 a step.
std::array<long double, 3> lorenz_by_taylor(std::array<long double, 3> x, int steps) {
  constexpr int kDegree = 30;
  const long double h = 0.01L;
  for (int step = 0; step < steps; ++step) {
    long double a[kDegree + 1][3] = {{x[0], x[1], x[2]}};
    for (int k = 0; k < kDegree; ++k) {
      long double xz = 0.0L, xy = 0.0L;
      for (int j = 0; j <= k; ++j) {
        xz += a[j][0] * a[k - j][2];
        xy += a[j][0] * a[k - j][1];
      }
      const long double next = static_cast<long double>(k + 1);
      a[k + 1][0] = 10.0L * (a[k][1] - a[k][0]) / next;
      a[k + 1][1] = (28.0L * a[k][0] - xz - a[k][1]) / next;
      a[k + 1][2] = (xy - 8.0L / 3.0L * a[k][2]) / next;
    }
    for (std::size_t i = 0; i < 3; ++i) {
      long double sum = 0.0L;
      for (int k = kDegree; k >= 0; --k) sum = sum * h + a[k][i];
      x[i] = sum;
    }
  }
  return x;
}

double lorenz_error_at_5(Method method, double tolerance) {
  PointField field = lorenz();
  field.with_jacobian(lorenz_jacobian);
  Request run({1.0, 1.0, 1.0}, 3, {0.0, 5.0});
  simulate_flow(field, with(method, tolerance, tolerance), run.request);
  const auto exact = lorenz_by_taylor({1.0L, 1.0L, 1.0L}, 500);
  double worst = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double value = run.at(0, 1, static_cast<std::int64_t>(i));
    worst = std::max(worst, std::abs(static_cast<double>(value - exact[i])));
  }
  return worst;
}

TEST(Adaptive, FollowsLorenzToFullTolerance) {
  for (const Method method :
       {Method::tsit5, Method::dop853, Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    EXPECT_LT(lorenz_error_at_5(method, 1e-9), 1e-6) << method_name(method);
  }
}

// Three decades of tolerance must buy more than two of error.
TEST(Adaptive, ErrorFallsWithTheTolerance) {
  for (const Method method : {Method::tsit5, Method::dop853}) {
    const double coarse = lorenz_error_at_5(method, 1e-4), fine = lorenz_error_at_5(method, 1e-7),
                 finest = lorenz_error_at_5(method, 1e-10);
    EXPECT_LT(fine, 1e-2 * coarse) << method_name(method);
    EXPECT_LT(finest, 1e-2 * fine) << method_name(method);
  }
}

// exp(A t) x0 by its series, in extended precision.
std::array<long double, 3> exponential(const double (&A)[3][3], long double t,
                                       std::array<long double, 3> x) {
  std::array<long double, 3> sum = x;
  for (int k = 1; k < 120; ++k) {
    std::array<long double, 3> next{};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        next[i] += static_cast<long double>(A[i][j]) * x[j] * t / static_cast<long double>(k);
      }
    }
    x = next;
    for (std::size_t i = 0; i < 3; ++i) sum[i] += x[i];
  }
  return sum;
}

TEST(Adaptive, SolvesLinearSystemsAsTheMatrixExponential) {
  constexpr double kA[3][3] = {{-0.5, 2.0, 0.3}, {-2.0, -0.4, 0.1}, {0.7, 0.0, -1.2}};
  PointField field(3, 0, [&](const Point& p, double* dx) {
    for (int i = 0; i < 3; ++i) {
      dx[i] = kA[i][0] * p.x[0] + kA[i][1] * p.x[1] + kA[i][2] * p.x[2];
    }
  });
  for (const Method method : {Method::tsit5, Method::dop853}) {
    Request run({1.0, -2.0, 0.5}, 3, {0.0, 0.3, 1.1, 2.7, 4.0});
    simulate_flow(field, with(method, 1e-11, 1e-11), run.request);
    for (std::int64_t k = 0; k < 5; ++k) {
      const auto exact =
          exponential(kA, run.times[static_cast<std::size_t>(k)], {1.0L, -2.0L, 0.5L});
      for (std::int64_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(run.at(0, k, i), static_cast<double>(exact[static_cast<std::size_t>(i)]), 1e-9);
      }
    }
  }
}

// The error estimate of a method of order p vanishes for dx/dt = polynomial of degree < p - 1, so
// one step suffices, and each method is exact there.
TEST(Adaptive, IntegratesPolynomialsExactly) {
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = 4.0 * p.t * p.t * p.t; });
  for (const Method method : {Method::tsit5, Method::dop853}) {
    Request run({0.5}, 1, {0.0, 3.0});
    simulate_flow(field, with(method, 1e-6, 1e-6), run.request);
    EXPECT_NEAR(run.at(0, 1, 0), 81.5, 81.5 * 1e-13) << method_name(method);  // rounding of steps
  }
}

struct Lengths {
  std::vector<double> x0;
  std::vector<double> times;
};

Lengths many() {
  Lengths many;
  for (int s = 0; s < 131; ++s) many.x0.insert(many.x0.end(), {1.0 + 0.3 * s, 5.0 - s, 20.0});
  many.times = {0.0, 0.011, 0.5, 0.52, 2.0};
  return many;
}

// Trajectories, with different numbers of steps, share lanes with others and move between lanes.
TEST(Adaptive, TrajectoryDoesNotDependOnTheOthers) {
  const Lengths all = many();
  for (const Method method : {Method::tsit5, Method::dop853, Method::rk4}) {
    for (const bool columns : {false, true}) {
      PointField field = lorenz(columns);
      IntegrationOptions options = with(method, 1e-6, 1e-7);
      if (method == Method::rk4) options.step = 0.01;
      Request together(all.x0, 3, all.times);
      simulate_flow(field, options, together.request);
      Request apart(all.x0, 3, all.times);
      for (std::int64_t s = 0; s < 131; ++s) {
        simulate_flow(field, options, apart.request.part(s, s + 1, 3));
      }
      ASSERT_EQ(together.states, apart.states) << method_name(method) << columns;
      ASSERT_EQ(together.last, apart.last);
    }
  }
}

TEST(Adaptive, ResultDoesNotDependOnThreads) {
  const Lengths all = many();
  const IntegrationOptions options = with(Method::dop853, 1e-8, 1e-8);
  PointField field = lorenz(true);
  Request serial(all.x0, 3, all.times), parallel(all.x0, 3, all.times);
  simulate_flow(field, options, serial.request);
  std::vector<std::thread> threads;
  for (const std::int64_t begin : {0, 40, 97}) {
    threads.emplace_back([&, begin] {
      PointField own = lorenz(true);
      const std::int64_t end = begin == 0 ? 40 : begin == 40 ? 97 : 131;
      simulate_flow(own, options, parallel.request.part(begin, end, 3));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(serial.states, parallel.states);
}

TEST(Adaptive, RowsAndColumnsAgree) {
  const Lengths all = many();
  for (const Method method : {Method::tsit5, Method::dop853}) {
    PointField rows = lorenz(false), columns = lorenz(true);
    Request a(all.x0, 3, all.times), b(all.x0, 3, all.times);
    simulate_flow(rows, with(method, 1e-9, 1e-9), a.request);
    simulate_flow(columns, with(method, 1e-9, 1e-9), b.request);
    for (std::size_t i = 0; i < a.states.size(); ++i) {
      ASSERT_NEAR(a.states[i], b.states[i], 1e-9);  // sums of errors in another order
    }
  }
}

// dx/dt = x^2 from x0 = 1/2 has the solution 1 / (2 - t).
TEST(Adaptive, ReportsWhereASolutionBlowsUpAndKeepsWhatCameBefore) {
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = p.x[0] * p.x[0]; });
  for (const Method method :
       {Method::tsit5, Method::dop853, Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    Request run({0.5, 0.1}, 1, {0.0, 1.0, 1.9, 2.5, 3.0});
    simulate_flow(field, with(method, 1e-8, 1e-8), run.request);
    EXPECT_NE(run.outcomes[0], DK_REACHED_END) << method_name(method);
    EXPECT_NEAR(run.last[0], 2.0, 1e-3) << method_name(method);
    EXPECT_NEAR(run.at(0, 1, 0), 1.0, 1e-5);
    EXPECT_NEAR(run.at(0, 2, 0), 10.0, 1e-3);  // error grows as 1/(2-t)^2
    EXPECT_TRUE(std::isnan(run.at(0, 3, 0)) && std::isnan(run.at(0, 4, 0)));
    EXPECT_EQ(run.outcomes[1], DK_REACHED_END);
    EXPECT_NEAR(run.at(1, 4, 0), 1.0 / 7.0, 1e-5);
  }
}

TEST(FixedSteps, ReportBlowUpAndKeepWhatCameBefore) {
  PointField field(
      1, 0, [](const Point& p, double* dx) { dx[0] = p.x[0] * p.x[0]; }, true);
  Request run({0.1, 0.5}, 1, {0.0, 1.0, 2.5, 3.0});
  simulate_flow(field, fixed(Method::rk4, 0.01), run.request);
  EXPECT_EQ(run.outcomes[1], DK_NOT_FINITE);
  EXPECT_NEAR(run.last[1], 2.0, 0.1);  // a few steps beyond the pole until the numbers overflow
  EXPECT_NEAR(run.at(1, 1, 0), 1.0, 1e-6);
  EXPECT_TRUE(std::isnan(run.at(1, 2, 0)));
  EXPECT_EQ(run.outcomes[0], DK_REACHED_END);
  EXPECT_NEAR(run.at(0, 3, 0), 1.0 / 7.0, 1e-9);
}

// The right-hand side of dx/dt = -1 - sqrt(x) leaves its domain where x reaches 0.
TEST(Adaptive, ReportsStatesOutsideTheDomainAsNotFinite) {
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = -1.0 - std::sqrt(p.x[0]); });
  for (const Method method :
       {Method::tsit5, Method::dop853, Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    Request run({1.0}, 1, {0.0, 0.1, 5.0});
    simulate_flow(field, with(method, 1e-6, 1e-6), run.request);
    EXPECT_EQ(run.outcomes[0], DK_NOT_FINITE) << method_name(method);
    // x = 0 at t = 2 - 2 ln 2. A method that does not ask f at the end of a step may accept one
    // that ends a little beyond.
    EXPECT_NEAR(run.last[0], 2.0 - 2.0 * std::log(2.0), 2e-2) << method_name(method);
    EXPECT_TRUE(std::isfinite(run.at(0, 1, 0)) && std::isnan(run.at(0, 2, 0)));
  }
}

TEST(Adaptive, RefusesStartsThatAreNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853, Method::bdf}) {
    PointField field = lorenz(true);
    Request run({nan, 1.0, 1.0, 1.0, 1.0, 1.0}, 3, {0.0, 0.1});
    IntegrationOptions options = with(method, 1e-6, 1e-6);
    options.step = 0.01;
    simulate_flow(field, options, run.request);
    EXPECT_EQ(run.outcomes[0], DK_NOT_FINITE) << method_name(method);
    EXPECT_TRUE(std::isnan(run.last[0]) && std::isnan(run.at(0, 1, 1)));
    EXPECT_EQ(run.outcomes[1], DK_REACHED_END);
    EXPECT_EQ(run.last[1], 0.1);
  }
}

TEST(Adaptive, StopsAtTheLimitOfSteps) {
  for (const Method method :
       {Method::rk4, Method::tsit5, Method::dop853, Method::adams, Method::bdf, Method::dirk}) {
    PointField field = lorenz();
    field.with_jacobian(lorenz_jacobian);
    Request run({1.0, 1.0, 1.0}, 3, {0.0, 0.01, 0.02, 100.0});
    IntegrationOptions options = with(method, 1e-6, 1e-6);
    options.step = 0.001;
    options.max_steps = 90;
    simulate_flow(field, options, run.request);
    EXPECT_EQ(run.outcomes[0], DK_TOO_MANY_STEPS) << method_name(method);
    EXPECT_TRUE(run.last[0] >= 0.02 && run.last[0] < 50.0) << method_name(method);
    EXPECT_TRUE(std::isfinite(run.at(0, 2, 0)) && std::isnan(run.at(0, 3, 0)));
  }
}

TEST(Adaptive, StopsWhenCancelled) {
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853, Method::bdf}) {
    PointField field = lorenz(true);
    Request run({1.0, 1.0, 1.0, 2.0, 2.0, 2.0}, 3, {0.0, 1.0, 1e6});
    IntegrationOptions options = with(method, 1e-6, 1e-6);
    options.step = 0.01;
    int polls = 0;
    options.keep_going = [&](double) { return ++polls <= 3; };
    simulate_flow(field, options, run.request);
    EXPECT_EQ(run.outcomes[0], DK_STOPPED) << method_name(method);
    EXPECT_EQ(run.outcomes[1], DK_STOPPED) << method_name(method);
    EXPECT_TRUE(std::isnan(run.at(0, 2, 0)));
  }
}

// Refuses batches, and single points with x < 0.
class Moody : public VectorField {
 public:
  FieldInfo info() const override { return {1, 0, true, false, false, false}; }
  dk_status eval(const dk_points& p, const dk_output& out, dk_error*) override {
    if (p.count > 1 || p.x.data[0] < 0.0) return DK_RETRY;
    out.data[0] = -p.x.data[0];
    return DK_OK;
  }
};

TEST(Statuses, ARefusedBatchIsAskedPointByPoint) {
  Moody field;
  Request run({1.0, -1.0, 2.0}, 1, {0.0, 1.0});
  simulate_flow(field, with(Method::tsit5, 1e-9, 1e-9), run.request);
  EXPECT_NEAR(run.at(0, 1, 0), std::exp(-1.0), 1e-8);
  EXPECT_NEAR(run.at(2, 1, 0), 2.0 * std::exp(-1.0), 1e-8);
  EXPECT_EQ(run.outcomes[1], DK_NOT_FINITE);
  EXPECT_EQ(run.last[1], 0.0);
}

class Broken : public VectorField {
 public:
  FieldInfo info() const override { return {1, 0, false, false, false, false}; }
  dk_status eval(const dk_points&, const dk_output&, dk_error* error) override {
    return set_error(error, DK_MEMORY, "no memory for eval");
  }
};

TEST(Statuses, AnErrorOfTheFieldEndsTheSimulation) {
  for (const Method method :
       {Method::tsit5, Method::rk4, Method::adams, Method::bdf, Method::dirk}) {
    Broken field;
    Request run({1.0}, 1, {0.0, 1.0});
    IntegrationOptions options = with(method, 1e-6, 1e-6);
    options.step = 0.1;
    try {
      simulate_flow(field, options, run.request);
      FAIL() << method_name(method);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), DK_MEMORY);
      EXPECT_STREQ(error.what(), "no memory for eval");
    }
  }
}

TEST(Adaptive, CountsWhatItAsksFor) {
  std::int64_t asked = 0;
  PointField field(1, 0, [&](const Point& p, double* dx) {
    ++asked;
    dx[0] = -p.x[0];
  });
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853, Method::bdf}) {
    asked = 0;
    Request run({1.0, 2.0}, 1, {0.0, 0.3, 1.0});
    IntegrationOptions options = with(method, 1e-6, 1e-6);
    options.step = 0.05;
    const IntegrationCounts counts = simulate_flow(field, options, run.request);
    EXPECT_EQ(counts.evaluations, asked) << method_name(method);
    EXPECT_GT(counts.accepted, 2);
  }
}

}  // namespace
}  // namespace dynkit::test
