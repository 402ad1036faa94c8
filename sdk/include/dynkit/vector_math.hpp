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

#define DYNKIT_ALWAYS_INLINE [[gnu::always_inline]] inline

namespace dynkit::vector_math {
namespace detail {

// y = k ln 2 + r. `shifted` holds k in its low bits: adding 1.5 * 2^52 rounds to an integer.
struct Reduced {
  double shifted, k, r;
};

inline constexpr double kShift = 0x1.8p52;

// |y| < 2^10: then k * kLn2High is exact, since 42 bits of ln 2 are in it.
DYNKIT_ALWAYS_INLINE Reduced reduce(double y) {
  constexpr double kLog2E = 0x1.71547652b82fep0;
  constexpr double kLn2High = 0x1.62e42fefa38p-1;
  constexpr double kLn2Low = 0x1.ef35793c7673p-45;
  const double shifted = y * kLog2E + kShift;
  const double k = shifted - kShift;
  return {shifted, k, (y - k * kLn2High) - k * kLn2Low};
}

// 2^k for -1022 <= k <= 1023, from k + kShift: k lands in the exponent, the rest shifts out.
DYNKIT_ALWAYS_INLINE double power_of_two(double shifted) {
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52);
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

// (2) for -746 <= y <= 710. The power of two is applied in two factors, since 2^1024 and 2^-1075
// are not normal numbers; only the second product rounds.
DYNKIT_ALWAYS_INLINE double exp_in_range(double y) {
  const Reduced reduced = reduce(y);
  const double shifted_half = reduced.k * 0.5 + kShift;
  const double half = shifted_half - kShift;
  const double rest = (reduced.k - half) + kShift;
  const double mantissa = 1.0 + expm1_polynomial(reduced.r);
  return mantissa * power_of_two(shifted_half) * power_of_two(rest);
}

// exp(-|x|); comparisons are written such that NaN passes.
DYNKIT_ALWAYS_INLINE double exp_of_minus_magnitude(double x) {
  const double magnitude = std::fabs(x);
  return exp_in_range(-(magnitude > 746.0 ? 746.0 : magnitude));
}

}  // namespace detail

/// y[i] = f(x[i]); y may be x, but not overlap it otherwise. Two loops, since a compiler's check
/// for overlap sends the case of x == y to scalar code.
template <class Function>
DYNKIT_ALWAYS_INLINE void transform(const double* x, double* y, std::int64_t count, Function f) {
  if (x == y) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = f(y[i]);
  } else {
    const double* __restrict in = x;
    double* __restrict out = y;
    for (std::int64_t i = 0; i < count; ++i) out[i] = f(in[i]);
  }
}

DYNKIT_ALWAYS_INLINE double exp(double x) {
  const double below = x > 710.0 ? 710.0 : x;
  return detail::exp_in_range(below < -746.0 ? -746.0 : below);
}

DYNKIT_ALWAYS_INLINE double tanh(double x) {
  const double doubled = 2.0 * std::fabs(x);
  const detail::Reduced reduced = detail::reduce(doubled > 40.0 ? 40.0 : doubled);
  const double s = detail::power_of_two(reduced.shifted);
  const double e = s * detail::expm1_polynomial(reduced.r) + (s - 1.0);
  return std::copysign(e / (e + 2.0), x);
}

/// 1 / (1 + exp(-x)), with full relative accuracy also where it is tiny.
DYNKIT_ALWAYS_INLINE double sigmoid(double x) {
  const double z = detail::exp_of_minus_magnitude(x);
  return (x < 0.0 ? z : 1.0) / (1.0 + z);
}

/// log(1 + exp(x)), with full relative accuracy also where it is tiny.
DYNKIT_ALWAYS_INLINE double softplus(double x) {
  const double z = detail::exp_of_minus_magnitude(x);
  const double twice_w = z / (1.0 + 0.5 * z);
  const double v = 0.25 * twice_w * twice_w;
  return (x > 0.0 ? x : 0.0) + (twice_w + twice_w * (v * detail::atanh_polynomial(v)));
}

/// The same over arrays [count], as in `transform`.
inline void exp(const double* x, double* y, std::int64_t count) {
  transform(x, y, count, [](double v) { return exp(v); });
}
inline void tanh(const double* x, double* y, std::int64_t count) {
  transform(x, y, count, [](double v) { return tanh(v); });
}
inline void sigmoid(const double* x, double* y, std::int64_t count) {
  transform(x, y, count, [](double v) { return sigmoid(v); });
}
inline void softplus(const double* x, double* y, std::int64_t count) {
  transform(x, y, count, [](double v) { return softplus(v); });
}

}  // namespace dynkit::vector_math
