#include "plugins/analyses/fixed_points/system_equation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equations.hpp"
#include "rest_system.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::henon;
using testing::RestSystem;
using testing::Values;

// Column j of dr/dx by Richardson's extrapolation of central differences, error O(h^4).
Values difference_column(const RestEquation& equation, const Values& x, std::size_t j) {
  const auto central = [&](double h) {
    Values plus = x, minus = x, r_plus(x.size()), r_minus(x.size());
    plus[j] += h;
    minus[j] -= h;
    equation.residual(plus, r_plus);
    equation.residual(minus, r_minus);
    for (std::size_t i = 0; i < x.size(); ++i) r_plus[i] = (r_plus[i] - r_minus[i]) / (2 * h);
    return r_plus;
  };
  const Values coarse = central(2e-3), fine = central(1e-3);
  Values column(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) column[i] = (4 * fine[i] - coarse[i]) / 3;
  return column;
}

// The order of the factors matters: the Henon map's Jacobians do not commute.
TEST(SystemEquation, JacobianOfPeriodThreeMatchesDifferences) {
  RestSystem system(henon(1.4, 0.3));
  const SystemEquation equation(system.table(), {}, 3, Form::best, {0.5, 3.0});
  const Values z = {0.7, -0.04};
  Values r(2), J(4);
  equation.linearized(z, r, J);
  for (std::size_t j = 0; j < 2; ++j) {
    const Values column = difference_column(equation, z, j);
    for (std::size_t i = 0; i < 2; ++i) {
      // h^4 times a fifth derivative of some hundreds, and rounding over h.
      EXPECT_NEAR(J[i * 2 + j], column[i], 1e-9);
      EXPECT_GT(std::abs(J[i * 2 + j]), 1e-3);
    }
  }
}

TEST(SystemEquation, ResidualOfPeriodTwoIsTheSecondIterateLessTheState) {
  RestSystem system(henon(1.4, 0.3));
  const SystemEquation equation(system.table(), {}, 2, Form::best, {});
  Values once(2), twice(2), r(2);
  const Values x = {0.3, 0.2};
  equation.step(x, once);
  equation.step(once, twice);
  equation.residual(x, r);
  EXPECT_EQ(r, (Values{twice[0] - x[0], twice[1] - x[1]}));
}

TEST(SystemEquation, ScaleDividesStateAndResidual) {
  RestSystem system(henon(1.4, 0.3));
  const SystemEquation plain(system.table(), {}, 1, Form::plain, {});
  const SystemEquation scaled(system.table(), {}, 1, Form::best, {0.5, 4.0});
  Values r(2), r_scaled(2);
  plain.residual(Values{0.3, 0.2}, r);
  scaled.residual(Values{0.6, 0.05}, r_scaled);
  EXPECT_NEAR(r_scaled[0], r[0] / 0.5, 1e-16);
  EXPECT_NEAR(r_scaled[1], r[1] / 4.0, 1e-16);
}

TEST(SystemEquation, InputReachesTheModel) {
  dynkit::testing::Equations flow;
  flow.n = 1;
  flow.m = 2;
  flow.eval = [](double, const double* x, const double* u, double* out) {
    out[0] = x[0] + 10 * u[0] + 100 * u[1];
  };
  RestSystem system(flow);
  Values r(1);
  SystemEquation(system.table(), Values{2, 3}, 1, Form::plain, {}).residual(Values{1}, r);
  EXPECT_EQ(r[0], 321);
}

TEST(SystemEquation, PointThatMayBeRetriedElsewhereHasNoValue) {
  RestSystem system(henon(1.4, 0.3));
  system.table().eval = [](const dk_system*, const dk_points*, const dk_output*, dk_error* error) {
    return set_error(error, DK_RETRY, "not here");
  };
  Values r(2);
  SystemEquation(system.table(), {}, 1, Form::plain, {}).residual(Values{0, 0}, r);
  EXPECT_TRUE(std::isnan(r[0]) && std::isnan(r[1]));
}

TEST(SystemEquation, ErrorOfTheModelIsThrown) {
  RestSystem system(henon(1.4, 0.3));
  system.table().eval = [](const dk_system*, const dk_points*, const dk_output*, dk_error* error) {
    return set_error(error, DK_INTERNAL, "broken");
  };
  Values r(2);
  EXPECT_THROW(SystemEquation(system.table(), {}, 1, Form::plain, {}).residual(Values{0, 0}, r),
               Error);
}

}  // namespace
}  // namespace dynkit::fixed_points
