// Forward differentiation: a number that carries its derivatives in K directions.
//
//     (v, v_dot_1 .. v_dot_K),      f(v, v_dot) = (f(v), f'(v) v_dot)                        (1)
//
// The derivatives are exact to rounding. Comparisons look at the value, so a formula with branches
// differentiates the branch that it takes. The loops over K become vector code.
#pragma once

#include <compare>

#include "dynkit/elementary.hpp"

namespace dynkit {

template <int K>
struct Dual {
  double value = 0;
  double tangent[K] = {};

  constexpr Dual() = default;
  constexpr Dual(double constant) : value(constant) {}  // implicit: constants in formulas

  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) { return chain(a, -a.value, -1); }

  friend Dual operator+(const Dual& a, const Dual& b) {
    return each(a.value + b.value, [&](int k) { return a.tangent[k] + b.tangent[k]; });
  }
  friend Dual operator-(const Dual& a, const Dual& b) {
    return each(a.value - b.value, [&](int k) { return a.tangent[k] - b.tangent[k]; });
  }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return chain(a, b, a.value * b.value, b.value, a.value);
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const double quotient = a.value / b.value;
    return chain(a, b, quotient, 1 / b.value, -quotient / b.value);
  }

  // With constants, whose zero tangents need no arithmetic.
  friend Dual operator+(const Dual& a, double b) { return chain(a, a.value + b, 1); }
  friend Dual operator+(double a, const Dual& b) { return chain(b, a + b.value, 1); }
  friend Dual operator-(const Dual& a, double b) { return chain(a, a.value - b, 1); }
  friend Dual operator-(double a, const Dual& b) { return chain(b, a - b.value, -1); }
  friend Dual operator*(const Dual& a, double b) { return chain(a, a.value * b, b); }
  friend Dual operator*(double a, const Dual& b) { return chain(b, a * b.value, a); }
  friend Dual operator/(const Dual& a, double b) { return chain(a, a.value / b, 1 / b); }
  friend Dual operator/(double a, const Dual& b) {
    const double quotient = a / b.value;
    return chain(b, quotient, -quotient / b.value);
  }

  Dual& operator+=(const Dual& other) { return *this = *this + other; }
  Dual& operator-=(const Dual& other) { return *this = *this - other; }
  Dual& operator*=(const Dual& other) { return *this = *this * other; }
  Dual& operator/=(const Dual& other) { return *this = *this / other; }

  friend bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend auto operator<=>(const Dual& a, const Dual& b) { return a.value <=> b.value; }

#define DYNKIT_DEFINE(function)              \
  friend Dual function(const Dual& a) {      \
    const auto f = rules::function(a.value); \
    return chain(a, f.value, f.slope);       \
  }
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_DEFINE)
#undef DYNKIT_DEFINE

  friend Dual atan2(const Dual& a, const Dual& b) {
    const auto f = rules::atan2(a.value, b.value);
    return chain(a, b, f.value, f.slope_a, f.slope_b);
  }
  friend Dual pow(const Dual& a, double b) {
    const auto f = rules::power(a.value, b);
    return chain(a, f.value, f.slope);
  }
  // An exponent that does not vary in a direction adds nothing, also where its slope is NaN.
  friend Dual pow(const Dual& a, const Dual& b) {
    const auto f = rules::pow(a.value, b.value);
    return each(f.value, [&](int k) {
      return f.slope_a * a.tangent[k] + (b.tangent[k] == 0 ? 0.0 : f.slope_b * b.tangent[k]);
    });
  }
  friend Dual min(const Dual& a, const Dual& b) {
    return a.value <= b.value || a.value != a.value ? a : b;
  }
  friend Dual max(const Dual& a, const Dual& b) {
    return a.value >= b.value || a.value != a.value ? a : b;
  }

 private:
  template <class Tangent>
  static Dual each(double value, Tangent tangent_of) {
    Dual result(value);
    for (int k = 0; k < K; ++k) result.tangent[k] = tangent_of(k);
    return result;
  }
  static Dual chain(const Dual& a, double value, double slope) {
    return each(value, [&](int k) { return slope * a.tangent[k]; });
  }
  static Dual chain(const Dual& a, const Dual& b, double value, double slope_a, double slope_b) {
    return each(value, [&](int k) { return slope_a * a.tangent[k] + slope_b * b.tangent[k]; });
  }
};

}  // namespace dynkit
