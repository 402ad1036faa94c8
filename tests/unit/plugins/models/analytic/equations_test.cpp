// Each model against what is known of its equation.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "analytic_model.hpp"
#include "dynkit/domain.h"

namespace dynkit::testing {
namespace {

void expect_close(const Numbers& a, const Numbers& b, double tolerance = 1e-13) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

TEST(Lorenz63, HasItsTextbookJacobians) {
  const AnalyticModel model("lorenz63");
  const double x = 1.5, y = -2, z = 3, sigma = 7, rho = 20, beta = 2;
  expect_close(model.at({x, y, z}, {sigma, rho, beta}), {-24.5, 27.5, -9});
  expect_close(model.slopes({x, y, z}, {sigma, rho, beta}),
               {-sigma, sigma, 0, rho - z, -1, -x, y, x, -beta});
  expect_close(model.slopes({x, y, z}, {sigma, rho, beta}, DK_WRT_PARAMETERS),
               {y - x, 0, 0, 0, x, 0, 0, 0, -z});
}

TEST(Lorenz63, RestsAtTheConvectionRolls) {
  const AnalyticModel model("lorenz63");
  EXPECT_EQ(model.initial_theta(), (Numbers{10, 28, 8.0 / 3}));
  const double r = std::sqrt(8.0 / 3 * 27);
  for (const double sign : {-1.0, 1.0}) {
    expect_close(model.at({sign * r, sign * r, 27}, model.initial_theta()), {0, 0, 0});
  }
}

TEST(Rossler, HasItsTextbookJacobian) {
  const AnalyticModel model("rossler");
  expect_close(model.at({1, 2, 3}, {0.5, 0.25, 4}), {-5, 2, -8.75});
  expect_close(model.slopes({1, 2, 3}, {0.5, 0.25, 4}), {0, -1, -1, 1, 0.5, 0, 3, 0, -3});
}

TEST(Rossler, RestsWhereTheQuadraticSaysSo) {
  const AnalyticModel model("rossler");
  const double a = 0.2, b = 0.2, c = 5.7;
  for (const double sign : {-1.0, 1.0}) {
    const double z = (c + sign * std::sqrt(c * c - 4 * a * b)) / (2 * a);
    expect_close(model.at({a * z, -z, z}, model.initial_theta()), {0, 0, 0});
  }
}

TEST(Arneodo, HasItsTextbookJacobian) {
  const AnalyticModel model("arneodo");
  const Numbers theta = {-5, 4, 3, -2};
  expect_close(model.at({2, 3, 7}, theta), {3, 7, 10 - 12 - 21 - 16});
  expect_close(model.slopes({2, 3, 7}, theta), {0, 1, 0, 0, 0, 1, 5 - 24, -4, -3});
  expect_close(model.slopes({2, 3, 7}, theta, DK_WRT_PARAMETERS),
               {0, 0, 0, 0, 0, 0, 0, 0, -2, -3, -7, 8});
}

TEST(Arneodo, RestsAtTheOriginAndBesideIt) {
  const AnalyticModel model("arneodo");
  for (const double x : {0.0, std::sqrt(5.5), -std::sqrt(5.5)}) {
    expect_close(model.at({x, 0, 0}, model.initial_theta()), {0, 0, 0});
  }
}

TEST(Lorenz96, ConservesEnergyButForForcingAndDamping) {
  const AnalyticModel model("lorenz96", 7);
  const Numbers x = {1, -2, 3, 0.5, -1.5, 2.5, 4};
  const Numbers dx = model.at(x, {8});
  double power = 0, expected = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    power += x[i] * dx[i];
    expected += x[i] * (8 - x[i]);
  }
  EXPECT_NEAR(power, expected, 1e-13 * 100);
}

TEST(Lorenz96, CouplesEachSiteToTheRightNeighbors) {
  const AnalyticModel model("lorenz96", 5);
  const Numbers x = {1, 2, 3, 4, 5};
  const Numbers J = model.slopes(x, {8});
  // Row 0: (x1 - x3) x4 - x0, row 1: (x2 - x4) x0 - x1.
  expect_close({J.begin(), J.begin() + 10}, {-1, 5, 0, -5, 2 - 4, 3 - 5, -1, 1, 0, -1});
  EXPECT_EQ(model.at(x, {8})[0], (2 - 4) * 5 - 1 + 8);
}

// Around the uniform state x_i = F the Jacobian is circulant: the wave exp(i phi j) has the
// eigenvalue -1 + F (exp(i phi) - exp(-2 i phi)).
TEST(Lorenz96, HasWavesAsEigenvectorsOfTheUniformState) {
  constexpr int n = 9, wave = 2;
  const AnalyticModel model("lorenz96", n);
  const double F = 3, phi = 2 * std::numbers::pi * wave / n;
  const Numbers uniform(n, F), J = model.slopes(uniform, {F});
  expect_close(model.at(uniform, {F}), Numbers(n, 0));
  const double re = -1 + F * (std::cos(phi) - std::cos(2 * phi));
  const double im = F * (std::sin(phi) + std::sin(2 * phi));
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int j = 0; j < n; ++j)
      sum += J[static_cast<std::size_t>(i) * n + static_cast<std::size_t>(j)] * std::cos(phi * j);
    EXPECT_NEAR(sum, re * std::cos(phi * i) - im * std::sin(phi * i), 1e-13);
  }
}

TEST(VanDerPol, HasItsTextbookJacobian) {
  const AnalyticModel model("van_der_pol");
  expect_close(model.at({0.5, 3}, {2}), {3, 4.0});
  expect_close(model.slopes({0.5, 3}, {2}), {0, 1, -2 * 2 * 0.5 * 3 - 1, 2 * 0.75});
}

TEST(FitzHughNagumo, HasItsTextbookJacobian) {
  const AnalyticModel model("fitzhugh_nagumo");
  expect_close(model.at({1.5, 0.5}, {0.7, 0.8, 0.1, 0.25}), {1.5 - 1.125 - 0.5 + 0.25, 0.18});
  expect_close(model.slopes({1.5, 0.5}, {0.7, 0.8, 0.1, 0.25}), {1 - 2.25, -1, 0.1, -0.08});
}

// On the boundary of the box every velocity points inward, also for other parameters.
TEST(FitzHughNagumo, EntersItsBoxEverywhere) {
  const AnalyticModel model("fitzhugh_nagumo");
  const auto* domain = model.extension<dk_domain_v1>(DK_DOMAIN_V1);
  for (const Numbers& theta : {model.initial_theta(), Numbers{-3, 0.1, 2, -7}}) {
    double lower[2], upper[2];
    ASSERT_EQ(domain->box(model.handle(), theta.data(), lower, upper, nullptr), DK_OK);
    for (int i = 0; i <= 200; ++i) {
      const double v = lower[0] + (upper[0] - lower[0]) * i / 200;
      const double w = lower[1] + (upper[1] - lower[1]) * i / 200;
      EXPECT_GT(model.at({lower[0], w}, theta)[0], 0);
      EXPECT_LT(model.at({upper[0], w}, theta)[0], 0);
      EXPECT_GT(model.at({v, lower[1]}, theta)[1], 0);
      EXPECT_LT(model.at({v, upper[1]}, theta)[1], 0);
    }
  }
}

TEST(FitzHughNagumo, RefusesABoxWithoutDecayOfTheRecovery) {
  const AnalyticModel model("fitzhugh_nagumo");
  const Numbers theta = {0.7, 0, 0.08, 0.5};
  double lower[2], upper[2];
  dk_error error{};
  const auto* domain = model.extension<dk_domain_v1>(DK_DOMAIN_V1);
  EXPECT_EQ(domain->box(model.handle(), theta.data(), lower, upper, &error), DK_UNSUPPORTED);
  EXPECT_NE(std::string(error.message).find("b > 0"), std::string::npos);
}

TEST(Duffing, IsDrivenInTime) {
  const AnalyticModel model("duffing");
  EXPECT_TRUE(model.info().flags & DK_USES_TIME);
  const Numbers theta = {-1, 2, 0.25, 0.5, 3};
  expect_close(model.at({2, 4}, theta), {4, 0.5 - 1 + 2 - 16});
  expect_close(model.at({2, 4}, theta, {}, std::numbers::pi / 3), {4, -0.5 - 1 + 2 - 16});
  expect_close(model.slopes({2, 4}, theta), {0, 1, 1 - 24, -0.25});
}

TEST(PredatorPrey, HasItsTextbookJacobian) {
  const AnalyticModel model("predator_prey");
  const double x = 0.4, y = 0.7, a = 0.5, e = std::exp(-2.0);
  expect_close(model.at({x, y}, {a}), {0.72 - 0.28 - 0.5 * (1 - e), -0.7 + 0.84});
  expect_close(model.slopes({x, y}, {a}), {3 - 2.4 - 0.7 - 2.5 * e, -0.4, 2.1, 0.2});
  expect_close(model.slopes({x, y}, {a}, DK_WRT_PARAMETERS), {e - 1, 0});
}

TEST(Henon, ContractsAreasByItsSecondParameter) {
  const AnalyticModel model("henon");
  EXPECT_EQ(model.info().time_kind, DK_MAP);
  expect_close(model.at({0.5, 2}, {1.4, 0.3}), {1 - 0.35 + 2, 0.15});
  const Numbers J = model.slopes({0.5, 2}, {1.4, 0.3});
  expect_close(J, {-1.4, 1, 0.3, 0});
  EXPECT_NEAR(J[0] * J[3] - J[1] * J[2], -0.3, 1e-16);
}

TEST(Henon, StaysAtItsFixedPoint) {
  const AnalyticModel model("henon");
  const double a = 1.4, b = 0.3, x = (b - 1 + std::sqrt((1 - b) * (1 - b) + 4 * a)) / (2 * a);
  expect_close(model.at({x, b * x}, model.initial_theta()), {x, b * x}, 1e-15);
}

// x_k = sin^2(2^k alpha) solves x' = 4 x (1 - x); the error doubles each step.
TEST(Logistic, FollowsItsClosedFormAtFour) {
  const AnalyticModel model("logistic");
  EXPECT_EQ(model.initial_theta(), Numbers{4});
  Numbers x = {std::pow(std::sin(0.3), 2)};
  for (int k = 1; k <= 10; ++k) x = model.at(x, {4});
  EXPECT_NEAR(x[0], std::pow(std::sin(0.3 * 1024), 2), 1e-12);
}

class Linear : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(MapAndFlow, Linear, ::testing::Values("linear_map", "linear_flow"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(Linear, MultipliesByItsMatrices) {
  const AnalyticModel model(GetParam(), 3, 2);
  const Numbers A = {1, 2, 3, 4, 5, 6, 7, 8, 10}, B = {1, -1, 2, -2, 3, -4};
  Numbers theta = A;
  theta.insert(theta.end(), B.begin(), B.end());
  expect_close(model.at({1, 10, 100}, theta, {1000, 10000}),
               {321 - 9000, 654 - 18000, 1087 - 37000});
  expect_close(model.slopes({1, 10, 100}, theta), A);
  expect_close(model.slopes({1, 10, 100}, theta, DK_WRT_INPUT), B);
}

TEST_P(Linear, RunsWithoutInputs) {
  const AnalyticModel model(GetParam(), 2, 0);
  EXPECT_EQ(model.p(), 4);
  EXPECT_EQ(model.info().block_count, 1);
  expect_close(model.at({1, 10}, {1, 2, 3, 4}), {21, 43});
}

TEST_P(Linear, TakesItsSizesFromWeights) {
  const dk_component& component = analytic_component(GetParam());
  EXPECT_STREQ(component.settings[0].size_from, "A[0]");
  EXPECT_STREQ(component.settings[1].size_from, "B[1]");
  const AnalyticModel model(GetParam(), 3, 2);
  EXPECT_STREQ(model.info().blocks[0].name, "A");
  EXPECT_EQ(model.info().blocks[1].shape[1], 2);
}

TEST(LinearMap, DecaysUnlessToldOtherwise) {
  const AnalyticModel model("linear_map", 3, 2);
  expect_close(model.at({1, 2, 3}, model.initial_theta(), {10, 20}), {10.9, 21.8, 12.7});
}

TEST(LinearFlow, DecaysUnlessToldOtherwise) {
  const AnalyticModel model("linear_flow", 3, 2);
  expect_close(model.at({1, 2, 3}, model.initial_theta(), {10, 20}), {9, 18, 7});
}

}  // namespace
}  // namespace dynkit::testing
