#include "plugins/analyses/fixed_points/newton.hpp"

#include <gtest/gtest.h>

#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::Equation;
using testing::scalar_equation;
using testing::uncoupled_units;
using testing::Values;

// x^2 - delta^2: a fold's two roots.
Equation fold(double delta) {
  return scalar_equation([delta](double x) { return (x - delta) * (x + delta); },
                         [](double x) { return 2 * x; });
}

TEST(Newton, ConvergesToMachinePrecision) {
  const Equation units = uncoupled_units(3);
  Newton newton(3, {});
  Values x = {0.8, -1.1, 0.2};
  EXPECT_EQ(newton.solve(units, nullptr, x).end, NewtonEnd::converged);
  const Root root = newton.examine(units, x);
  EXPECT_NEAR(root.x[0], testing::kUnitRoot, 1e-12);  // the digits that the constant has
  EXPECT_LE(root.residual, 2e-16);
}

TEST(Newton, StopsEarlyAtKnownRoot) {
  const Equation units = uncoupled_units(2);
  Newton newton(2, {});
  Values x = {0.8, -1.1};
  newton.solve(units, nullptr, x);
  Registry known({1.0, 0.3});
  known.add(newton.examine(units, x));

  Values again = {0.7, -0.8};
  const NewtonReport report = newton.solve(units, &known, again);
  EXPECT_EQ(report.end, NewtonEnd::known_root);
  EXPECT_EQ(report.root, 0);
}

TEST(Newton, SignOfRootIsThatOfTheNegativeJacobian) {
  // At 0 each unit has dr/dx = +1, at kUnitRoot -0.83: det(-J) is negative for one unit at 0 of 3.
  const Equation units = uncoupled_units(3);
  Newton newton(3, {});
  EXPECT_EQ(newton.examine(units, Values{0, testing::kUnitRoot, testing::kUnitRoot}).sign, -1);
  EXPECT_EQ(newton.examine(units, Values{0, 0, testing::kUnitRoot}).sign, 1);
}

// From beyond the middle between the two roots Newton's iteration leads to the other one.
TEST(Newton, CaptureRadiusOfFoldStaysOnItsSide) {
  for (const double delta : {1e-1, 1e-3, 1e-4, 1e-5}) {
    Newton newton(1, {});
    const Root root = newton.examine(fold(delta), Values{delta});
    EXPECT_LT(root.capture_radius, delta);
    EXPECT_LT(root.merge_radius, delta);
  }
}

TEST(Newton, CaptureRadiusOfCubicStaysInsideItsNeighbors) {
  const double delta = 3e-4;
  const Equation cubic = scalar_equation([delta](double x) { return x * (x * x - delta * delta); },
                                         [delta](double x) { return 3 * x * x - delta * delta; });
  Newton newton(1, {});
  EXPECT_LT(newton.examine(cubic, Values{0}).capture_radius, delta);
}

TEST(Newton, CaptureRadiusOfWellConditionedRootIsTheWidest) {
  Newton newton(1, {});
  EXPECT_EQ(newton.examine(fold(1), Values{1}).capture_radius, 2e-3);  // relative to 1 + |x|
}

// sin^2(1000 asin sqrt(x)) - x near 0, 1e6 x - x: linear within 1e-6, and known far better.
TEST(Newton, RootThatIsLinearWithinLessThanTheMergeToleranceIsRegular) {
  const Equation steep = scalar_equation([](double x) { return 1e6 * x * (1 - 4e5 * x) - x; },
                                         [](double x) { return 1e6 * (1 - 8e5 * x) - 1; });
  Newton newton(1, {});
  const Root root = newton.examine(steep, Values{0});
  EXPECT_EQ(root.sign, -1);
  EXPECT_LT(root.merge_radius, 1e-6);
  EXPECT_GT(root.merge_radius, 1e-12);
}

// The nearest other root lies along the steep direction, where J is largest.
TEST(Newton, CaptureRadiusStaysBelowRootsOfTheSteepestDirection) {
  const double delta = 1e-4;
  const Equation saddle(2,
                        [&](std::span<const double> x, std::span<double> r, std::span<double> J) {
                          r[0] = 1e4 * x[0] * (1 - x[0] / delta);
                          r[1] = -x[1];
                          if (!J.empty())
                            J[0] = 1e4 * (1 - 2 * x[0] / delta), J[1] = J[2] = 0, J[3] = -1;
                        });
  Newton newton(2, {});
  EXPECT_LT(newton.examine(saddle, Values{0, 0}).capture_radius, delta);
}

// Rounding of the terms hides (x - 1)^3 within 1e-5 of the root: nothing lowers the residual there,
// and the Newton step still is as long as that.
TEST(Newton, TripleRootIsFoundAndKnownToBeInaccurate) {
  const Equation cubic = scalar_equation([](double x) { return x * x * x - 3 * x * x + 3 * x - 1; },
                                         [](double x) { return 3 * x * x - 6 * x + 3; });
  Newton newton(1, {});
  Values x = {1.5};
  EXPECT_EQ(newton.solve(cubic, nullptr, x).end, NewtonEnd::converged);
  const Root root = newton.examine(cubic, x);
  EXPECT_GT(std::abs(root.x[0] - 1), 1e-7);
  EXPECT_LE(std::abs(root.x[0] - 1), root.merge_radius);
}

TEST(Newton, ReportsWhereItCannotGoOn) {
  Newton newton(1, {});
  Values x = {2};
  const Equation nan = scalar_equation([](double) { return NAN; }, [](double) { return NAN; });
  EXPECT_EQ(newton.solve(nan, nullptr, x).end, NewtonEnd::not_finite);
  const Equation constant = scalar_equation([](double) { return 1; }, [](double) { return 0; });
  EXPECT_EQ(newton.solve(constant, nullptr, x).end, NewtonEnd::no_descent);
  const Equation away = scalar_equation([](double y) { return std::exp(-y * 1e-6); },
                                        [](double y) { return -1e-6 * std::exp(-y * 1e-6); });
  EXPECT_EQ(newton.solve(away, nullptr, x).end, NewtonEnd::diverged);
}

TEST(Newton, ConvergesWhereTheResidualIsScaledUpOrDown) {
  for (const double scale : {1e-9, 1e9}) {
    const Equation equation =
        scalar_equation([scale](double x) { return scale * (std::tanh(2 * x) - x); },
                        [scale](double x) {
                          const double F = std::tanh(2 * x);
                          return scale * (1 - 2 * F * F);
                        });
    Newton newton(1, {});
    Values x = {0.7};
    EXPECT_EQ(newton.solve(equation, nullptr, x).end, NewtonEnd::converged);
    EXPECT_NEAR(x[0], testing::kUnitRoot, 1e-12);
  }
}

}  // namespace
}  // namespace dynkit::fixed_points
