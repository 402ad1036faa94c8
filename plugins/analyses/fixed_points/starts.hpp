// Where to start from.
//
// Trajectories end where the system is stable, so starts drawn from them find saddles rarely; a
// saddle lies between the points that it separates. Hence rounds of starts made from what was found
// so far, in equal shares (each kind alone misses points of some network):
//   midpoint of two points, mean of two to five, a + b - c, 2 a - b, a given state with noise,
//   a found point with noise, uniform in the box.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "box.hpp"
#include "dynkit/host.h"
#include "registry.hpp"

namespace dynkit::fixed_points {

class Starts {
 public:
  /// given [S,n], S >= 1; `noise`: standard deviations in units of the spread of the given states;
  /// without a box the uniform starts fill boxes around the given states, from twice as wide on.
  Starts(const dk_host& host, const dk_stream& stream, std::int64_t n,
         std::span<const double> given, const std::optional<Box>& box, std::vector<double> noise);

  std::int64_t given_count() const { return given_count_; }

  /// `count` starts [count,n]: the given states in random order, each once, then with noise.
  std::vector<double> from_given(std::int64_t count);

  /// `count` starts [count,n] of every kind.
  std::vector<double> from_roots(std::int64_t count, const std::vector<Root>& roots);

 private:
  using Point = std::span<const double>;
  Point given(std::int64_t index) const;
  std::int64_t integer(std::int64_t bound);
  void add_noise(std::span<double> x);
  void combine(const std::vector<Point>& points, std::span<double> x);
  void uniform_in_box(std::span<double> x);

  const dk_host& host_;
  dk_stream stream_;
  std::size_t n_;
  std::vector<double> given_;
  std::int64_t given_count_;
  std::vector<std::int64_t> order_;  // of the given states; the first used_ were starts
  std::size_t used_ = 0;
  std::vector<double> spread_;
  bool bounded_;
  Box box_;
  std::vector<double> noise_, draws_;
  std::int64_t made_ = 0;
};

}  // namespace dynkit::fixed_points
