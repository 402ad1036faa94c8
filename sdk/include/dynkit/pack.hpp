// A few numbers at once: one vector register of doubles, each lane a sample of its own.
//
// A formula without branches, evaluated with Pack instead of double, advances kLanes samples for
// the price of one. Comparisons are left out on purpose: `min`, `max` and `abs` do what most
// branches do.
#pragma once

#include <cstring>

#include "dynkit/elementary.hpp"

namespace dynkit {

/// Lanes of the widest vector of the instruction set that this is compiled for.
#if defined(__AVX512F__)
inline constexpr int kLanes = 8;
#elif defined(__AVX__)
inline constexpr int kLanes = 4;
#else
inline constexpr int kLanes = 2;
#endif

/// Whether formulas of doubles and of Packs give the same bits: no compiler can fuse a
/// multiplication with an addition in one and not in the other.
#if defined(DYNKIT_UNFUSED) || (defined(__x86_64__) && !defined(__FMA__))
inline constexpr bool kUnfused = true;
#else
inline constexpr bool kUnfused = false;
#endif

class Pack {
  // A vector type of the compiler: gcc and clang turn its operators into vector instructions of
  // the instruction set at hand, at any optimization level.
  using Vector = double __attribute__((vector_size(kLanes * sizeof(double))));

 public:
  // A loop over the lanes becomes one masked broadcast for each.
  Pack(double all = 0) : lanes_(all - Vector{}) {}

  static Pack load(const double* numbers) {
    Pack pack;
    std::memcpy(&pack.lanes_, numbers, sizeof(Vector));
    return pack;
  }
  void store(double* numbers) const { std::memcpy(numbers, &lanes_, sizeof(Vector)); }

  double operator[](int lane) const { return lanes_[lane]; }
  void set(int lane, double value) { lanes_[lane] = value; }

  friend Pack operator+(const Pack& a) { return a; }
  friend Pack operator-(const Pack& a) { return Pack(-a.lanes_); }
  friend Pack operator+(const Pack& a, const Pack& b) { return Pack(a.lanes_ + b.lanes_); }
  friend Pack operator-(const Pack& a, const Pack& b) { return Pack(a.lanes_ - b.lanes_); }
  friend Pack operator*(const Pack& a, const Pack& b) { return Pack(a.lanes_ * b.lanes_); }
  friend Pack operator/(const Pack& a, const Pack& b) { return Pack(a.lanes_ / b.lanes_); }

  Pack& operator+=(const Pack& other) { return *this = *this + other; }
  Pack& operator-=(const Pack& other) { return *this = *this - other; }
  Pack& operator*=(const Pack& other) { return *this = *this * other; }
  Pack& operator/=(const Pack& other) { return *this = *this / other; }

#define DYNKIT_DEFINE(function)                                            \
  friend Pack function(const Pack& a) {                                    \
    return each([&](int lane) { return math::function(a.lanes_[lane]); }); \
  }
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_DEFINE)
#undef DYNKIT_DEFINE

#define DYNKIT_DEFINE(function)                                                            \
  friend Pack function(const Pack& a, const Pack& b) {                                     \
    return each([&](int lane) { return math::function(a.lanes_[lane], b.lanes_[lane]); }); \
  }
  DYNKIT_DEFINE(atan2)
  DYNKIT_DEFINE(max)
  DYNKIT_DEFINE(min)
  DYNKIT_DEFINE(pow)
#undef DYNKIT_DEFINE

 private:
  explicit Pack(Vector lanes) : lanes_(lanes) {}

  template <class Lane>
  static Pack each(Lane lane_of) {
    Pack result;
    for (int lane = 0; lane < kLanes; ++lane) result.lanes_[lane] = lane_of(lane);
    return result;
  }

  Vector lanes_;
};

}  // namespace dynkit

/// The rules of elementary.hpp, lane by lane.
namespace dynkit::rules {

struct PackUnary {
  Pack value, slope;

  template <class Rule>
  static PackUnary each(Rule rule_of) {
    PackUnary result;
    for (int lane = 0; lane < kLanes; ++lane) {
      const Unary f = rule_of(lane);
      result.value.set(lane, f.value);
      result.slope.set(lane, f.slope);
    }
    return result;
  }
};

struct PackBinary {
  Pack value, slope_a, slope_b;

  template <class Rule>
  static PackBinary each(Rule rule_of) {
    PackBinary result;
    for (int lane = 0; lane < kLanes; ++lane) {
      const Binary f = rule_of(lane);
      result.value.set(lane, f.value);
      result.slope_a.set(lane, f.slope_a);
      result.slope_b.set(lane, f.slope_b);
    }
    return result;
  }
};

#define DYNKIT_DEFINE(function)                                          \
  inline PackUnary function(const Pack& a) {                             \
    return PackUnary::each([&](int lane) { return function(a[lane]); }); \
  }
DYNKIT_UNARY_FUNCTIONS(DYNKIT_DEFINE)
#undef DYNKIT_DEFINE

inline PackUnary power(const Pack& a, double b) {
  return PackUnary::each([&](int lane) { return power(a[lane], b); });
}
inline PackBinary pow(const Pack& a, const Pack& b) {
  return PackBinary::each([&](int lane) { return pow(a[lane], b[lane]); });
}
inline PackBinary atan2(const Pack& a, const Pack& b) {
  return PackBinary::each([&](int lane) { return atan2(a[lane], b[lane]); });
}

inline Pack product_or_zero(const Pack& slope, const Pack& tangent) {
  Pack result;
  for (int lane = 0; lane < kLanes; ++lane) {
    result.set(lane, product_or_zero(slope[lane], tangent[lane]));
  }
  return result;
}

}  // namespace dynkit::rules
