// A formula where authors write it: outside of dynkit's namespaces, where C's functions of the same
// names are in sight.
#include <gtest/gtest.h>

#include <cmath>

#include "dynkit/differentiable_model.hpp"

namespace {

template <class Scalar>
Scalar all_functions(const Scalar& a, const Scalar& b) {
  using namespace dynkit::math;
  return abs(a - 2) + acos(a) + asin(b) + atan(a) + atan2(a, b) + cos(a) + cosh(b) + exp(a) +
         log(b) + max(a, b) + min(a, b) + pow(a, 3) + pow(a, 0.5) + pow(b, a) + pow(2.0, b) +
         sigmoid(a) + sin(a) + sinh(b) + softplus(b) + sqrt(a) + tan(a) + tanh(b);
}

constexpr double kA = 0.3, kB = 0.6;

TEST(AuthorNamespace, HasAllFunctionsOfDoubles) {
  const double expected = std::fabs(kA - 2) + std::acos(kA) + std::asin(kB) + std::atan(kA) +
                          std::atan2(kA, kB) + std::cos(kA) + std::cosh(kB) + std::exp(kA) +
                          std::log(kB) + kB + kA + kA * kA * kA + std::sqrt(kA) +
                          std::exp(kA * std::log(kB)) + std::exp2(kB) + 1 / (1 + std::exp(-kA)) +
                          std::sin(kA) + std::sinh(kB) + std::log1p(std::exp(kB)) + std::sqrt(kA) +
                          std::tan(kA) + std::tanh(kB);
  EXPECT_NEAR(all_functions(kA, kB), expected, 1e-13);
}

// Central differences of step h: the error, h^2 f''' / 6 + 1e-16 / h, is some 1e-10.
TEST(AuthorNamespace, HasAllFunctionsOfDuals) {
  constexpr double h = 1e-5;
  using Pair = dynkit::Dual<2>;
  Pair a(kA), b(kB);
  a.tangent[0] = 1;
  b.tangent[1] = 1;
  const Pair y = all_functions(a, b);
  const double in_a = all_functions(kA + h, kB) - all_functions(kA - h, kB);
  const double in_b = all_functions(kA, kB + h) - all_functions(kA, kB - h);
  EXPECT_NEAR(y.tangent[0], in_a / (2 * h), 1e-8);
  EXPECT_NEAR(y.tangent[1], in_b / (2 * h), 1e-8);
}

}  // namespace
