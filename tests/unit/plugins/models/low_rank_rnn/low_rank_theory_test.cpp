// What is known of low-rank networks in closed form: the invariant span, the linear spectrum, the
// pitchfork, and the network of rates with the same dynamics.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "low_rank_network.hpp"

namespace dynkit::testing {
namespace {

PluginModel make(const LowRankKind& kind) {
  return PluginModel(DYNKIT_LOW_RANK_RNN_LIBRARY, kind.settings());
}

// One sample.
Numbers value(const PluginModel& model, const Numbers& theta, const Numbers& x, const Numbers& u) {
  dk_points points{};
  points.count = 1;
  points.x = {x.data(), 0};
  points.u = {u.empty() ? nullptr : u.data(), 0};
  points.theta = {theta.data(), 0};
  return model.eval(points);
}

Numbers sum(const Numbers& a, double factor, const Numbers& b) {
  Numbers result = a;
  for (std::size_t i = 0; i < a.size(); ++i) result[i] += factor * b[i];
  return result;
}

// A step of a map, or of Runge's and Kutta's method of order 4 with h = 0.1 and the input held.
Numbers next(const PluginModel& model, const Numbers& theta, const Numbers& x, const Numbers& u) {
  const auto f = [&](const Numbers& state) { return value(model, theta, state, u); };
  if (model.info().time_kind == DK_MAP) return f(x);
  constexpr double h = 0.1;
  const Numbers k1 = f(x);
  const Numbers k2 = f(sum(x, h / 2, k1));
  const Numbers k3 = f(sum(x, h / 2, k2));
  const Numbers k4 = f(sum(x, h, k3));
  return sum(sum(sum(sum(x, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
}

// n = 3 m + xi, so that kappa = 0 is unstable and trajectories stay away from 0.
Numbers lively_parameters(const LowRankKind& kind, const PluginModel& model) {
  Numbers theta = random_numbers(model.info().p, 3);
  const std::size_t factor = kind.N * kind.R;
  for (std::size_t i = 0; i < factor; ++i) theta[factor + i] += 3.0 * theta[i];
  return theta;
}

// Steps of map and method are linear in the field, so the two trajectories differ by roundings
// only.
TEST(LowRankInvariance, TrajectoriesInTheSpanAreThoseOfTheReducedForm) {
  for (const std::string activation : kLowRankActivations) {
    if (activation == "identity") continue;  // grows without bound
    for_each_low_rank_kind(activation, [&](LowRankKind kind) {
      if (kind.reduced) return;
      const PluginModel full = make(kind);
      kind.reduced = true;
      const PluginModel reduced = make(kind);
      const Numbers theta = lively_parameters(kind, full);
      Numbers z = random_numbers(7, 4);
      Numbers x = lifted(kind, theta.data(), z.data());
      double size = 1.0, moved = 0.0;
      for (int step = 0; step < 60; ++step) {
        const Numbers u = random_numbers(3, 100 + static_cast<std::uint64_t>(step));
        x = next(full, theta, x, u);
        const Numbers before = z;
        z = next(reduced, theta, z, u);
        size = std::max(size, largest_magnitude(x));
        moved = std::max(moved, largest_difference(z, before));
        ASSERT_LT(largest_difference(x, lifted(kind, theta.data(), z.data())), 1e-10 * size);
      }
      EXPECT_GT(moved, 0.1);
    });
  }
}

double product(const Numbers& a, const Numbers& b) {
  double total = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

// p with m^T p = 0 and wi p = 0, by Gram's and Schmidt's method, twice against rounding.
Numbers across_the_span(const LowRankKind& kind, const Numbers& theta) {
  std::vector<Numbers> basis;
  Numbers across;
  for (std::size_t c = 0; c <= kind.R + kind.M; ++c) {
    Numbers unit(kind.R + kind.M, 0.0);
    if (c < unit.size()) unit[c] = 1.0;
    across = c < unit.size() ? lifted(kind, theta.data(), unit.data())
                             : random_numbers(static_cast<std::int64_t>(kind.N), 5);
    for (int repeat = 0; repeat < 2; ++repeat) {
      for (const Numbers& b : basis) across = sum(across, -product(across, b), b);
    }
    const double length = std::sqrt(product(across, across));
    for (double& element : across) element /= length;
    basis.push_back(across);
  }
  return across;
}

// x = m kappa + wi^T v + e from anywhere: what lies across the span decays as exp(-t / tau),
// whatever the rates do.
TEST(LowRankInvariance, WhatLiesAcrossTheSpanDecays) {
  const LowRankKind kind;
  const PluginModel model = make(kind);
  const Problem problem(model, 1);
  const Numbers p = across_the_span(kind, problem.theta);
  const Numbers velocity = value(model, problem.theta, problem.x, problem.u);
  ASSERT_GT(std::fabs(product(p, problem.x)), 0.01);
  EXPECT_NEAR(product(p, velocity), -0.4 * product(p, problem.x), 1e-14);  // 1 / tau = 0.4
}

// J = (-1 + m n^T / N) / tau: m has the eigenvalue (n^T m / N - 1) / tau, all that is orthogonal
// to n has -1 / tau.
TEST(LowRankSpectrum, LinearRankOneHasOneEigenvalueOfItsOwn) {
  LowRankKind kind;
  kind.activation = "identity";
  kind.R = 1;
  const PluginModel model = make(kind);
  const Problem problem(model, 1);
  const LowRankTheta weights(kind, problem.theta.data());
  const Numbers J = model.jacobian(problem.points(), DK_WRT_STATE);
  const auto image = [&](const Numbers& v) {
    Numbers result(9, 0.0);
    for (std::size_t i = 0; i < 81; ++i) result[i / 9] += J[i] * v[i % 9];
    return result;
  };
  double overlap = 0.0;
  Numbers m;
  for (std::size_t i = 0; i < 9; ++i) {
    overlap += weights.n(i, 0) * weights.m(i, 0) / 9.0;
    m.push_back(weights.m(i, 0));
  }
  EXPECT_GT(std::fabs(overlap), 0.01);
  EXPECT_LT(largest_difference(image(m), sum(Numbers(9, 0.0), 0.4 * (overlap - 1.0), m)), 1e-14);
  for (std::size_t k = 1; k < 9; ++k) {
    Numbers w(9, 0.0);
    w[0] = weights.n(k, 0);
    w[k] = -weights.n(0, 0);
    EXPECT_LT(largest_difference(image(w), sum(Numbers(9, 0.0), -0.4, w)), 1e-14);
  }
}

// Rank 1 with n = c m: q(kappa) = n^T tanh(m kappa) / N is concave for kappa > 0 and has the slope
// n^T m / N = `overlap` at 0.
struct Pitchfork {
  explicit Pitchfork(double overlap) {
    kind.R = 1;
    kind.M = 0;
    kind.N = 23;
    kind.bias = false;
    kind.reduced = true;
    const Numbers m = random_numbers(23, 8);
    double square = 0.0;
    for (const double element : m) square += element * element / 23.0;
    theta = m;
    for (const double element : m) theta.push_back(overlap * element / square);
  }
  double drive(double kappa) const {
    return static_cast<double>(
        latent_drive(kind, theta.data(), lifted(kind, theta.data(), &kappa))[0]);
  }
  // The zero of q(kappa) - kappa above 0, by bisection.
  double rest() const {
    double lower = 1e-6, upper = 100.0;
    for (int i = 0; i < 80; ++i) {
      const double middle = 0.5 * (lower + upper);
      (drive(middle) > middle ? lower : upper) = middle;
    }
    return lower;
  }
  LowRankKind kind;
  Numbers theta;
};

TEST(LowRankPitchfork, BelowUnitOverlapEveryStateDecays) {
  const Pitchfork network(0.98);
  const PluginModel model = make(network.kind);
  for (double kappa = 1e-3; kappa < 100.0; kappa *= 1.5) {
    EXPECT_LT(value(model, network.theta, {kappa}, {})[0], 0.0);
    EXPECT_GT(value(model, network.theta, {-kappa}, {})[0], 0.0);
  }
}

TEST(LowRankPitchfork, AboveUnitOverlapTrajectoriesGoToTheMeanFieldRate) {
  const Pitchfork network(1.7);
  const PluginModel model = make(network.kind);
  const double rest = network.rest();
  ASSERT_GT(rest, 0.5);
  for (const double sign : {1.0, -1.0}) {
    Numbers kappa = {sign * 1e-3};
    for (int step = 0; step < 2000; ++step) kappa = next(model, network.theta, kappa, {});
    EXPECT_NEAR(kappa[0], sign * rest, 1e-13);
  }
}

TEST(LowRankPitchfork, RestOfTheReducedFormIsRestOfTheFullForm) {
  Pitchfork network(1.7);
  const double rest = network.rest();
  const Numbers x = lifted(network.kind, network.theta.data(), &rest);
  network.kind.reduced = false;
  const PluginModel model = make(network.kind);
  EXPECT_GT(largest_magnitude(x), 0.5);
  EXPECT_LT(largest_magnitude(value(model, network.theta, x, {})), 1e-14);
}

// The slope of q(kappa) - kappa at 0 changes its sign at unit overlap.
TEST(LowRankPitchfork, SlopeAtZeroIsOverlapMinusOne) {
  for (const double overlap : {0.5, 1.0, 2.0}) {
    const Pitchfork network(overlap);
    const PluginModel model = make(network.kind);
    const double zero = 0.0;
    dk_points points{};
    points.count = 1;
    points.x = {&zero, 0};
    points.theta = {network.theta.data(), 0};
    EXPECT_NEAR(model.jacobian(points, DK_WRT_STATE)[0], 0.4 * (overlap - 1.0), 1e-15);
  }
}

// With x = W r + wi^T u, W = m n^T / N, the network of rates tau dr/dt = -r + phi(W r + wi^T u + b)
// has tau dx/dt = W tau dr/dt (Miller and Fumarola, Neural Comput. 24, 25, 2012).
TEST(LowRankEquivalence, SummedInputsOfANetworkOfRatesMoveAlike) {
  const LowRankKind kind;
  const PluginModel model = make(kind);
  const PluginModel rates(DYNKIT_RNN_LIBRARY,
                          {{"n", "9"}, {"m", "3"}, {"time", "flow"}, {"tau", "2.5"}});
  const Problem problem(model, 1);
  const LowRankTheta weights(kind, problem.theta.data());
  Numbers W_ih, W_hh, b;
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t k = 0; k < 3; ++k) W_ih.push_back(weights.wi(k, i));
    for (std::size_t j = 0; j < 9; ++j) {
      double element = 0.0;
      for (std::size_t r = 0; r < 4; ++r) element += weights.m(i, r) * weights.n(j, r) / 9.0;
      W_hh.push_back(element);
    }
    b.push_back(weights.bias(i));
  }
  Numbers theta = W_ih;
  for (const Numbers& part : {W_hh, b, Numbers(9, 0.0)}) {
    theta.insert(theta.end(), part.begin(), part.end());
  }
  const auto weighted = [&](const Numbers& v) {
    Numbers result(9, 0.0);
    for (std::size_t i = 0; i < 81; ++i) result[i / 9] += W_hh[i] * v[i % 9];
    return result;
  };
  Numbers x = weighted(problem.x);
  for (std::size_t i = 0; i < 27; ++i) x[i / 3] += W_ih[i] * problem.u[i % 3];
  const Numbers expected = weighted(value(rates, theta, problem.x, problem.u));
  EXPECT_GT(largest_magnitude(expected), 0.01);
  EXPECT_LT(largest_difference(value(model, problem.theta, x, problem.u), expected), 1e-14);
}

}  // namespace
}  // namespace dynkit::testing
