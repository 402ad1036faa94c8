// Reverse differentiation: a formula is recorded once, then swept backward, which gives its
// derivatives in all inputs at the cost of a few evaluations.
//
//     record   node i: v_i = f(v_a, v_b), with its parents a, b and the slopes df/da, df/db    (1)
//     sweep    for i from last to first:  v_bar_a += v_bar_i df/da,  v_bar_b += v_bar_i df/db  (2)
//
// Memory: 24 bytes for each operation. The same tape, cleared, records again without allocation.
//
//     Tape tape;
//     const Taped x = tape.input(3);
//     const Taped y = x * exp(x);
//     tape.seed(y, 1);
//     tape.sweep();                    // tape.adjoint(x) is dy/dx
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <vector>

#include "dynkit/elementary.hpp"
#include "dynkit/error.hpp"

namespace dynkit {

class Tape;

/// A number whose operations are recorded. Made from a double it is a constant and costs no node.
class Taped {
 public:
  constexpr Taped(double constant = 0) : value_(constant) {}

  constexpr double value() const { return value_; }

  friend Taped operator+(const Taped& a) { return a; }
  friend Taped operator-(const Taped& a) { return record(a, -a.value_, -1); }
  friend Taped operator+(const Taped& a, const Taped& b) {
    return record(a, b, a.value_ + b.value_, 1, 1);
  }
  friend Taped operator-(const Taped& a, const Taped& b) {
    return record(a, b, a.value_ - b.value_, 1, -1);
  }
  friend Taped operator*(const Taped& a, const Taped& b) {
    return record(a, b, a.value_ * b.value_, b.value_, a.value_);
  }
  friend Taped operator/(const Taped& a, const Taped& b) {
    const double value = a.value_ / b.value_;
    return record(a, b, value, 1 / b.value_, -value / b.value_);
  }

  Taped& operator+=(const Taped& other) { return *this = *this + other; }
  Taped& operator-=(const Taped& other) { return *this = *this - other; }
  Taped& operator*=(const Taped& other) { return *this = *this * other; }
  Taped& operator/=(const Taped& other) { return *this = *this / other; }

  friend bool operator==(const Taped& a, const Taped& b) { return a.value_ == b.value_; }
  friend auto operator<=>(const Taped& a, const Taped& b) { return a.value_ <=> b.value_; }

#define DYNKIT_DEFINE(function)               \
  friend Taped function(const Taped& a) {     \
    const auto f = rules::function(a.value_); \
    return record(a, f.value, f.slope);       \
  }
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_DEFINE)
#undef DYNKIT_DEFINE

  friend Taped atan2(const Taped& a, const Taped& b) {
    const auto f = rules::atan2(a.value_, b.value_);
    return record(a, b, f.value, f.slope_a, f.slope_b);
  }
  friend Taped pow(const Taped& a, const Taped& b) {
    if (b.tape_ == nullptr) {
      const auto f = rules::power(a.value_, b.value_);
      return record(a, f.value, f.slope);
    }
    const auto f = rules::pow(a.value_, b.value_);
    return record(a, b, f.value, f.slope_a, f.slope_b);
  }
  friend Taped min(const Taped& a, const Taped& b) {
    return a.value_ <= b.value_ || a.value_ != a.value_ ? a : b;
  }
  friend Taped max(const Taped& a, const Taped& b) {
    return a.value_ >= b.value_ || a.value_ != a.value_ ? a : b;
  }

 private:
  friend class Tape;

  Taped(double value, std::int32_t node, Tape* tape) : value_(value), node_(node), tape_(tape) {}

  static Taped record(const Taped& a, double value, double slope) {
    return record(a, Taped(), value, slope, 0);
  }
  static inline Taped record(const Taped& a, const Taped& b, double value, double slope_a,
                             double slope_b);

  double value_;
  std::int32_t node_ = 0;  // 0: a constant
  Tape* tape_ = nullptr;
};

/// Records the operations that start at its inputs. One thread at a time; a Taped must not outlive
/// the next `clear`.
class Tape {
 public:
  Tape() : nodes_(1) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Forgets everything, keeps the memory.
  void clear() { nodes_.resize(1); }

  Taped input(double value) { return Taped(value, append({}), this); }

  /// Sets all adjoints to zero: the start of a sweep.
  void reset() { adjoints_.assign(nodes_.size(), 0.0); }

  /// Adds to the adjoint of an output.
  void seed(const Taped& output, double bar) { adjoints_[index(output)] += bar; }

  /// (2). Nodes whose adjoint is zero are left out, so an infinite slope there does no harm.
  void sweep() {
    for (std::size_t i = nodes_.size(); i-- > 1;) {
      const double bar = adjoints_[i];
      if (bar == 0) continue;
      const Node& node = nodes_[i];
      adjoints_[static_cast<std::size_t>(node.a)] += bar * node.slope_a;
      adjoints_[static_cast<std::size_t>(node.b)] += bar * node.slope_b;
    }
    adjoints_[0] = 0;  // what flowed into constants
  }

  double adjoint(const Taped& variable) const { return adjoints_[index(variable)]; }

  /// Nodes recorded since the last `clear`, inputs included, and how many fit without allocation.
  std::int64_t size() const { return static_cast<std::int64_t>(nodes_.size()) - 1; }
  std::int64_t capacity() const { return static_cast<std::int64_t>(nodes_.capacity()) - 1; }

 private:
  friend class Taped;

  struct Node {
    std::int32_t a = 0, b = 0;  // parents; 0: a constant
    double slope_a = 0, slope_b = 0;
  };

  static std::size_t index(const Taped& variable) {
    return static_cast<std::size_t>(variable.node_);
  }

  std::int32_t append(const Node& node) {
    constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
    if (nodes_.size() >= kMost) throw Error(DK_TOO_LARGE, "a tape holds 2^31 operations at most");
    nodes_.push_back(node);
    return static_cast<std::int32_t>(nodes_.size() - 1);
  }

  std::vector<Node> nodes_;  // nodes_[0] stands for every constant
  std::vector<double> adjoints_;
};

inline Taped Taped::record(const Taped& a, const Taped& b, double value, double slope_a,
                           double slope_b) {
  Tape* const tape = a.tape_ != nullptr ? a.tape_ : b.tape_;
  if (tape == nullptr) return Taped(value);
  return Taped(value, tape->append({a.node_, b.node_, slope_a, slope_b}), tape);
}

}  // namespace dynkit
