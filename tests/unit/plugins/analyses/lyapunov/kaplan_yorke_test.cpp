#include "plugins/analyses/lyapunov/kaplan_yorke.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dynkit::lyapunov {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(KaplanYorke, InterpolatesWhereTheSumTurnsNegative) {
  EXPECT_DOUBLE_EQ(kaplan_yorke({1.0, -1.0, -1.0}, 3, 0.0).value, 2.0);
  EXPECT_DOUBLE_EQ(kaplan_yorke({0.5, 0.0, -2.0}, 3, 0.0).value, 2.25);
  EXPECT_DOUBLE_EQ(kaplan_yorke({0.41922, -1.62319}, 2, 0.0).value, 1.0 + 0.41922 / 1.62319);
}

TEST(KaplanYorke, OfExpandingSystemIsItsDimension) {
  EXPECT_EQ(kaplan_yorke({1.0, 1.0, 1.0}, 3, 0.0).value, 3.0);
  EXPECT_EQ(kaplan_yorke({1.0, 1.0, -0.5}, 3, 0.0).value, 3.0);
}

TEST(KaplanYorke, OfFixedPointIsZero) {
  EXPECT_EQ(kaplan_yorke({-0.5, -1.0}, 2, 0.0).value, 0.0);
}

TEST(KaplanYorke, TakesAnExponentWithinItsErrorForZero) {
  EXPECT_EQ(kaplan_yorke({-1e-4, -1.0}, 2, 0.0).value, 0.0);
  EXPECT_EQ(kaplan_yorke({-1e-4, -1.0}, 2, 1e-3).value, 1.0);
}

TEST(KaplanYorke, IsUnknownWithTooFewExponents) {
  EXPECT_TRUE(std::isnan(kaplan_yorke({0.9, 0.0}, 3, 0.0).value));
}

TEST(KaplanYorke, OfInfiniteContractionIsTheNumberOfOthers) {
  EXPECT_EQ(kaplan_yorke({0.7, -kInfinity}, 2, 0.0).value, 1.0);
}

TEST(KaplanYorke, WeightsAreItsDerivatives) {
  const std::vector<double> lambda = {0.9, 0.1, -2.0, -5.0};
  const Dimension dimension = kaplan_yorke(lambda, 4, 0.0);
  const double h = 1e-6;
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<double> up = lambda, down = lambda;
    up[i] += h, down[i] -= h;
    const double slope =
        (kaplan_yorke(up, 4, 0.0).value - kaplan_yorke(down, 4, 0.0).value) / (2.0 * h);
    EXPECT_NEAR(dimension.weights[i], slope, 1e-9) << i;  // h^2 and eps / h
  }
}

}  // namespace
}  // namespace dynkit::lyapunov
