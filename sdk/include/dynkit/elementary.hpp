// Elementary functions of a double, and their derivatives: the one place where the rules of
// differentiation are written down. dual.hpp and tape.hpp carry them forward and backward.
//
// An author's formula is a template over the number type. With
//
//     using namespace dynkit::math;
//
// inside it, exp, sin, abs, pow, sigmoid and so on find the right function for every type: plain
// `abs` of a double would be C's abs of an int. A square is x * x: dynkit_add_plugin() keeps
// compilers from folding powers, which they do for some numbers and not for others, while a formula
// must give the same bits in a batch and alone.
#pragma once

#include <cmath>

#include "dynkit/vector_math.hpp"

namespace dynkit::math {

using std::abs;
using std::acos;
using std::asin;
using std::atan;
using std::atan2;
using std::cos;
using std::cosh;
using std::exp;
using std::log;
using std::pow;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;
using vector_math::sigmoid;
using vector_math::softplus;

// NaN if either is NaN, unlike std::min and std::fmin.
inline double min(double a, double b) {
  return a <= b || a != a ? a : b;
}
inline double max(double a, double b) {
  return a >= b || a != a ? a : b;
}

}  // namespace dynkit::math

/// The functions of one argument that every number type of the SDK offers.
#define DYNKIT_UNARY_FUNCTIONS(X) \
  X(abs)                          \
  X(acos)                         \
  X(asin)                         \
  X(atan)                         \
  X(cos)                          \
  X(cosh)                         \
  X(exp)                          \
  X(log)                          \
  X(sigmoid)                      \
  X(sin)                          \
  X(sinh)                         \
  X(softplus)                     \
  X(sqrt)                         \
  X(tan)                          \
  X(tanh)

/// f and its derivatives at a point. Where there is no derivative: abs has slope 0 at 0; min and
/// max take the slopes of the argument that they return, the first of two equals.
namespace dynkit::rules {

struct Unary {
  double value, slope;
};

struct Binary {
  double value, slope_a, slope_b;
};

inline Unary abs(double x) {
  return {std::fabs(x), x < 0 ? -1.0 : x > 0 ? 1.0 : x};
}
inline Unary acos(double x) {
  return {std::acos(x), -1 / std::sqrt((1 - x) * (1 + x))};
}
inline Unary asin(double x) {
  return {std::asin(x), 1 / std::sqrt((1 - x) * (1 + x))};
}
inline Unary atan(double x) {
  return {std::atan(x), 1 / (1 + x * x)};
}
inline Unary cos(double x) {
  return {std::cos(x), -std::sin(x)};
}
inline Unary cosh(double x) {
  return {std::cosh(x), std::sinh(x)};
}
inline Unary log(double x) {
  return {std::log(x), 1 / x};
}
inline Unary sin(double x) {
  return {std::sin(x), std::cos(x)};
}
inline Unary sinh(double x) {
  return {std::sinh(x), std::cosh(x)};
}
inline Unary softplus(double x) {
  return {math::softplus(x), math::sigmoid(x)};
}
inline Unary exp(double x) {
  const double y = std::exp(x);
  return {y, y};
}
inline Unary sigmoid(double x) {
  const double y = math::sigmoid(x);
  return {y, y * math::sigmoid(-x)};
}
inline Unary sqrt(double x) {
  const double y = std::sqrt(x);
  return {y, 0.5 / y};
}
inline Unary tan(double x) {
  const double y = std::tan(x);
  return {y, 1 + y * y};
}
inline Unary tanh(double x) {
  const double y = std::tanh(x);
  return {y, (1 - y) * (1 + y)};
}

// a^b with a constant exponent.
inline Unary power(double a, double b) {
  return {std::pow(a, b), b == 0 ? 0.0 : b * std::pow(a, b - 1)};
}

// a^b. The slope in b is NaN for a < 0, where only whole exponents have a value.
inline Binary pow(double a, double b) {
  const Unary in_a = power(a, b);
  return {in_a.value, in_a.slope, a == 0 && b > 0 ? 0.0 : in_a.value * std::log(a)};
}

inline Binary atan2(double a, double b) {
  const double r2 = a * a + b * b;
  return {std::atan2(a, b), b / r2, -a / r2};
}

// slope * tangent, but 0 for a tangent of 0 even where the slope is not finite.
inline double product_or_zero(double slope, double tangent) {
  return tangent == 0 ? 0.0 : slope * tangent;
}

}  // namespace dynkit::rules
