#include "dynkit/dual.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support/differences.hpp"

namespace dynkit {
namespace {

using testing::slope_at_zero;
using Pair = Dual<2>;

// A number with tangents (first, second).
Pair pair(double value, double first, double second) {
  Pair result(value);
  result.tangent[0] = first;
  result.tangent[1] = second;
  return result;
}

struct UnaryCase {
  std::string name;
  std::function<double(double)> plain;
  std::function<Pair(const Pair&)> dual;
};

std::vector<UnaryCase> unary_cases() {
  std::vector<UnaryCase> cases;
#define DYNKIT_CASE(function)                                             \
  cases.push_back({#function, [](double x) { return math::function(x); }, \
                   [](const Pair& x) { return function(x); }});
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_CASE)
#undef DYNKIT_CASE
  return cases;
}

// 0.3 and 0.6 lie in the domain of every function, away from the corner of abs.
TEST(DualUnary, HasTheValueOfThePlainFunction) {
  for (const UnaryCase& c : unary_cases()) {
    EXPECT_EQ(c.dual(pair(0.6, 1, 0)).value, c.plain(0.6)) << c.name;
  }
}

TEST(DualUnary, HasTheSlopeOfDifferences) {
  for (const UnaryCase& c : unary_cases()) {
    for (const double x : {0.3, 0.6}) {
      const Pair y = c.dual(pair(x, 1, -2.5));
      const double slope = slope_at_zero([&](double h) { return c.plain(x + h); }, 0.01);
      // h^6 = 1e-12 with derivatives up to 1e2 of log and acos, rounding 1e-13.
      EXPECT_NEAR(y.tangent[0], slope, 1e-9) << c.name << " at " << x;
      EXPECT_NEAR(y.tangent[1], -2.5 * slope, 3e-9) << c.name << " at " << x;
      EXPECT_NE(y.tangent[0], 0) << c.name;
    }
  }
}

TEST(DualUnary, HasTheSlopeOfDifferencesAtNegativeArguments) {
  for (const UnaryCase& c : unary_cases()) {
    if (c.name == "log" || c.name == "sqrt") continue;
    const double slope = slope_at_zero([&](double h) { return c.plain(-0.4 + h); }, 0.01);
    EXPECT_NEAR(c.dual(pair(-0.4, 1, 0)).tangent[0], slope, 1e-9) << c.name;
  }
}

TEST(DualUnary, PassesNaNIntoValueAndSlope) {
  for (const UnaryCase& c : unary_cases()) {
    const Pair y = c.dual(pair(std::numeric_limits<double>::quiet_NaN(), 1, 0));
    EXPECT_TRUE(std::isnan(y.value) && std::isnan(y.tangent[0])) << c.name;
  }
}

struct BinaryCase {
  std::string name;
  std::function<double(double, double)> plain;
  std::function<Pair(const Pair&, const Pair&)> dual;
};

std::vector<BinaryCase> binary_cases() {
  std::vector<BinaryCase> cases;
#define DYNKIT_CASE(name, expression)       \
  cases.push_back({name,                    \
                   [](double a, double b) { \
                     using namespace math;  \
                     return expression;     \
                   },                       \
                   [](const Pair& a, const Pair& b) { return expression; }});
  DYNKIT_CASE("a + b", a + b)
  DYNKIT_CASE("a - b", a - b)
  DYNKIT_CASE("a * b", a * b)
  DYNKIT_CASE("a / b", a / b)
  DYNKIT_CASE("atan2", atan2(a, b))
  DYNKIT_CASE("pow", pow(a, b))
  DYNKIT_CASE("min", min(a, b))
  DYNKIT_CASE("max", max(a, b))
  DYNKIT_CASE("constants left", 3 + (2 - (5 * (7 / a))) * b)
  DYNKIT_CASE("constants right", (((a + 3) - 2) * 5) / 7 - b)
  DYNKIT_CASE("constant powers", pow(a, 3) + pow(b, 0.5) + pow(a, 0))
  DYNKIT_CASE("signs", -a + +b)
#undef DYNKIT_CASE
  return cases;
}

TEST(DualBinary, HasTheSlopesOfDifferences) {
  const double a = 0.7, b = 1.9;
  for (const BinaryCase& c : binary_cases()) {
    const Pair y = c.dual(pair(a, 1, 0.5), pair(b, 0, -2));
    EXPECT_EQ(y.value, c.plain(a, b)) << c.name;
    const double in_a = slope_at_zero([&](double h) { return c.plain(a + h, b); }, 0.01);
    const double in_b = slope_at_zero([&](double h) { return c.plain(a, b + h); }, 0.01);
    EXPECT_NEAR(y.tangent[0], in_a, 1e-9) << c.name;
    EXPECT_NEAR(y.tangent[1], 0.5 * in_a - 2 * in_b, 1e-9) << c.name;
  }
}

TEST(DualBinary, AssignsCompoundly) {
  Pair y = pair(2, 1, 0);
  y += pair(3, 0, 1);
  y *= y;
  y -= 5;
  y /= pair(4, 0, 1);
  // y = ((2 + a + 3 + b)^2 - 5) / (4 + b) at a = b = 0: 20/4, 10/4, 10/4 - 20/16.
  EXPECT_EQ(y.value, 5);
  EXPECT_EQ(y.tangent[0], 2.5);
  EXPECT_EQ(y.tangent[1], 1.25);
}

TEST(DualBinary, ComparesValuesOnly) {
  EXPECT_TRUE(pair(1, 9, 9) < pair(2, 0, 0));
  EXPECT_TRUE(pair(1, 9, 9) == pair(1, 0, 0));
  EXPECT_TRUE(2.0 > pair(1, 9, 9));
  EXPECT_FALSE(pair(std::nan(""), 0, 0) <= 1.0);
}

TEST(DualBinary, RaisesNegativeBasesToFixedExponents) {
  // theta^k with the exponent a number of the model that is not varied in this direction.
  const Pair y = pow(pair(-2, 1, 0), pair(3, 0, 1));
  EXPECT_EQ(y.value, -8);
  EXPECT_EQ(y.tangent[0], 12);
  EXPECT_TRUE(std::isnan(y.tangent[1]));
}

TEST(DualBinary, HasFlatPowersOfZero) {
  const Pair y = pow(pair(0, 1, 0), pair(2, 0, 1));
  EXPECT_EQ(y.tangent[0], 0);
  EXPECT_EQ(y.tangent[1], 0);  // 0^b = 0 for every b > 0
}

TEST(DualBinary, PassesNaNThroughMinAndMaxFromEitherSide) {
  const Pair nan(std::nan(""));
  for (const Pair& y :
       {min(nan, Pair(1)), min(Pair(1), nan), max(nan, Pair(1)), max(Pair(1), nan)}) {
    EXPECT_TRUE(std::isnan(y.value));
  }
}

using PackPair = Dual<2, Pack>;

// Lanes start, start + 0.1, ... with tangents that differ from lane to lane.
PackPair ramp(double start) {
  PackPair result;
  for (int lane = 0; lane < kLanes; ++lane) {
    result.value.set(lane, start + 0.1 * lane);
    result.tangent[0].set(lane, 1.0 - 0.3 * lane);
    result.tangent[1].set(lane, lane == 0 ? 0.0 : 2.0 + lane);
  }
  return result;
}

Pair lane_of(const PackPair& packed, int lane) {
  return pair(packed.value[lane], packed.tangent[0][lane], packed.tangent[1][lane]);
}

template <class Packed, class Alone>
void expect_lanes(const Packed& packed, const Alone& alone, const std::string& name) {
  const PackPair a = ramp(0.15), b = ramp(-0.05), result = packed(a, b);
  for (int lane = 0; lane < kLanes; ++lane) {
    const Pair expected = alone(lane_of(a, lane), lane_of(b, lane)), found = lane_of(result, lane);
    const auto is_same = [](double x, double y) { return x == y || (x != x && y != y); };
    EXPECT_TRUE(is_same(found.value, expected.value)) << name << " lane " << lane;
    for (int k = 0; k < 2; ++k) {
      EXPECT_TRUE(is_same(found.tangent[k], expected.tangent[k]))
          << name << " lane " << lane << ": " << found.tangent[k] << " != " << expected.tangent[k];
    }
  }
}

TEST(DualOfPacks, DifferentiatesEachLaneAsTheNumberAlone) {
#define DYNKIT_CASE(expression)                                                            \
  expect_lanes([](const PackPair& a, const PackPair& b) { return (void)b, (expression); }, \
               [](const Pair& a, const Pair& b) { return (void)b, (expression); }, #expression);
#define DYNKIT_UNARY_CASE(function) DYNKIT_CASE(function(a))
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_UNARY_CASE)
  DYNKIT_CASE(a + b)
  DYNKIT_CASE(a - b)
  DYNKIT_CASE(a * b)
  DYNKIT_CASE(a / b)
  DYNKIT_CASE(-a + +b)
  DYNKIT_CASE(2 * a - 1 / (b + 3))
  DYNKIT_CASE((a - 2) / 7 + (5 - b))
  DYNKIT_CASE(atan2(a, b))
  DYNKIT_CASE(pow(a, 3) + pow(b, 0))
  DYNKIT_CASE(pow(b, a))
  DYNKIT_CASE(min(a, b) + max(2 * b, a))
#undef DYNKIT_UNARY_CASE
#undef DYNKIT_CASE
}

}  // namespace
}  // namespace dynkit
