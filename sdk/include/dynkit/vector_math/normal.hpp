// The standard normal distribution, without branches (see dynkit/vector_math.hpp), for the Gaussian
// error linear unit
//     gelu(x) = x cdf(x),   gelu'(x) = cdf(x) + x pdf(x),   gelu''(x) = (2 - x^2) pdf(x)       (1)
//     cdf(-z sqrt 2) = erfc(z)/2 = exp(-z^2) E(t) / (2 + 4z),  t = (z - 3)/(z + 3),  z >= 0    (2)
//     pdf(x) = exp(-x^2/2) / sqrt(2 pi)                                                        (3)
//
// The map of z to t and the factor 1 + 2z follow M. M. Shepherd and J. G. Laframboise, Math. Comp.
// 36, 249 (1981): they leave a function E without asymptote or singularity on [-1, 1]. Here E is a
// minimax polynomial, found with the Remez exchange in 140-bit arithmetic: degree 24 for double
// (relative error 5.9e-18), 11 for float (3.2e-9).
//
// Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415 (2016).
#pragma once

#include "dynkit/vector_math.hpp"

namespace dynkit::vector_math {
namespace detail {

// exp(-x^2/2). The square is summed from an exact one and a small rest: rounding it would cost as
// many units in the last place as the exponent is large.
template <class Number>
DYNKIT_ALWAYS_INLINE Number gaussian(Number x) {
  using Bits = typename Format<Number>::Bits;
  constexpr Number kLimit = std::is_same_v<Number, double> ? Number(38.625) : Number(14.5);
  constexpr Bits kUpperHalf = ~((Bits{1} << (Format<Number>::kFractionBits / 2 + 1)) - 1);
  const Number size = std::fabs(x);
  const Number z = size > kLimit ? kLimit : size;
  const Number high = std::bit_cast<Number>(std::bit_cast<Bits>(z) & kUpperHalf);
  return exp_in_range(Number(-0.5) * high * high, Number(-0.5) * (z - high) * (z + high));
}

template <class Number>
inline constexpr Number kTail[] = {
    Number(0x1.40c522d7e4987p+0),   Number(-0x1.15c084bb9e8f3p-3),  Number(-0x1.85a15c58aa4afp-5),
    Number(0x1.098366a5b46b1p-3),   Number(-0x1.e88b803a4af5ep-4),  Number(0x1.17ca2877f163bp-4),
    Number(-0x1.8574c40b4821cp-6),  Number(0x1.4b884e436b834p-9),   Number(0x1.ef1bdcf932e6ep-10),
    Number(-0x1.98db5100f1d1ep-11), Number(-0x1.b9125bc893011p-14), Number(0x1.065a36d98f5f5p-13),
    Number(0x1.4c20b90d2e8b9p-18),  Number(-0x1.513b84d2984cdp-16), Number(-0x1.8838696c9e2b0p-21),
    Number(0x1.d212a1589132fp-19),  Number(0x1.7d89ed8feb887p-22),  Number(-0x1.4b1f4704c92fbp-21),
    Number(-0x1.2cb0b251d7e94p-23), Number(0x1.b5e19c068f0b3p-24),  Number(0x1.5e11ed9830ac5p-25),
    Number(-0x1.cb0d7c1fb3fd1p-27), Number(-0x1.16321dde2597ap-27), Number(0x1.1166363917680p-30),
    Number(0x1.c21f18eed53d2p-31)};
template <>
inline constexpr float kTail<float>[] = {0x1.40c522p+0F,   -0x1.15c07ep-3F,  -0x1.85a122p-5F,
                                         0x1.0982b8p-3F,   -0x1.e88cf0p-4F,  0x1.17d4c4p-4F,
                                         -0x1.855ac2p-6F,  0x1.470f8cp-9F,   0x1.ebc746p-10F,
                                         -0x1.7abe90p-11F, -0x1.85c694p-14F, 0x1.3dca64p-14F};

// Horner's scheme, once over the even and once over the odd powers.
template <class Number, std::size_t kSize>
DYNKIT_ALWAYS_INLINE Number polynomial(const Number (&c)[kSize], Number t) {
  constexpr auto kLast = static_cast<int>(kSize) - 1;
  const Number t2 = t * t;
  Number upper = c[kLast];
  Number lower = c[kLast - 1];
#pragma GCC unroll 16
  for (int i = kLast - 2; i >= 1; i -= 2) {
    upper = c[i] + t2 * upper;
    lower = c[i - 1] + t2 * lower;
  }
  if constexpr (kLast % 2 == 0) return c[0] + t2 * upper + t * lower;
  return lower + t * upper;
}

// cdf(-|x|), given exp(-x^2/2).
template <class Number>
DYNKIT_ALWAYS_INLINE Number normal_tail(Number x, Number gaussian) {
  const Number z = std::fabs(x) * Number(0.70710678118654752440);
  // 1 - 6/(z + 3), not (z - 3)/(z + 3): infinity gives 1.
  const Number t = Number(1) - Number(6) / (z + Number(3));
  return gaussian * polynomial(kTail<Number>, t) / (Number(2) + Number(4) * z);
}

template <class Number>
DYNKIT_ALWAYS_INLINE Number normal_cdf(Number x, Number gaussian) {
  const Number tail = normal_tail(x, gaussian);
  return x < Number(0) ? tail : Number(1) - tail;
}

inline constexpr double kPdfAtZero = 0.39894228040143267794;  // 1 / sqrt(2 pi)

}  // namespace detail

/// The probability of a normal number below x, with full relative accuracy also where it is tiny.
template <class Number>
DYNKIT_ALWAYS_INLINE Number normal_cdf(Number x) {
  return detail::normal_cdf(x, detail::gaussian(x));
}

/// x cdf(x), and its first and second derivative.
template <class Number>
DYNKIT_ALWAYS_INLINE Number gelu(Number x) {
  const Number bounded = x < Number(-40) ? Number(-40) : x;  // -infinity times 0
  return bounded * normal_cdf(x);
}
template <class Number>
DYNKIT_ALWAYS_INLINE Number gelu_slope(Number x) {
  const Number gaussian = detail::gaussian(x);
  const Number bounded = x < Number(-40) ? Number(-40) : x > Number(40) ? Number(40) : x;
  return detail::normal_cdf(x, gaussian) + bounded * (Number(detail::kPdfAtZero) * gaussian);
}
template <class Number>
DYNKIT_ALWAYS_INLINE Number gelu_curvature(Number x) {
  const Number bounded = x < Number(-40) ? Number(-40) : x > Number(40) ? Number(40) : x;
  return (Number(2) - bounded * bounded) * (Number(detail::kPdfAtZero) * detail::gaussian(x));
}

}  // namespace dynkit::vector_math
