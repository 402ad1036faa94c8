// Arguments for the operations of a model or readout, and how far apart two results are.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "support/plugin_model.hpp"

namespace dynkit::testing {

/// Random points with a shared theta, dense.
struct Problem {
  Problem(const PluginModel& model, std::int64_t samples, std::uint64_t seed = 1)
      : S(samples),
        n(model.info().n),
        m(model.info().m),
        p(model.info().p),
        o(model.outputs()),
        t(random_numbers(S, seed + 3)),
        x(random_numbers(S * n, seed)),
        u(random_numbers(S * m, seed + 1)),
        theta(random_numbers(p, seed + 2, 0.5)) {}

  dk_points points() const { return points(0, S); }

  /// `count` samples from `first` on.
  dk_points points(std::int64_t first, std::int64_t count) const {
    dk_points points{};
    points.count = count;
    points.t = {t.data() + first, 1};
    points.x = {x.data() + first * n, n};
    points.u = {m > 0 ? u.data() + first * m : nullptr, m};
    points.theta = {theta.data(), 0};
    return points;
  }

  std::int64_t S, n, m, p, o;
  Numbers t, x, u, theta;
};

inline double largest_difference(const Numbers& a, const Numbers& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // NaN too
  }
  return largest;
}

inline double largest_magnitude(const Numbers& a) {
  return largest_difference(a, Numbers(a.size(), 0.0));
}

}  // namespace dynkit::testing
