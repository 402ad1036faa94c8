// Elementary functions that a compiler turns into vector code by itself.
//
// libm's tanh costs 10 to 30 ns a call and blocks vectorization; these cost about 1 ns an element
// with AVX-512. Each is a scalar function without branches, to be used in a plain loop, and a
// function over an array that is such a loop. No intrinsics, no -ffast-math; needs -O3 (or
// -ftree-vectorize) and is faster with -fno-trapping-math.
//
//     y = k ln 2 + r,  |r| <= ln(2)/2,   q = expm1(r) = r + r^2 P(r),   s = 2^k               (1)
//     exp(y)      = s (1 + q)                                                                  (2)
//     tanh(x)     = sign(x) e / (e + 2),       e = expm1(2|x|) = s q + (s - 1)                 (3)
//     sigmoid(x)  = 1/(1 + z)  or  z/(1 + z) for x < 0,       z = exp(-|x|)                    (4)
//     softplus(x) = max(x, 0) + log1p(z),   log1p(z) = 2 atanh(w) = 2w + 2w w^2 L(w^2),
//                                           w = z / (2 + z) in [0, 1/3]                        (5)
//
// P (degree 10) and L (degree 9) are minimax polynomials, found with the Remez exchange in 160-bit
// arithmetic: P of (expm1(r) - r)/r^2 on |r| <= ln(2)/2 (absolute error 1.4e-18), L of
// (atanh(w)/w - 1)/w^2 on w^2 in [0, 1/9] (absolute error 4.3e-17). The first coefficient of P
// rounds to 1/2 exactly.
//
// Largest errors over samples of every binade, all three instruction sets, in units in the last
// place: exp 1.0, tanh 2.6, sigmoid 2.3, softplus 2.6 (tests/unit/sdk/vector_math_test.cpp).
// The usual tanh = 1 - 2/(exp(2x) + 1) has 1e8 near zero, sigmoid = 1/(1 + exp(-x)) loses its
// negative tail. NaN passes, infinities give the limits, tanh keeps the sign of zero, and results
// that are not normal numbers are rounded, not flushed.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#define DYNKIT_ALWAYS_INLINE [[gnu::always_inline]] inline

namespace dynkit::vector_math {
namespace detail {

// What (1) to (5) need to know of a binary format.
template <class Number>
struct Format;

template <>
struct Format<double> {
  using Bits = std::uint64_t;
  static constexpr int kFractionBits = 52;
  static constexpr Bits kBias = 1023;
  static constexpr double kShift = 0x1.8p52;
  static constexpr double kLn2High = 0x1.62e42fefa38p-1;  // 42 bits
  static constexpr double kLn2Low = 0x1.ef35793c7673p-45;
  static constexpr double kOverflow = 710.0;    // of exp
  static constexpr double kUnderflow = -746.0;  // of exp
  static constexpr double kTanhIsOne = 40.0;    // 2|x| from where tanh rounds to 1
};

template <>
struct Format<float> {
  using Bits = std::uint32_t;
  static constexpr int kFractionBits = 23;
  static constexpr Bits kBias = 127;
  static constexpr float kShift = 0x1.8p23F;
  static constexpr float kLn2High = 0x1.62e4p-1F;  // 15 bits
  static constexpr float kLn2Low = 0x1.7f7d1cp-20F;
  static constexpr float kOverflow = 89.0F;
  static constexpr float kUnderflow = -104.0F;
  static constexpr float kTanhIsOne = 20.0F;
};

// y = k ln 2 + r. `shifted` holds k in its low bits: adding 1.5 * 2^52 (or 2^23) rounds to an
// integer.
template <class Number>
struct Reduced {
  Number shifted, k, r;
};

// kOverflow and kUnderflow bound y: then k * kLn2High is exact.
template <class Number>
DYNKIT_ALWAYS_INLINE Reduced<Number> reduce(Number y) {
  using F = Format<Number>;
  constexpr auto kLog2E = static_cast<Number>(0x1.71547652b82fep0);
  const Number shifted = y * kLog2E + F::kShift;
  const Number k = shifted - F::kShift;
  return {shifted, k, (y - k * F::kLn2High) - k * F::kLn2Low};
}

// 2^k for k of normal numbers, from k + kShift: k lands in the exponent, the rest shifts out.
template <class Number>
DYNKIT_ALWAYS_INLINE Number power_of_two(Number shifted) {
  using F = Format<Number>;
  return std::bit_cast<Number>((std::bit_cast<typename F::Bits>(shifted) + F::kBias)
                               << F::kFractionBits);
}

// expm1(r) of (1), by Estrin's scheme.
DYNKIT_ALWAYS_INLINE double expm1_polynomial(double r) {
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double p0 = 0.5 + r * 0x1.5555555555557p-3;
  const double p2 = 0x1.5555555555558p-5 + r * 0x1.11111111100dbp-7;
  const double p4 = 0x1.6c16c16c151fcp-10 + r * 0x1.a01a01abe84bap-13;
  const double p6 = 0x1.a01a01acfacc0p-16 + r * 0x1.71de0230beb99p-19;
  const double p8 = 0x1.27e4cccdeb2f7p-22 + r * 0x1.af4deb0af45a9p-26;
  const double p10 = 0x1.1f8b4c6b3c913p-29;
  const double low = p0 + r2 * p2;
  const double middle = p4 + r2 * p6;
  const double high = p8 + r2 * p10;
  return r + r2 * (low + r4 * (middle + r4 * high));
}

DYNKIT_ALWAYS_INLINE float expm1_polynomial(float r) {
  const float r2 = r * r;
  const float p0 = 0.5F + r * 0x1.555556p-3F;
  const float p2 = 0x1.5554e8p-5F + r * 0x1.1110acp-7F;
  const float p4 = 0x1.6d432cp-10F + r * 0x1.a17e08p-13F;
  return r + r2 * (p0 + r2 * (p2 + r2 * p4));
}

// L(v) of (5), by Estrin's scheme.
DYNKIT_ALWAYS_INLINE double atanh_polynomial(double v) {
  const double v2 = v * v;
  const double v4 = v2 * v2;
  const double l0 = 0x1.5555555555555p-2 + v * 0x1.999999999a458p-3;
  const double l2 = 0x1.24924923cd0ecp-3 + v * 0x1.c71c727682667p-4;
  const double l4 = 0x1.745cefbd29e43p-4 + v * 0x1.3b18cb6a180cdp-4;
  const double l6 = 0x1.10aaf96955452p-4 + v * 0x1.ebaae753e1608p-5;
  const double l8 = 0x1.67fab4ead6472p-5 + v * 0x1.4b8a3954022d9p-4;
  return (l0 + v2 * l2) + v4 * ((l4 + v2 * l6) + v4 * l8);
}

DYNKIT_ALWAYS_INLINE float atanh_polynomial(float v) {
  const float v2 = v * v;
  const float l0 = 0x1.555556p-2F + v * 0x1.9998cep-3F;
  const float l2 = 0x1.24ca5cp-3F + v * 0x1.bc6a1ap-4F;
  return l0 + v2 * (l2 + v2 * 0x1.dc3feep-4F);
}

// (2) for kUnderflow <= y <= kOverflow, of y + rest where `rest` is tiny. The power of two is
// applied in two factors, since the largest and the smallest one are not normal numbers; only the
// second product rounds.
template <class Number>
DYNKIT_ALWAYS_INLINE Number exp_in_range(Number y, Number rest = 0) {
  constexpr Number kShift = Format<Number>::kShift;
  const Reduced<Number> reduced = reduce(y);
  const Number shifted_half = reduced.k * Number(0.5) + kShift;
  const Number half = shifted_half - kShift;
  const Number other_half = (reduced.k - half) + kShift;
  const Number mantissa = Number(1) + expm1_polynomial(reduced.r + rest);
  return mantissa * power_of_two(shifted_half) * power_of_two(other_half);
}

// exp(-|x|); comparisons are written such that NaN passes.
template <class Number>
DYNKIT_ALWAYS_INLINE Number exp_of_minus_magnitude(Number x) {
  constexpr Number kLimit = -Format<Number>::kUnderflow;
  const Number magnitude = std::fabs(x);
  return exp_in_range(-(magnitude > kLimit ? kLimit : magnitude));
}

}  // namespace detail

/// y[i] = f(x[i]); y may be x, but not overlap it otherwise. Two loops, since a compiler's check
/// for overlap sends the case of x == y to scalar code.
template <class Number, class Function>
DYNKIT_ALWAYS_INLINE void transform(const Number* x, Number* y, std::int64_t count, Function f) {
  if (x == y) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = f(y[i]);
  } else {
    const Number* __restrict in = x;
    Number* __restrict out = y;
    for (std::int64_t i = 0; i < count; ++i) out[i] = f(in[i]);
  }
}

template <class Number>
DYNKIT_ALWAYS_INLINE Number exp(Number x) {
  using F = detail::Format<Number>;
  const Number below = x > F::kOverflow ? F::kOverflow : x;
  return detail::exp_in_range(below < F::kUnderflow ? F::kUnderflow : below);
}

template <class Number>
DYNKIT_ALWAYS_INLINE Number tanh(Number x) {
  constexpr Number kLimit = detail::Format<Number>::kTanhIsOne;
  const Number doubled = Number(2) * std::fabs(x);
  const detail::Reduced<Number> reduced = detail::reduce(doubled > kLimit ? kLimit : doubled);
  const Number s = detail::power_of_two(reduced.shifted);
  const Number e = s * detail::expm1_polynomial(reduced.r) + (s - Number(1));
  return std::copysign(e / (e + Number(2)), x);
}

/// 1 / (1 + exp(-x)), with full relative accuracy also where it is tiny.
template <class Number>
DYNKIT_ALWAYS_INLINE Number sigmoid(Number x) {
  const Number z = detail::exp_of_minus_magnitude(x);
  return (x < Number(0) ? z : Number(1)) / (Number(1) + z);
}

/// log(1 + exp(x)), with full relative accuracy also where it is tiny.
template <class Number>
DYNKIT_ALWAYS_INLINE Number softplus(Number x) {
  const Number z = detail::exp_of_minus_magnitude(x);
  const Number twice_w = z / (Number(1) + Number(0.5) * z);
  const Number v = Number(0.25) * twice_w * twice_w;
  return (x > Number(0) ? x : Number(0)) + (twice_w + twice_w * (v * detail::atanh_polynomial(v)));
}

/// The same over arrays [count], as in `transform`.
template <class Number>
void exp(const Number* x, Number* y, std::int64_t count) {
  transform(x, y, count, [](Number v) { return exp(v); });
}
template <class Number>
void tanh(const Number* x, Number* y, std::int64_t count) {
  transform(x, y, count, [](Number v) { return tanh(v); });
}
template <class Number>
void sigmoid(const Number* x, Number* y, std::int64_t count) {
  transform(x, y, count, [](Number v) { return sigmoid(v); });
}
template <class Number>
void softplus(const Number* x, Number* y, std::int64_t count) {
  transform(x, y, count, [](Number v) { return softplus(v); });
}

}  // namespace dynkit::vector_math
