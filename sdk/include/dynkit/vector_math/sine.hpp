// Sine and cosine without branches (see dynkit/vector_math.hpp).
//
//     x = k pi/2 + r,  |r| <= pi/4,   sin r = r + r^3 S(r^2),   cos r = 1 - r^2/2 + r^4 C(r^2)
//
// and the quadrant k mod 4 says which of the two it is, with which sign. pi/2 is subtracted in
// parts (W. J. Cody and W. Waite, "Software manual for the elementary functions", 1980),
// which is exact enough for |x| <= kSineRange; beyond it the functions over arrays call libm. S and
// C are minimax polynomials, found with the Remez exchange in 140-bit arithmetic.
#pragma once

#include "dynkit/vector_math.hpp"

namespace dynkit::vector_math {
namespace detail {

// pi/2 in parts: whole numbers of up to 20 bits (float: 11) times all but the last are exact.
template <class Number>
struct QuarterTurn;

template <>
struct QuarterTurn<double> {
  static constexpr double kParts[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};
};

template <>
struct QuarterTurn<float> {
  static constexpr float kParts[] = {0x1.92p+0F, 0x1.fb4p-12F, 0x1.444p-24F, 0x1.68c234p-39F};
};

DYNKIT_ALWAYS_INLINE double sine_series(double v) {
  const double v2 = v * v;
  return (-0x1.5555555555555p-3 + v * 0x1.1111111110badp-7) +
         v2 * ((-0x1.a01a019e82435p-13 + v * 0x1.71de3794aecd2p-19) +
               v2 * (-0x1.ae60090c44d47p-26 + v * 0x1.5e0a62ed2b329p-33));
}
DYNKIT_ALWAYS_INLINE float sine_series(float v) {
  return (-0x1.555556p-3F + v * 0x1.11110ep-7F) + v * v * (-0x1.a013a6p-13F + v * 0x1.6dbd3ep-19F);
}

DYNKIT_ALWAYS_INLINE double cosine_series(double v) {
  const double v2 = v * v;
  return (0x1.5555555555555p-5 + v * -0x1.6c16c16c16964p-10) +
         v2 * ((0x1.a01a019f4df8fp-16 + v * -0x1.27e4fa16e89fbp-22) +
               v2 * (0x1.1eeb67ea7a39dp-29 + v * -0x1.907cea0cf7388p-37));
}
DYNKIT_ALWAYS_INLINE float cosine_series(float v) {
  return (0x1.555556p-5F + v * -0x1.6c16c0p-10F) + v * v * (0x1.a015c2p-16F + v * -0x1.2523c0p-22F);
}

// sin(x + quarters pi/2) for |x| <= kSineRange.
template <class Number>
DYNKIT_ALWAYS_INLINE Number sine_in_range(Number x, typename Format<Number>::Bits quarters) {
  using F = Format<Number>;
  using Bits = typename F::Bits;
  using Turn = QuarterTurn<Number>;
  constexpr Number kQuartersPerRadian = Number(0x1.45f306dc9c883p-1);
  const Number shifted = x * kQuartersPerRadian + F::kShift;
  const Number k = shifted - F::kShift;
  Number r = x;
  for (const Number part : Turn::kParts) r -= k * part;
  const Bits quadrant = std::bit_cast<Bits>(shifted) + quarters;
  const Number v = r * r;
  const Number sine = r + r * (v * sine_series(v));
  const Number cosine = Number(1) - (Number(0.5) * v - v * v * cosine_series(v));
  const Number value = (quadrant & 1) != 0 ? cosine : sine;
  return (quadrant & 2) != 0 ? -value : value;
}

}  // namespace detail

/// Up to here `sin` and `cos` of one number are accurate.
template <class Number>
inline constexpr Number kSineRange = std::is_same_v<Number, double> ? Number(1 << 20)
                                                                    : Number(1 << 11);

template <class Number>
DYNKIT_ALWAYS_INLINE Number sin(Number x) {
  return detail::sine_in_range(x, 0);
}
template <class Number>
DYNKIT_ALWAYS_INLINE Number cos(Number x) {
  return detail::sine_in_range(x, 1);
}

}  // namespace dynkit::vector_math
