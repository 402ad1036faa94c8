// Empirical orders of the explicit methods on a nonlinear problem with time and a closed form.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

constexpr double kEnd = 1.0;

// Largest error at the end of fixed steps.
double fixed_step_error(Method method, double h, bool columns) {
  PointField field = closed_form(columns);
  const auto start = closed_form_at(0.0), end = closed_form_at(kEnd);
  Request run({start[0], start[1]}, 2, {0.0, kEnd});
  simulate_flow(field, fixed(method, h), run.request);
  return std::max(std::abs(run.at(0, 1, 0) - end[0]), std::abs(run.at(0, 1, 1) - end[1]));
}

double observed_order(Method method, const std::vector<double>& steps, bool columns) {
  std::vector<double> errors;
  for (const double h : steps) errors.push_back(fixed_step_error(method, h, columns));
  return slope(steps, errors);
}

TEST(FixedSteps, OfRk4HaveOrder4) {
  for (const bool columns : {false, true}) {
    EXPECT_NEAR(observed_order(Method::rk4, {1.0 / 16, 1.0 / 32, 1.0 / 64}, columns), 4.0, 0.15);
  }
}

TEST(FixedSteps, OfTsit5HaveOrder5) {
  for (const bool columns : {false, true}) {
    EXPECT_NEAR(observed_order(Method::tsit5, {1.0 / 8, 1.0 / 16, 1.0 / 32, 1.0 / 64}, columns),
                5.0, 0.15);
  }
}

TEST(FixedSteps, OfDop853HaveOrder8) {
  for (const bool columns : {false, true}) {
    EXPECT_NEAR(observed_order(Method::dop853, {1.0 / 5, 1.0 / 7, 1.0 / 10, 1.0 / 12}, columns),
                8.0, 0.3);
  }
}

TEST(FixedSteps, LandOnTimesThatAreNotMultiples) {
  PointField field = closed_form();
  const auto start = closed_form_at(0.0);
  Request run({start[0], start[1]}, 2, {0.0, 0.0137, 0.5, 1.9991});
  simulate_flow(field, fixed(Method::dop853, 0.05), run.request);
  for (std::int64_t k = 0; k < 4; ++k) {
    // h^4 / 120 times derivatives of size 20.
    EXPECT_NEAR(run.at(0, k, 0), closed_form_at(run.times[static_cast<std::size_t>(k)])[0], 1e-12);
  }
}

// Error of the interpolant at t = h/3 and 0.8 h of one step of length h, which huge tolerances
// accept.
double dense_error(Method method, double h) {
  PointField field = closed_form();
  IntegrationOptions options = with(method, 1e9, 1e9);
  options.step = h;
  const double t0 = 0.4;
  const auto start = closed_form_at(t0);
  Request run({start[0], start[1]}, 2, {t0, t0 + h / 3, t0 + 0.8 * h, 30.0});
  simulate_flow(field, options, run.request);
  double worst = 0.0;
  for (std::int64_t k = 1; k <= 2; ++k) {
    const auto exact = closed_form_at(run.times[static_cast<std::size_t>(k)]);
    for (std::int64_t i = 0; i < 2; ++i) {
      worst = std::max(worst, std::abs(run.at(0, k, i) - exact[static_cast<std::size_t>(i)]));
    }
  }
  return worst;
}

double observed_dense_order(Method method, const std::vector<double>& steps) {
  std::vector<double> errors;
  for (const double h : steps) errors.push_back(dense_error(method, h));
  return slope(steps, errors);
}

// The error of one step of an interpolant of order p falls as h^(p+1).
TEST(DenseOutput, OfTsit5HasOrder4) {
  EXPECT_NEAR(observed_dense_order(Method::tsit5, {1.0 / 16, 1.0 / 32, 1.0 / 64}), 5.0, 0.15);
}

TEST(DenseOutput, OfDop853HasOrder7) {
  EXPECT_NEAR(observed_dense_order(Method::dop853, {0.2, 1.0 / 7, 0.1}), 8.0, 0.3);
}

// Where most lanes want output the interpolants are made in place, else of gathered lanes.
TEST(DenseOutput, GivesTheSameBitsForOneLaneAndForMany) {
  for (const Method method : {Method::tsit5, Method::dop853}) {
    for (const bool columns : {false, true}) {
      PointField field(
          3, 0,
          [](const Point& p, double* dx) {  // Lorenz with a force in time
            dx[0] = 10.0 * (p.x[1] - p.x[0]) + 20.0 * std::sin(9.0 * p.t);
            dx[1] = p.x[0] * (28.0 - p.x[2]) - p.x[1];
            dx[2] = p.x[0] * p.x[1] - 8.0 / 3.0 * p.x[2];
          },
          columns);
      std::vector<double> x0, times = {0.0};
      for (int s = 0; s < 37; ++s) x0.insert(x0.end(), {1.0 + s, 2.0, 20.0 - 0.1 * s});
      for (int k = 1; k < 60; ++k) times.push_back(k < 30 ? 0.03 * k : 0.37 * (k - 27));
      Request all(x0, 3, times);
      simulate_flow(field, with(method, 1e-7, 1e-8), all.request);
      for (std::size_t s = 0; s < 37; ++s) {
        Request one({x0[3 * s], x0[3 * s + 1], x0[3 * s + 2]}, 3, times);
        simulate_flow(field, with(method, 1e-7, 1e-8), one.request);
        const std::vector<double> same(
            all.states.begin() + static_cast<std::ptrdiff_t>(s * 180),
            all.states.begin() + static_cast<std::ptrdiff_t>((s + 1) * 180));
        ASSERT_EQ(one.states, same) << method_name(method) << " trajectory " << s;
      }
    }
  }
}

}  // namespace
}  // namespace dynkit::test
