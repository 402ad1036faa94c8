#include "dynkit/pack.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace dynkit {
namespace {

// Lanes start, start + 0.1, ...
Pack ramp(double start) {
  Pack pack;
  for (int lane = 0; lane < kLanes; ++lane) pack.set(lane, start + 0.1 * lane);
  return pack;
}

template <class Packed, class Plain>
void expect_lanes(const Packed& packed, const Plain& plain, const std::string& name) {
  const Pack a = ramp(0.15), b = ramp(-0.05);
  const Pack result = packed(a, b);
  for (int lane = 0; lane < kLanes; ++lane) {
    const double expected = plain(a[lane], b[lane]);
    EXPECT_TRUE(result[lane] == expected || (std::isnan(result[lane]) && std::isnan(expected)))
        << name << " lane " << lane << ": " << result[lane] << " != " << expected;
  }
}

TEST(Pack, ComputesEachLaneAsTheNumberAlone) {
#define DYNKIT_CASE(expression)                                                    \
  expect_lanes([](const Pack& a, const Pack& b) { return (void)b, (expression); }, \
               [](double a, double b) {                                            \
                 using namespace math;                                             \
                 return (void)b, (expression);                                     \
               },                                                                  \
               #expression);
#define DYNKIT_UNARY_CASE(function) DYNKIT_CASE(function(a))
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_UNARY_CASE)
  DYNKIT_CASE(a + b)
  DYNKIT_CASE(a - b)
  DYNKIT_CASE(a * b)
  DYNKIT_CASE(a / b)
  DYNKIT_CASE(-a + +b)
  DYNKIT_CASE(2 * a - 1 / (b + 3))
  DYNKIT_CASE(atan2(a, b))
  DYNKIT_CASE(pow(a, b))
  DYNKIT_CASE(min(a, b))
  DYNKIT_CASE(max(a, b))
#undef DYNKIT_UNARY_CASE
#undef DYNKIT_CASE
}

TEST(Pack, LoadsAndStoresUnalignedNumbers) {
  double numbers[kLanes + 2], copy[kLanes + 2] = {};
  for (int i = 0; i < kLanes + 2; ++i) numbers[i] = i;
  Pack::load(numbers + 1).store(copy + 1);
  EXPECT_EQ(copy[0], 0);
  for (int i = 1; i <= kLanes; ++i) EXPECT_EQ(copy[i], i);
  EXPECT_EQ(copy[kLanes + 1], 0);
}

TEST(Pack, AssignsCompoundly) {
  Pack y = ramp(1);
  y += 1;
  y *= y;
  y -= 4;
  y /= 2;
  for (int lane = 0; lane < kLanes; ++lane) {
    const double a = 1 + 0.1 * lane + 1;
    EXPECT_DOUBLE_EQ(y[lane], (a * a - 4) / 2);  // multiply-adds may be fused
  }
}

}  // namespace
}  // namespace dynkit
