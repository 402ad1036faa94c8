#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

// Van der Pol in scaled time, dx/dt = y, dy/dt = mu^2 ((1 - x^2) y - x) with mu = 1000: problem
// VDPOL of E. Hairer and G. Wanner, "Solving Ordinary Differential Equations II".
PointField van_der_pol(bool jacobian) {
  PointField field(2, 0, [](const Point& p, double* dx) {
    dx[0] = p.x[1];
    dx[1] = 1e6 * ((1.0 - p.x[0] * p.x[0]) * p.x[1] - p.x[0]);
  });
  if (jacobian) {
    field.with_jacobian([](const Point& p, double* J) {
      J[0] = 0.0;
      J[1] = 1.0;
      J[2] = 1e6 * (-2.0 * p.x[0] * p.x[1] - 1.0);
      J[3] = 1e6 * (1.0 - p.x[0] * p.x[0]);
    });
  }
  return field;
}

// On the slow branch (1 - x^2) y = x up to terms of 1/mu^2, so ln x - x^2/2 falls with slope 1...
// up to those terms: d/dt (ln x - x^2 / 2) = 1.
TEST(Stiff, VanDerPolFollowsItsSlowBranch) {
  for (const Method method : {Method::bdf, Method::dirk}) {
    for (const bool jacobian : {false, true}) {
      PointField field = van_der_pol(jacobian);
      Request run({2.0, -2.0 / 3.0}, 2, {0.0, 0.2, 0.5, 0.7});
      const IntegrationCounts counts = simulate_flow(field, with(method, 1e-8, 1e-10), run.request);
      const auto invariant = [](double x) { return std::log(x) - 0.5 * x * x; };
      for (std::int64_t k = 1; k < 4; ++k) {
        const double change = invariant(run.at(0, k, 0)) - invariant(2.0);
        // The neglected terms are of size 1/mu^2 divided by (x^2 - 1)^2 > 0.4.
        EXPECT_NEAR(change, run.times[static_cast<std::size_t>(k)], 1e-5) << method_name(method);
      }
      EXPECT_LT(counts.accepted, 50000);  // stability bounds an explicit method to h < 1e-6
    }
  }
}

TEST(Stiff, VanDerPolJumpsAndComesBackTheSameWithBdfAndDirk) {
  PointField field = van_der_pol(true);
  Request bdf({2.0, -2.0 / 3.0}, 2, {0.0, 1.0, 2.0}), dirk({2.0, -2.0 / 3.0}, 2, {0.0, 1.0, 2.0});
  simulate_flow(field, with(Method::bdf, 1e-9, 1e-11), bdf.request);
  simulate_flow(field, with(Method::dirk, 1e-9, 1e-11), dirk.request);
  for (std::int64_t k = 1; k < 3; ++k) {
    EXPECT_NEAR(bdf.at(0, k, 0), dirk.at(0, k, 0), 1e-5);
    EXPECT_LT(bdf.at(0, 1, 0) * bdf.at(0, 2, 0), 0.0);  // on different branches
  }
}

// Diffusion along a line of 12 sites with a cubic reaction, dx_i/dt = d (x_i-1 - 2 x_i + x_i+1) +
// x_i - x_i^3: without a Jacobian, each of its updates takes 12 evaluations.
PointField diffusion(bool jacobian) {
  constexpr std::int64_t kSites = 12;
  constexpr double d = 1e4;
  PointField field(kSites, 0, [](const Point& p, double* dx) {
    for (std::int64_t i = 0; i < kSites; ++i) {
      const double left = i > 0 ? p.x[i - 1] : 0.0, right = i + 1 < kSites ? p.x[i + 1] : 0.0;
      dx[i] = d * (left - 2.0 * p.x[i] + right) + p.x[i] - p.x[i] * p.x[i] * p.x[i];
    }
  });
  if (jacobian) {
    field.with_jacobian([](const Point& p, double* J) {
      std::fill_n(J, kSites * kSites, 0.0);
      for (std::int64_t i = 0; i < kSites; ++i) {
        double* row = J + i * kSites;
        row[i] = -2.0 * d + 1.0 - 3.0 * p.x[i] * p.x[i];
        if (i > 0) row[i - 1] = d;
        if (i + 1 < kSites) row[i + 1] = d;
      }
    });
  }
  return field;
}

// A wrong one would cost steps: Newton's method with it does not converge.
TEST(Stiff, TheFieldsJacobianSavesEvaluationsAndNoSteps) {
  for (const Method method : {Method::bdf, Method::dirk}) {
    IntegrationCounts counts[2];
    for (int i = 0; i < 2; ++i) {
      PointField field = diffusion(i == 1);
      std::vector<double> start;
      for (int site = 0; site < 12; ++site) start.push_back(std::sin(0.5 * site) + 0.3);
      Request run(start, 12, {0.0, 1.0});
      IntegrationOptions options = with(method, 1e-6, 1e-8);
      options.max_steps = 100000;
      counts[i] = simulate_flow(field, options, run.request);
    }
    EXPECT_LE(counts[1].evaluations + 12, counts[0].evaluations) << method_name(method);
    EXPECT_NEAR(static_cast<double>(counts[1].accepted) / static_cast<double>(counts[0].accepted),
                1.0, 0.2)
        << method_name(method);
  }
}

// dx/dt = -50 (x - cos t): closed form.
TEST(Stiff, ErrorsOfTheSolversFallWithTheTolerance) {
  PointField field(1, 0,
                   [](const Point& p, double* dx) { dx[0] = -50.0 * (p.x[0] - std::cos(p.t)); });
  const double c = 2500.0 / 2501.0, s = 50.0 / 2501.0;
  const double exact = c * std::cos(2.0) + s * std::sin(2.0) + (0.3 - c) * std::exp(-100.0);
  for (const Method method : {Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    double errors[2];
    for (int i = 0; i < 2; ++i) {
      Request run({0.3}, 1, {0.0, 2.0});
      const double tolerance = i == 0 ? 1e-5 : 1e-9;
      simulate_flow(field, with(method, tolerance, tolerance), run.request);
      errors[i] = std::abs(run.at(0, 1, 0) - exact);
      EXPECT_LT(errors[i], 20.0 * tolerance) << method_name(method);
    }
    EXPECT_LT(errors[1], 0.1 * errors[0]) << method_name(method);
  }
}

TEST(Sundials, OutputBetweenStepsKeepsTheAccuracy) {
  PointField field = closed_form();
  std::vector<double> times;
  for (int k = 0; k < 40; ++k) times.push_back(0.05 * k);
  const auto start = closed_form_at(0.0);
  for (const Method method : {Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    Request run({start[0], start[1]}, 2, times);
    simulate_flow(field, with(method, 1e-9, 1e-9), run.request);
    for (std::int64_t k = 0; k < 40; ++k) {
      const auto exact = closed_form_at(times[static_cast<std::size_t>(k)]);
      // The problem multiplies errors by up to 40.
      EXPECT_NEAR(run.at(0, k, 0), exact[0], 2e-6) << method_name(method);
      EXPECT_NEAR(run.at(0, k, 1), exact[1], 2e-6) << method_name(method);
    }
  }
}

TEST(Sundials, SolverIsLikeNewForEveryTrajectory) {
  for (const Method method : {Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    PointField field = lorenz();
    field.with_jacobian(lorenz_jacobian);
    Request both({9.0, 1.0, 30.0, 1.0, 2.0, 3.0}, 3, {0.0, 0.4, 1.0});
    Request one({1.0, 2.0, 3.0}, 3, {0.0, 0.4, 1.0});
    simulate_flow(field, with(method, 1e-7, 1e-8), both.request);
    simulate_flow(field, with(method, 1e-7, 1e-8), one.request);
    EXPECT_EQ(one.states, std::vector<double>(both.states.begin() + 9, both.states.end()))
        << method_name(method);
  }
}

}  // namespace
}  // namespace dynkit::test
