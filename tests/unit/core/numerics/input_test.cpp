// Inputs are constant between times, and the solver restarts where they change.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

// dx/dt = u_0 - x, dy/dt = u_1 u_2 - 2 y: closed form from break to break.
PointField relaxation(bool columns) {
  PointField field(
      2, 3,
      [](const Point& p, double* dx) {
        const double zero[3] = {};
        const double* u = p.u != nullptr ? p.u : zero;
        dx[0] = u[0] - p.x[0];
        dx[1] = u[1] * u[2] - 2.0 * p.x[1];
      },
      columns);
  field.with_jacobian(
      [](const Point&, double* J) { J[0] = -1.0, J[1] = 0.0, J[2] = 0.0, J[3] = -2.0; });
  return field;
}

const std::vector<double> kTimes = {0.0, 0.3, 1.0, 1.1, 2.5, 4.0};

// u of trajectory s at time k: jumps at every time but one.
std::vector<double> inputs(std::int64_t S) {
  std::vector<double> u;
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t k = 0; k < 6; ++k) {
      const auto j = static_cast<double>(k == 3 ? 2 : k);
      u.insert(u.end(), {static_cast<double>(s) + j * j, 1.0 - j, 0.5 * static_cast<double>(s)});
    }
  }
  return u;
}

double largest_error(const Request& run, const std::vector<double>& u) {
  double worst = 0.0;
  for (std::int64_t s = 0; s < run.request.S; ++s) {
    double x = run.at(s, 0, 0), y = run.at(s, 0, 1);
    for (std::int64_t k = 0; k + 1 < 6; ++k) {
      const double* now = u.data() + (s * 6 + k) * 3;
      const double h =
          kTimes[static_cast<std::size_t>(k + 1)] - kTimes[static_cast<std::size_t>(k)];
      x = now[0] + (x - now[0]) * std::exp(-h);
      const double rest = 0.5 * now[1] * now[2];
      y = rest + (y - rest) * std::exp(-2.0 * h);
      worst =
          std::max({worst, std::abs(run.at(s, k + 1, 0) - x), std::abs(run.at(s, k + 1, 1) - y)});
    }
  }
  return worst;
}

TEST(Inputs, HoldFromOneTimeToTheNextWithEveryMethod) {
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853, Method::adams,
                              Method::bdf, Method::erk, Method::dirk}) {
    for (const bool columns : {false, true}) {
      PointField field = relaxation(columns);
      std::vector<double> x0;
      for (int s = 0; s < 23; ++s) x0.insert(x0.end(), {0.1 * s, 3.0 - s});
      Request run(x0, 2, kTimes);
      const std::vector<double> u = inputs(23);
      run.request.u = {u.data(), 18};
      IntegrationOptions options = with(method, 1e-10, 1e-10);
      if (method == Method::rk4) options.step = 0.005;
      const IntegrationCounts counts = simulate_flow(field, options, run.request);
      // A first stage with the input of before would be rejected at every break.
      if (method == Method::tsit5 || method == Method::dop853) {
        EXPECT_LT(counts.rejected, 23 * 2) << method_name(method);
      }
      // Local errors of 1e-10 times the number of steps; BDF takes the most.
      EXPECT_LT(largest_error(run, u), method == Method::bdf ? 2e-6 : 1e-7) << method_name(method);
    }
  }
}

TEST(Inputs, ConstantOnesAreOneRowForEachTrajectory) {
  PointField field = relaxation(true);
  Request run({0.0, 0.0, 0.0, 0.0}, 2, {0.0, 50.0});
  const std::vector<double> u = {3.0, 2.0, 5.0, 4.0, -1.0, 6.0};
  run.request.u = {u.data(), 3};
  run.request.u_constant = true;
  simulate_flow(field, with(Method::tsit5, 1e-8, 1e-8), run.request);
  EXPECT_NEAR(run.at(0, 1, 0), 3.0, 1e-6);
  EXPECT_NEAR(run.at(0, 1, 1), 5.0, 1e-6);
  EXPECT_NEAR(run.at(1, 1, 0), 4.0, 1e-6);
  EXPECT_NEAR(run.at(1, 1, 1), -3.0, 1e-6);
}

TEST(Inputs, SharedByAllTrajectoriesHaveStrideZero) {
  PointField field = relaxation(false);
  Request run({0.0, 0.0, 1.0, 1.0, 2.0, 2.0}, 2, kTimes);
  const std::vector<double> one = inputs(1);
  run.request.u = {one.data(), 0};
  simulate_flow(field, with(Method::dop853, 1e-10, 1e-10), run.request);
  std::vector<double> copies;
  for (int s = 0; s < 3; ++s) copies.insert(copies.end(), one.begin(), one.end());
  EXPECT_LT(largest_error(run, copies), 1e-8);
}

// A restart where nothing changes would cost evaluations.
TEST(Inputs, ThatDoNotChangeCauseNoRestart) {
  PointField field = relaxation(true);
  std::vector<double> times, u;
  for (int k = 0; k < 101; ++k) {
    times.push_back(0.01 * k);
    u.insert(u.end(), {1.0, 2.0, 3.0});
  }
  Request constant({0.5, 0.5}, 2, times), rows({0.5, 0.5}, 2, times);
  constant.request.u = rows.request.u = {u.data(), 303};
  constant.request.u_constant = true;
  const IntegrationOptions options = with(Method::tsit5, 1e-6, 1e-6);
  const IntegrationCounts a = simulate_flow(field, options, constant.request);
  const IntegrationCounts b = simulate_flow(field, options, rows.request);
  EXPECT_EQ(a.evaluations, b.evaluations);
  EXPECT_EQ(constant.states, rows.states);
}

TEST(Arguments, BadOnesAreRefusedByName) {
  PointField field = lorenz();
  const auto message = [&](const IntegrationOptions& options, std::vector<double> times) {
    Request run({1.0, 1.0, 1.0}, 3, std::move(times));
    try {
      simulate_flow(field, options, run.request);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const IntegrationOptions good = with(Method::tsit5, 1e-6, 1e-6);
  EXPECT_EQ(message(good, {0.0, 0.1}), "accepted");
  EXPECT_EQ(message(good, {0.0, 0.0}), "time 1 is 0: times must be finite and increase");
  EXPECT_EQ(message(with(Method::bdf, -1.0, 1e-6), {0.0, 0.1}), "rtol is -1: it must be > 0");
  EXPECT_EQ(message(with(Method::dop853, 1e-6, 0.0), {0.0, 0.1}), "atol is 0: it must be > 0");
  EXPECT_EQ(message(with(Method::rk4, 1e-6, 1e-6), {0.0, 0.1}),
            "the step of a fixed-step method is 0: it must be > 0");
  EXPECT_EQ(message(fixed(Method::heun, 0.1), {0.0, 0.1}),
            "method 'heun' is for noise: use another one without it");
}

TEST(Methods, AreFoundByNameAndListedWhereUnknown) {
  for (const char* name : {"rk4", "tsit5", "dop853", "adams", "bdf", "arkode", "arkode_erk",
                           "euler_maruyama", "heun"}) {
    EXPECT_STREQ(method_name(method_named(name)), name);
  }
  try {
    method_named("rk5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.what()).find("'rk5' is not one of 'rk4', 'tsit5'"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace dynkit::test
