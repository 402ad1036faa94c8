#include "plugins/analyses/fixed_points/levenberg_marquardt.hpp"

#include <gtest/gtest.h>

#include "equations.hpp"
#include "plugins/analyses/fixed_points/ceres_solver.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::Equation;
using testing::scalar_equation;
using testing::Values;

// Rosenbrock's valley as a system: r = (10 (y - x^2), 1 - x), root (1, 1).
Equation rosenbrock() {
  return {2, [](std::span<const double> x, std::span<double> r, std::span<double> J) {
            r[0] = 10 * (x[1] - x[0] * x[0]);
            r[1] = 1 - x[0];
            if (J.empty()) return;
            J[0] = -20 * x[0];
            J[1] = 10;
            J[2] = -1;
            J[3] = 0;
          }};
}

TEST(LevenbergMarquardt, ReachesRootThroughCurvedValley) {
  LevenbergMarquardt descent(2);
  Values x = {-1.2, 1};
  const DescentReport report = descent.minimize(rosenbrock(), 1e-10, 100, x);
  EXPECT_EQ(report.outcome, Descent::small);
  EXPECT_NEAR(x[0], 1, 1e-9);
  EXPECT_NEAR(x[1], 1, 1e-9);
}

TEST(LevenbergMarquardt, EndsAtLocalMinimumOfTheResidual) {
  // 0.01 + x^2 has no root; |r| is least at 0.
  const Equation equation =
      scalar_equation([](double x) { return 0.01 + x * x; }, [](double x) { return 2 * x; });
  LevenbergMarquardt descent(1);
  Values x = {0.8};
  EXPECT_EQ(descent.minimize(equation, 1e-6, 200, x).outcome, Descent::local_minimum);
  EXPECT_NEAR(x[0], 0, 1e-3);
}

TEST(LevenbergMarquardt, ReportsNotFinite) {
  const Equation nan = scalar_equation([](double) { return NAN; }, [](double) { return 1; });
  LevenbergMarquardt descent(1);
  Values x = {0.8};
  EXPECT_EQ(descent.minimize(nan, 1e-6, 10, x).outcome, Descent::not_finite);
}

TEST(CeresSolver, ReachesRootThroughCurvedValley) {
  Values x = {-1.2, 1};
  EXPECT_TRUE(minimize_with_ceres(rosenbrock(), 1e-10, 100, x).small);
  EXPECT_NEAR(x[0], 1, 1e-9);
  EXPECT_NEAR(x[1], 1, 1e-9);
}

// Ceres itself would write to standard error.
TEST(CeresSolver, ReportsNotFiniteQuietly) {
  const Equation nan = scalar_equation([](double) { return 1; }, [](double) { return NAN; });
  Values x = {0.8};
  ::testing::internal::CaptureStderr();
  const CeresReport report = minimize_with_ceres(nan, 1e-6, 10, x);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(report.finite);
  EXPECT_FALSE(report.small);
}

TEST(CeresSolver, PassesOnWhatTheEquationThrows) {
  const Equation broken(1, [](std::span<const double>, std::span<double>, std::span<double>) {
    throw Error(DK_INTERNAL, "broken");
  });
  Values x = {0.8};
  EXPECT_THROW(minimize_with_ceres(broken, 1e-6, 10, x), Error);
}

}  // namespace
}  // namespace dynkit::fixed_points
