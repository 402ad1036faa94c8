// Forward differentiation: a number that carries its derivatives in K directions.
//
//     (v, v_dot_1 .. v_dot_K),      f(v, v_dot) = (f(v), f'(v) v_dot)                        (1)
//
// The derivatives are exact to rounding. Comparisons look at the value, so a formula with branches
// differentiates the branch that it takes. The loops over K become vector code.
//
// v and the v_dot are doubles, or Packs: then the lanes are samples, and there are no comparisons.
#pragma once

#include <compare>
#include <concepts>

#include "dynkit/elementary.hpp"
#include "dynkit/pack.hpp"

namespace dynkit {

template <int K, class Number = double>
struct Dual {
  Number value = 0;
  Number tangent[K] = {};

  Dual() = default;
  // Implicit: constants in formulas.
  constexpr Dual(double constant) : value(constant) {}
  Dual(const Pack& constants) requires std::same_as<Number, Pack> : value(constants) {}

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
    const Number quotient = a.value / b.value;
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
    const Number quotient = a / b.value;
    return chain(b, quotient, -quotient / b.value);
  }

  Dual& operator+=(const Dual& other) { return *this = *this + other; }
  Dual& operator-=(const Dual& other) { return *this = *this - other; }
  Dual& operator*=(const Dual& other) { return *this = *this * other; }
  Dual& operator/=(const Dual& other) { return *this = *this / other; }

  friend bool operator==(const Dual& a, const Dual& b) requires std::same_as<Number, double> {
    return a.value == b.value;
  }
  friend auto operator<=>(const Dual& a, const Dual& b) requires std::same_as<Number, double> {
    return a.value <=> b.value;
  }

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
      return f.slope_a * a.tangent[k] + rules::product_or_zero(f.slope_b, b.tangent[k]);
    });
  }
  friend Dual min(const Dual& a, const Dual& b) {
    return first_where([](double x, double y) { return x <= y || x != x; }, a, b);
  }
  friend Dual max(const Dual& a, const Dual& b) {
    return first_where([](double x, double y) { return x >= y || x != x; }, a, b);
  }

 private:
  template <class Tangent>
  static Dual each(const Number& value, Tangent tangent_of) {
    Dual result(value);
    for (int k = 0; k < K; ++k) result.tangent[k] = tangent_of(k);
    return result;
  }
  static Dual chain(const Dual& a, const Number& value, const Number& slope) {
    return each(value, [&](int k) { return slope * a.tangent[k]; });
  }
  static Dual chain(const Dual& a, const Dual& b, const Number& value, const Number& slope_a,
                    const Number& slope_b) {
    return each(value, [&](int k) { return slope_a * a.tangent[k] + slope_b * b.tangent[k]; });
  }

  // a where the condition holds for the values, else b; of Packs lane by lane.
  template <class Condition>
  static Dual first_where(Condition holds, const Dual& a, const Dual& b) {
    if constexpr (std::same_as<Number, double>) {
      return holds(a.value, b.value) ? a : b;
    } else {
      Dual result = b;
      for (int lane = 0; lane < kLanes; ++lane) {
        if (!holds(a.value[lane], b.value[lane])) continue;
        result.value.set(lane, a.value[lane]);
        for (int k = 0; k < K; ++k) result.tangent[k].set(lane, a.tangent[k][lane]);
      }
      return result;
    }
  }
};

}  // namespace dynkit
