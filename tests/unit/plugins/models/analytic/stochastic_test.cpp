#include <gtest/gtest.h>

#include <cmath>

#include "analytic_model.hpp"
#include "dynkit/domain.h"
#include "dynkit/noise.h"

namespace dynkit::testing {
namespace {

// G at each state, with one theta.
Numbers amplitude(const AnalyticModel& model, const Numbers& x, const Numbers& theta) {
  dk_points points{};
  points.count = static_cast<std::int64_t>(x.size());
  points.x = {x.data(), 1};
  points.theta = {theta.data(), 0};
  Numbers G(x.size());
  const dk_output output{G.data(), 1};
  const auto* noise = model.extension<dk_noise_v1>(DK_NOISE_V1);
  EXPECT_EQ(noise->amplitude(model.handle(), &points, &output, nullptr), DK_OK);
  return G;
}

dk_noise_info noise_info(const AnalyticModel& model) {
  return *model.extension<dk_noise_v1>(DK_NOISE_V1)->info(model.handle());
}

TEST(OrnsteinUhlenbeck, ReturnsToItsMeanUnderAdditiveNoise) {
  const AnalyticModel model("ornstein_uhlenbeck");
  EXPECT_EQ(model.at({5}, {2, 3, 0.5}), Numbers{-4});
  EXPECT_EQ(noise_info(model).kind, DK_ADDITIVE);
  EXPECT_EQ(noise_info(model).w, 1);
  EXPECT_EQ(amplitude(model, {-1, 7}, {2, 3, 0.5}), (Numbers{0.5, 0.5}));
}

TEST(GeometricBrownianMotion, HasNoiseInProportionToItsState) {
  const AnalyticModel model("geometric_brownian_motion");
  EXPECT_EQ(model.at({5}, {2, 0.5}), Numbers{10});
  EXPECT_EQ(noise_info(model).kind, DK_DIAGONAL);
  EXPECT_EQ(noise_info(model).calculus, DK_ITO);
  EXPECT_EQ(amplitude(model, {-1, 8}, {2, 0.5}), (Numbers{-0.5, 4}));
}

TEST(DoubleWell, HasTwoWellsAndABarrier) {
  const AnalyticModel model("double_well");
  for (const double x : {-1.0, 0.0, 1.0}) EXPECT_EQ(model.at({x}, {0.1}), Numbers{0});
  EXPECT_EQ(model.slopes({-1}, {0.1}), Numbers{-2});
  EXPECT_EQ(model.slopes({0}, {0.1}), Numbers{1});
  EXPECT_EQ(model.slopes({1}, {0.1}), Numbers{-2});
}

TEST(DoubleWell, HasTheNoiseOfItsTemperature) {
  const AnalyticModel model("double_well");
  EXPECT_EQ(noise_info(model).kind, DK_ADDITIVE);
  EXPECT_EQ(amplitude(model, {-1, 8}, {0.5}), (Numbers{1, 1}));
}

// -U' = x - x^3 with U = x^4/4 - x^2/2, by differences of U; exact for a quartic up to rounding.
TEST(DoubleWell, FollowsItsPotential) {
  const AnalyticModel model("double_well");
  const auto U = [](double x) { return x * x * x * x / 4 - x * x / 2; };
  for (const double x : {-1.7, -0.4, 0.9}) {
    const double h = 0.01;
    const double coarse = (U(x + 2 * h) - U(x - 2 * h)) / (4 * h);
    const double fine = (U(x + h) - U(x - h)) / (2 * h);
    EXPECT_NEAR(model.at({x}, {0.1})[0], -(4 * fine - coarse) / 3, 1e-12);
  }
}

TEST(DoubleWell, EntersItsBox) {
  const AnalyticModel model("double_well");
  const auto* domain = model.extension<dk_domain_v1>(DK_DOMAIN_V1);
  const double theta = 0.1;
  double lower = 0, upper = 0;
  ASSERT_EQ(domain->box(model.handle(), &theta, &lower, &upper, nullptr), DK_OK);
  EXPECT_GT(model.at({lower}, {theta})[0], 0);
  EXPECT_LT(model.at({upper}, {theta})[0], 0);
}

TEST(Deterministic, ModelsOfferNoNoise) {
  for (const char* name : {"lorenz63", "henon", "linear_map"}) {
    EXPECT_EQ(AnalyticModel(name).extension<dk_noise_v1>(DK_NOISE_V1), nullptr);
  }
}

}  // namespace
}  // namespace dynkit::testing
