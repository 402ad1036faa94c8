// Errors in units in the last place against long double (64-bit mantissa) libm, over samples of
// every binade from the smallest subnormal number to the largest, in both precisions.
#include "dynkit/vector_math.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include "dynkit/vector_math/normal.hpp"
#include "dynkit/vector_math/sine.hpp"

namespace {

namespace vm = dynkit::vector_math;

template <class Number>
class VectorMath : public ::testing::Test {
 protected:
  using Limits = std::numeric_limits<Number>;
  using ArrayFunction = void (*)(const Number*, Number*, std::int64_t);
  using Reference = long double (*)(long double);
  static constexpr Number kInfinity = Limits::infinity();
  static constexpr Number kNaN = Limits::quiet_NaN();
  static constexpr Number kSmallest = Limits::denorm_min();

  // Both signs of every binade up to `largest`; many samples where the functions are neither linear
  // nor saturated.
  static std::vector<Number> sample_points(Number largest) {
    std::mt19937_64 engine(20240501);
    std::uniform_real_distribution<double> mantissa(1.0, 2.0);
    std::vector<Number> points;
    for (int exponent = Limits::min_exponent - Limits::digits; exponent < Limits::max_exponent;
         ++exponent) {
      const int count = exponent >= -8 && exponent <= 9 ? 20000 : 50;
      for (int i = 0; i < count; ++i) {
        const auto x = static_cast<Number>(std::ldexp(mantissa(engine), exponent));
        if (!(x <= largest)) continue;
        points.push_back(x);
        points.push_back(-x);
      }
    }
    return points;
  }

  static double ulp_error(Number value, long double reference) {
    const auto rounded = static_cast<Number>(reference);
    if (std::isinf(rounded)) return value == rounded ? 0.0 : HUGE_VAL;
    const int smallest = Limits::min_exponent - Limits::digits;
    const int exponent =
        rounded == 0 ? smallest : std::max(std::ilogb(rounded) - Limits::digits + 1, smallest);
    const long double error = std::abs(static_cast<long double>(value) - reference);
    return static_cast<double>(std::ldexp(error, -exponent));
  }

  // The largest error of the array function; printed, since the header quotes it.
  static double largest_ulp_error(const char* name, ArrayFunction function, Reference reference,
                                  Number largest = Limits::max()) {
    const std::vector<Number> x = sample_points(largest);
    std::vector<Number> y(x.size());
    function(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    double worst = 0.0;
    Number where = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = ulp_error(y[i], reference(x[i]));
      if (!(error <= worst)) {
        worst = error;
        where = x[i];
      }
    }
    testing::Test::RecordProperty(name, std::to_string(worst));
    std::cout << name << ": " << worst << " ULP at " << where << '\n';
    return worst;
  }
};

using Precisions = ::testing::Types<double, float>;
TYPED_TEST_SUITE(VectorMath, Precisions);

long double exp_reference(long double x) {
  return std::exp(x);
}
long double tanh_reference(long double x) {
  return std::tanh(x);
}
long double sigmoid_reference(long double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
long double softplus_reference(long double x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
}
long double normal_cdf_reference(long double x) {
  return 0.5L * std::erfc(-x * std::sqrt(0.5L));
}
long double density_reference(long double x) {
  return std::exp(-0.5L * x * x) / std::sqrt(8 * std::atan(1.0L));
}

// One function over arrays, as a loop that vectorizes.
#define DYNKIT_OVER_ARRAY(function)                                      \
  [](const TypeParam* x, TypeParam* y, std::int64_t count) {             \
    vm::transform(x, y, count, [](TypeParam v) { return function(v); }); \
  }

TYPED_TEST(VectorMath, ExpStaysWithinOneAndAHalfUlp) {
  EXPECT_LE(this->largest_ulp_error("exp", vm::exp, exp_reference), 1.5);
}

TYPED_TEST(VectorMath, TanhStaysWithinThreeUlp) {
  EXPECT_LE(this->largest_ulp_error("tanh", vm::tanh, tanh_reference), 3.0);
}

TYPED_TEST(VectorMath, SigmoidStaysWithinThreeUlpInBothTails) {
  EXPECT_LE(this->largest_ulp_error("sigmoid", vm::sigmoid, sigmoid_reference), 3.0);
}

TYPED_TEST(VectorMath, SoftplusStaysWithinThreeUlpInBothTails) {
  EXPECT_LE(this->largest_ulp_error("softplus", vm::softplus, softplus_reference), 3.0);
}

TYPED_TEST(VectorMath, NormalCdfStaysWithinEightUlpInBothTails) {
  EXPECT_LE(this->largest_ulp_error("normal_cdf", DYNKIT_OVER_ARRAY(vm::normal_cdf),
                                    normal_cdf_reference),
            8.0);
}

TYPED_TEST(VectorMath, SineAndCosineStayWithinTwoUlpInTheirRange) {
  constexpr TypeParam kRange = vm::kSineRange<TypeParam>;
  EXPECT_LE(
      this->largest_ulp_error(
          "sin", DYNKIT_OVER_ARRAY(vm::sin), [](long double x) { return std::sin(x); }, kRange),
      2.0);
  EXPECT_LE(
      this->largest_ulp_error(
          "cos", DYNKIT_OVER_ARRAY(vm::cos), [](long double x) { return std::cos(x); }, kRange),
      2.0);
}

TYPED_TEST(VectorMath, GeluAndItsDerivativesAreThoseOfItsDefinition) {
  constexpr double kRounding = 8.0 * std::numeric_limits<TypeParam>::epsilon();
  for (double position = -7.0; position < 7.0; position += 0.0137) {
    const auto x = static_cast<TypeParam>(position);
    const long double cdf = normal_cdf_reference(x), density = density_reference(x);
    EXPECT_NEAR(vm::gelu(x), static_cast<double>(x * cdf), kRounding);
    EXPECT_NEAR(vm::gelu_slope(x), static_cast<double>(cdf + x * density), kRounding);
    EXPECT_NEAR(vm::gelu_curvature(x), static_cast<double>((2 - 1.0L * x * x) * density),
                kRounding);
  }
}

TYPED_TEST(VectorMath, PassesNotANumber) {
  const TypeParam nan = this->kNaN;
  for (const TypeParam value :
       {vm::exp(nan), vm::tanh(nan), vm::sigmoid(nan), vm::softplus(nan), vm::normal_cdf(nan),
        vm::gelu(nan), vm::gelu_slope(nan), vm::gelu_curvature(nan), vm::sin(nan), vm::cos(nan)}) {
    EXPECT_TRUE(std::isnan(value));
  }
}

TYPED_TEST(VectorMath, GivesTheLimitsAtInfinity) {
  const TypeParam infinity = this->kInfinity;
  EXPECT_EQ(vm::exp(infinity), infinity);
  EXPECT_EQ(vm::exp(-infinity), 0);
  EXPECT_EQ(vm::tanh(infinity), 1);
  EXPECT_EQ(vm::tanh(-infinity), -1);
  EXPECT_EQ(vm::sigmoid(infinity), 1);
  EXPECT_EQ(vm::sigmoid(-infinity), 0);
  EXPECT_EQ(vm::softplus(infinity), infinity);
  EXPECT_EQ(vm::softplus(-infinity), 0);
  EXPECT_EQ(vm::normal_cdf(infinity), 1);
  EXPECT_EQ(vm::normal_cdf(-infinity), 0);
  EXPECT_EQ(vm::gelu(infinity), infinity);
  EXPECT_EQ(vm::gelu(-infinity), 0);
  EXPECT_EQ(vm::gelu_slope(infinity), 1);
  EXPECT_EQ(vm::gelu_slope(-infinity), 0);
  EXPECT_TRUE(std::isnan(vm::sin(infinity)));
}

TYPED_TEST(VectorMath, IsExactAtZero) {
  const TypeParam zero = 0;
  EXPECT_EQ(vm::exp(zero), 1);
  EXPECT_EQ(vm::sigmoid(zero), TypeParam(0.5));
  EXPECT_EQ(vm::normal_cdf(zero), TypeParam(0.5));
  EXPECT_EQ(vm::sin(zero), 0);
  EXPECT_EQ(vm::cos(zero), 1);
  EXPECT_FALSE(std::signbit(vm::tanh(zero)));
  EXPECT_TRUE(vm::tanh(-zero) == 0 && std::signbit(vm::tanh(-zero)));
}

// An element's bits may not depend on where in a vector or in the remainder loop it stands.
TYPED_TEST(VectorMath, GivesTheSameBitsAtEveryPositionOfAnArray) {
  using Function = typename TestFixture::ArrayFunction;
  for (const Function function :
       {Function{vm::exp}, Function{vm::tanh}, Function{vm::sigmoid}, Function{vm::softplus},
        Function{DYNKIT_OVER_ARRAY(vm::gelu)}, Function{DYNKIT_OVER_ARRAY(vm::sin)}}) {
    for (const double position : {-3.3, -0.017, 0.4, 1.9, 21.7}) {
      const auto x = static_cast<TypeParam>(position);
      TypeParam alone = 0;
      function(&x, &alone, 1);
      std::vector<TypeParam> y(37);
      function(std::vector<TypeParam>(37, x).data(), y.data(), 37);
      for (const TypeParam value : y) EXPECT_EQ(value, alone);
    }
  }
}

TYPED_TEST(VectorMath, WorksInPlace) {
  const auto x = this->sample_points(std::numeric_limits<TypeParam>::max());
  std::vector<TypeParam> apart(x.size());
  vm::tanh(x.data(), apart.data(), static_cast<std::int64_t>(x.size()));
  auto y = x;
  vm::tanh(y.data(), y.data(), static_cast<std::int64_t>(y.size()));
  EXPECT_EQ(y, apart);
}

TEST(VectorMathRounding, ReachesResultsThatAreNotNormalNumbers) {
  constexpr double kSmallest = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(vm::tanh(kSmallest), kSmallest);
  EXPECT_EQ(vm::exp(-745.13), kSmallest);  // 4.96e-324, half of it is the rounding boundary
  EXPECT_EQ(vm::exp(-745.14), 0.0);        // 2.4703e-324 is half of the smallest number
  EXPECT_EQ(vm::sigmoid(-745.13), kSmallest);
  EXPECT_EQ(vm::softplus(-745.13), kSmallest);
  constexpr float kSmallestFloat = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(vm::tanh(kSmallestFloat), kSmallestFloat);
  EXPECT_EQ(vm::exp(-103.9F), kSmallestFloat);  // 7.5e-46, above half of 1.4e-45
  EXPECT_EQ(vm::exp(-103.98F), 0.0F);           // 6.9e-46, below it
}

TEST(VectorMathRounding, OverflowsOnlyWhereTheResultDoes) {
  EXPECT_EQ(vm::exp(0x1.62e42fefa39efp9), 0x1.fffffffffff2ap1023);  // the last finite one
  EXPECT_EQ(vm::exp(0x1.62e42fefa39f0p9), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isfinite(vm::exp(0x1.62e42ep6F)));  // log(FLT_MAX) lies between the two
  EXPECT_EQ(vm::exp(0x1.62e430p6F), std::numeric_limits<float>::infinity());
}

}  // namespace
