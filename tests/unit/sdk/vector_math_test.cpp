// Errors in units in the last place against long double (64-bit mantissa) libm, over samples of
// every binade from the smallest subnormal number to the largest.
#include "dynkit/vector_math.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

namespace {

namespace vm = dynkit::vector_math;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallest = std::numeric_limits<double>::denorm_min();

// Both signs of every binade; many samples where the functions are neither linear nor saturated.
std::vector<double> sample_points() {
  std::mt19937_64 engine(20240501);
  std::uniform_real_distribution<double> mantissa(1.0, 2.0);
  std::vector<double> points;
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    const int count = exponent >= -8 && exponent <= 9 ? 50000 : 50;
    for (int i = 0; i < count; ++i) {
      const double x = std::ldexp(mantissa(engine), exponent);
      points.push_back(x);
      points.push_back(-x);
    }
  }
  return points;
}

double ulp_error(double value, long double reference) {
  const double rounded = static_cast<double>(reference);
  if (std::isinf(rounded)) return value == rounded ? 0.0 : kInfinity;
  const int exponent = rounded == 0.0 ? -1074 : std::max(std::ilogb(rounded) - 52, -1074);
  const long double error = std::abs(static_cast<long double>(value) - reference);
  return static_cast<double>(std::ldexp(error, -exponent));
}

using ArrayFunction = void (*)(const double*, double*, std::int64_t);
using Reference = long double (*)(long double);

// The largest error of the array function; printed, since the header quotes it.
double largest_ulp_error(const char* name, ArrayFunction function, Reference reference) {
  const std::vector<double> x = sample_points();
  std::vector<double> y(x.size());
  function(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
  double largest = 0.0;
  double where = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulp_error(y[i], reference(x[i]));
    if (!(error <= largest)) {
      largest = error;
      where = x[i];
    }
  }
  testing::Test::RecordProperty(name, std::to_string(largest));
  std::cout << name << ": " << largest << " ULP at " << where << '\n';
  return largest;
}

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

TEST(VectorMathExp, StaysWithinOneAndAHalfUlp) {
  EXPECT_LE(largest_ulp_error("exp", vm::exp, exp_reference), 1.5);
}

TEST(VectorMathTanh, StaysWithinThreeUlp) {
  EXPECT_LE(largest_ulp_error("tanh", vm::tanh, tanh_reference), 3.0);
}

TEST(VectorMathSigmoid, StaysWithinThreeUlpInBothTails) {
  EXPECT_LE(largest_ulp_error("sigmoid", vm::sigmoid, sigmoid_reference), 3.0);
}

TEST(VectorMathSoftplus, StaysWithinThreeUlpInBothTails) {
  EXPECT_LE(largest_ulp_error("softplus", vm::softplus, softplus_reference), 3.0);
}

TEST(VectorMath, PassesNotANumber) {
  EXPECT_TRUE(std::isnan(vm::exp(kNaN)));
  EXPECT_TRUE(std::isnan(vm::tanh(kNaN)));
  EXPECT_TRUE(std::isnan(vm::sigmoid(kNaN)));
  EXPECT_TRUE(std::isnan(vm::softplus(kNaN)));
}

TEST(VectorMath, GivesTheLimitsAtInfinity) {
  EXPECT_EQ(vm::exp(kInfinity), kInfinity);
  EXPECT_EQ(vm::exp(-kInfinity), 0.0);
  EXPECT_EQ(vm::tanh(kInfinity), 1.0);
  EXPECT_EQ(vm::tanh(-kInfinity), -1.0);
  EXPECT_EQ(vm::sigmoid(kInfinity), 1.0);
  EXPECT_EQ(vm::sigmoid(-kInfinity), 0.0);
  EXPECT_EQ(vm::softplus(kInfinity), kInfinity);
  EXPECT_EQ(vm::softplus(-kInfinity), 0.0);
}

TEST(VectorMath, IsExactAtZero) {
  EXPECT_EQ(vm::exp(0.0), 1.0);
  EXPECT_EQ(vm::sigmoid(0.0), 0.5);
  EXPECT_FALSE(std::signbit(vm::tanh(0.0)));
  EXPECT_TRUE(vm::tanh(-0.0) == 0.0 && std::signbit(vm::tanh(-0.0)));
}

TEST(VectorMath, RoundsResultsThatAreNotNormalNumbers) {
  EXPECT_EQ(vm::tanh(kSmallest), kSmallest);
  EXPECT_EQ(vm::exp(-745.13), kSmallest);  // 4.96e-324, half of it is the rounding boundary
  EXPECT_EQ(vm::exp(-745.14), 0.0);        // 2.4703e-324 is half of the smallest number
  EXPECT_EQ(vm::sigmoid(-745.13), kSmallest);
  EXPECT_EQ(vm::softplus(-745.13), kSmallest);
}

TEST(VectorMath, OverflowsOnlyWhereTheResultDoes) {
  EXPECT_EQ(vm::exp(0x1.62e42fefa39efp9), 0x1.fffffffffff2ap1023);  // the last finite one
  EXPECT_EQ(vm::exp(0x1.62e42fefa39f0p9), kInfinity);
}

// An element's bits may not depend on where in a vector or in the remainder loop it stands.
TEST(VectorMath, GivesTheSameBitsAtEveryPositionOfAnArray) {
  for (const ArrayFunction function : {ArrayFunction{vm::exp}, ArrayFunction{vm::tanh},
                                       ArrayFunction{vm::sigmoid}, ArrayFunction{vm::softplus}}) {
    for (const double x : {-3.3, -0.017, 0.4, 1.9, 21.7}) {
      double alone = 0.0;
      function(&x, &alone, 1);
      std::vector<double> y(37);
      function(std::vector<double>(37, x).data(), y.data(), 37);
      for (const double value : y) EXPECT_EQ(value, alone);
    }
  }
}

TEST(VectorMath, WorksInPlace) {
  const std::vector<double> x = sample_points();
  std::vector<double> apart(x.size());
  vm::tanh(x.data(), apart.data(), static_cast<std::int64_t>(x.size()));
  std::vector<double> y = x;
  vm::tanh(y.data(), y.data(), static_cast<std::int64_t>(y.size()));
  EXPECT_EQ(y, apart);
}

}  // namespace
