// What density BAOAB samples, for a double well with a density in closed form,
//
//     exp(-U(q)) ~ exp(-(q - a)^2 / 2) + exp(-(q + a)^2 / 2)
//     F(q) = -q + a tanh(a q),   <q^2> = 1 + a^2,   <v^2> = 1          at T = 1               (1)
//
// A scheme of weak order 2 leaves a mean <f> over (1) unchanged in one step up to O(h^3); its own
// stationary means differ by O(h^2).
#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "second_order_fields.hpp"

namespace dynkit::test {
namespace {

constexpr double kA = 1.5, kFriction = 0.8;

double density(double q) {
  return std::exp(-0.5 * (q - kA) * (q - kA)) + std::exp(-0.5 * (q + kA) * (q + kA));
}

PointForce double_well() {
  return PointForce::of_position(kFriction, 1.0,
                                 [](double q) { return -q + kA * std::tanh(kA * q); });
}

// All combinations of position, velocity and random number on grids from -9 to 9, with their
// weights. The trapezoidal rule converges exponentially for these integrands: at most exp(-30).
struct Quadrature {
  Quadrature() {
    for (int i = -45; i <= 45; ++i) {
      for (int j = -18; j <= 18; ++j) {
        for (int l = -18; l <= 18; ++l) {
          const double q = 0.2 * i, v = 0.5 * j, xi = 0.5 * l;
          x0.push_back(q);
          x0.push_back(v);
          normals.push_back({xi});
          weight.push_back(density(q) * std::exp(-0.5 * (v * v + xi * xi)));
          total += weight.back();
        }
      }
    }
  }
  std::vector<double> x0, weight;
  std::vector<std::vector<double>> normals;
  double total = 0.0;
};

// <f(x_1)> - <f(x_0)> over (1) and the random number of one step h.
template <class Function>
double change(const Quadrature& all, double h, Function f) {
  PointForce field = double_well();
  GivenNormals normals(all.normals);
  Request run(all.x0, 2, {0.0, h});
  simulate_second_order(field, &normals, fixed(Method::baoab, h), run.request);
  double sum = 0.0;
  for (std::int64_t s = 0; s < run.request.S; ++s) {
    const double before = f(run.at(s, 0, 0), run.at(s, 0, 1));
    sum += all.weight[static_cast<std::size_t>(s)] * (f(run.at(s, 1, 0), run.at(s, 1, 1)) - before);
  }
  return sum / all.total;
}

template <class Function>
double order_of_change(const Quadrature& all, Function f) {
  std::vector<double> steps, changes;
  for (const double h : {0.01, 0.02, 0.04}) {
    steps.push_back(h);
    changes.push_back(std::abs(change(all, h, f)));
  }
  return slope(steps, changes);
}

TEST(BaoabDensity, IsLeftByOneStepAtOrderThree) {
  const Quadrature all;
  EXPECT_NEAR(order_of_change(all, [](double, double v) { return v * v; }), 3.0, 0.05);
  EXPECT_NEAR(order_of_change(all, [](double q, double v) { return q * v; }), 3.0, 0.05);
  EXPECT_NEAR(order_of_change(all, [](double q, double v) { return q * q * v * v; }), 3.0, 0.05);
}

struct Estimate {
  double value = 0.0, standard_error = 0.0;
};

Estimate mean(const std::vector<double>& sample) {
  const auto count = static_cast<double>(sample.size());
  double sum = 0.0, squares = 0.0;
  for (const double x : sample) sum += x;
  for (const double x : sample) squares += (x - sum / count) * (x - sum / count);
  return {sum / count, std::sqrt(squares) / count};
}

constexpr std::int64_t kTrajectories = 1500, kTimes = 100, kRounds = 25;

// <q^2> and <v^2> of the scheme with steps h: their means over time at every unit of it, and the
// standard errors from the spread over trajectories, which are independent and begin in (1).
std::pair<Estimate, Estimate> sample(double h) {
  PointForce field = double_well();
  Twisters source(11), start(12);
  std::vector<double> x, times, squares[2];
  for (std::int64_t s = 0; s < kTrajectories; ++s) {
    double r[2];
    start.draw(s, 2, r);
    x.push_back((s % 2 == 0 ? kA : -kA) + r[0]);
    x.push_back(r[1]);
  }
  for (std::int64_t k = 0; k <= kTimes; ++k) times.push_back(static_cast<double>(k));
  for (auto& means : squares) means.resize(kTrajectories);
  for (std::int64_t round = 0; round < kRounds; ++round) {  // which keep the memory small
    Request run(x, 2, times);
    simulate_second_order(field, &source, fixed(Method::baoab, h), run.request);
    for (std::int64_t s = 0; s < kTrajectories; ++s) {
      for (std::int64_t i = 0; i < 2; ++i) {
        for (std::int64_t k = 1; k <= kTimes; ++k) {
          squares[static_cast<std::size_t>(i)][static_cast<std::size_t>(s)] +=
              run.at(s, k, i) * run.at(s, k, i) / (kTimes * kRounds);
        }
        x[static_cast<std::size_t>(2 * s + i)] = run.at(s, kTimes, i);
      }
    }
  }
  return {mean(squares[0]), mean(squares[1])};
}

// Positions: within 0.5 percent at h = 1/2. Velocities: a bias that goes with h^2; of that slope
// 0.05 is due to the next order, and 0.2 are five standard errors.
TEST(BaoabDensity, OfADoubleWellIsSampledWithABiasOfOrderTwo) {
  std::vector<double> steps, biases;
  double error = 0.0;  // of the log of both biases
  for (const double h : {0.5, 1.0}) {
    const auto [position, velocity] = sample(h);
    steps.push_back(h);
    biases.push_back(1.0 - velocity.value);
    error = std::hypot(error, velocity.standard_error / biases.back());
    if (h > 0.5) continue;
    EXPECT_NEAR(position.value, 1.0 + kA * kA, 5.0 * position.standard_error);
    EXPECT_LT(5.0 * position.standard_error, 0.005 * (1.0 + kA * kA));
  }
  EXPECT_NEAR(slope(steps, biases), 2.0, 0.25);
  EXPECT_LT(5.0 * error / std::log(2.0), 0.2);
}

}  // namespace
}  // namespace dynkit::test
