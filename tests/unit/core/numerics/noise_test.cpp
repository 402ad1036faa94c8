#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brownian.hpp"
#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

constexpr double kGrowth = 0.6, kVolatility = 0.8, kStart = 1.3;
constexpr int kFinest = 1024;  // steps of the finest path in a time of 1

PointField growth() {
  return PointField(1, 0, [](const Point& p, double* dx) { dx[0] = kGrowth * p.x[0]; });
}

PointNoise proportional(std::int32_t calculus) {
  return PointNoise(DK_DIAGONAL, calculus, 1,
                    [](const Point& p, double* G) { G[0] = kVolatility * p.x[0]; });
}

// W(1) of each trajectory.
std::vector<double> ends(unsigned seed, std::int64_t S) {
  Twisters fine(seed);
  std::vector<double> result, xi(kFinest);
  for (std::int64_t s = 0; s < S; ++s) {
    fine.draw(s, kFinest, xi.data());
    double sum = 0.0;
    for (const double x : xi) sum += x;
    result.push_back(sum / std::sqrt(static_cast<double>(kFinest)));
  }
  return result;
}

// Mean over 400 paths of |x - exact| at t = 1, with `steps` steps.
double strong_error(Method method, std::int32_t calculus, int steps) {
  constexpr std::int64_t kPaths = 400;
  PointField field = growth();
  PointNoise noise = proportional(calculus);
  Coarse source(5, kFinest / steps);
  Request run(std::vector<double>(kPaths, kStart), 1, {0.0, 1.0});
  simulate_noisy_flow(field, noise, source, fixed(method, 1.0 / steps), run.request);
  const std::vector<double> W = ends(5, kPaths);
  double sum = 0.0;
  for (std::int64_t s = 0; s < kPaths; ++s) {
    // Ito's solution drifts by -sigma^2/2 against Stratonovich's.
    const double drift = kGrowth - (calculus == DK_ITO ? 0.5 * kVolatility * kVolatility : 0.0);
    const double exact = kStart * std::exp(drift + kVolatility * W[static_cast<std::size_t>(s)]);
    sum += std::abs(run.at(s, 1, 0) - exact);
  }
  return sum / kPaths;
}

double strong_order(Method method, std::int32_t calculus, const std::vector<int>& counts) {
  std::vector<double> steps, errors;
  for (const int count : counts) {
    steps.push_back(1.0 / count);
    errors.push_back(strong_error(method, calculus, count));
  }
  return slope(steps, errors);
}

TEST(EulerMaruyama, HasStrongOrderOneHalfForGeometricBrownianMotion) {
  EXPECT_NEAR(strong_order(Method::euler_maruyama, DK_ITO, {32, 64, 128, 256, 512}), 0.5, 0.15);
}

// One process, so the noise is commutative.
TEST(Heun, HasStrongOrderOneForTheStratonovichSolution) {
  EXPECT_NEAR(strong_order(Method::heun, DK_STRATONOVICH, {32, 64, 128, 256}), 1.0, 0.15);
}

// dx = -2 x dt + cos(t) dW: the same paths with 2048 times as many steps stand for the solution.
double additive_error(int steps) {
  constexpr std::int64_t kPaths = 200;
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = -2.0 * p.x[0]; });
  PointNoise noise(DK_ADDITIVE, DK_ITO, 1,
                   [](const Point& p, double* G) { G[0] = 1.0 + 0.5 * std::cos(p.t); });
  std::vector<double> x0(kPaths, 0.7), at[2];
  for (int i = 0; i < 2; ++i) {
    const int count = i == 0 ? kFinest : steps;
    Coarse source(9, kFinest / count);
    Request run(x0, 1, {0.0, 1.0});
    simulate_noisy_flow(field, noise, source, fixed(Method::euler_maruyama, 1.0 / count),
                        run.request);
    for (std::int64_t s = 0; s < kPaths; ++s) at[i].push_back(run.at(s, 1, 0));
  }
  double sum = 0.0;
  for (std::size_t s = 0; s < kPaths; ++s) sum += std::abs(at[1][s] - at[0][s]);
  return sum / kPaths;
}

TEST(EulerMaruyama, HasStrongOrderOneForAdditiveNoise) {
  std::vector<double> steps, errors;
  for (const int count : {8, 16, 32, 64}) {
    steps.push_back(1.0 / count);
    errors.push_back(additive_error(count));
  }
  EXPECT_NEAR(slope(steps, errors), 1.0, 0.15);
}

// (1 + mu h)^N x0, whatever the noise: the formula that weak_order_test.cpp does without.
TEST(EulerMaruyama, HasItsOwnMeanForGeometricBrownianMotion) {
  constexpr std::int64_t kPaths = 40000;
  PointField field = growth();
  PointNoise noise = proportional(DK_ITO);
  for (const int count : {2, 5}) {
    Twisters source(3);
    Request run(std::vector<double>(kPaths, kStart), 1, {0.0, 1.0});
    simulate_noisy_flow(field, noise, source, fixed(Method::euler_maruyama, 1.0 / count),
                        run.request);
    double mean = 0.0, square = 0.0;
    for (std::int64_t s = 0; s < kPaths; ++s) {
      mean += run.at(s, 1, 0) / kPaths;
      square += run.at(s, 1, 0) * run.at(s, 1, 0) / kPaths;
    }
    const double error = std::sqrt((square - mean * mean) / kPaths);
    EXPECT_NEAR(mean, kStart * std::pow(1.0 + kGrowth / count, count), 5.0 * error);
  }
}

// dx = -theta x dt + sigma dW: Euler's own stationary variance is sigma^2 / (theta (2 - theta h)).
TEST(EulerMaruyama, HasItsOwnStationaryVarianceForOrnsteinUhlenbeck) {
  constexpr double kTheta = 2.0, kSigma = 0.7, kStep = 0.25;
  constexpr std::int64_t kPaths = 20000;
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = -kTheta * p.x[0]; });
  PointNoise noise(DK_ADDITIVE, DK_ITO, 1, [](const Point&, double* G) { G[0] = kSigma; });
  Twisters source(1);
  Request run(std::vector<double>(kPaths, 0.0), 1, {0.0, 20.0});
  simulate_noisy_flow(field, noise, source, fixed(Method::euler_maruyama, kStep), run.request);
  double square = 0.0;
  for (std::int64_t s = 0; s < kPaths; ++s) square += run.at(s, 1, 0) * run.at(s, 1, 0) / kPaths;
  const double expected = kSigma * kSigma / (kTheta * (2.0 - kTheta * kStep));
  // The variance of a normal sample of N has the standard error variance * sqrt(2 / N).
  EXPECT_NEAR(square, expected, 5.0 * expected * std::sqrt(2.0 / kPaths));
}

// Two states, three processes, G of general form: one step is x + f h + G dW.
TEST(EulerMaruyama, AppliesAGeneralAmplitude) {
  PointField field(2, 1, [](const Point& p, double* dx) {
    dx[0] = p.x[1] + p.u[0];
    dx[1] = -p.x[0];
  });
  PointNoise noise(DK_GENERAL, DK_ITO, 3, [](const Point& p, double* G) {
    const double values[6] = {1.0, 2.0, p.x[0], -1.0, p.u[0], 0.5};
    std::copy(values, values + 6, G);
  });
  Twisters source(2), same(2);
  Request run({1.0, 2.0, 3.0, 4.0}, 2, {0.0, 0.25});
  const double u[2] = {10.0, 20.0};
  run.request.u = {u, 1};
  run.request.u_constant = true;
  run.request.first = 6;
  simulate_noisy_flow(field, noise, source, fixed(Method::euler_maruyama, 1.0), run.request);
  for (std::int64_t s = 0; s < 2; ++s) {
    double xi[3];
    same.draw(6 + s, 3, xi);
    const double x = run.at(s, 0, 0), y = run.at(s, 0, 1);
    EXPECT_NEAR(run.at(s, 1, 0), x + 0.25 * (y + u[s]) + 0.5 * (xi[0] + 2.0 * xi[1] + x * xi[2]),
                1e-14);
    EXPECT_NEAR(run.at(s, 1, 1), y - 0.25 * x + 0.5 * (-xi[0] + u[s] * xi[1] + 0.5 * xi[2]), 1e-14);
  }
}

TEST(Noise, TrajectoryDoesNotDependOnTheOthers) {
  for (const Method method : {Method::euler_maruyama, Method::heun}) {
    PointField field = growth();
    PointNoise noise =
        proportional(method == Method::heun ? std::int32_t{DK_STRATONOVICH} : DK_ITO);
    std::vector<double> x0;
    for (int s = 0; s < 150; ++s) x0.push_back(1.0 + 0.01 * s);
    const std::vector<double> times = {0.0, 0.35, 1.0, 4.5};
    Request together(x0, 1, times), apart(x0, 1, times);
    Twisters a(4), b(4);
    simulate_noisy_flow(field, noise, a, fixed(method, 0.01), together.request);
    for (const std::int64_t s : {0, 1, 70}) {
      const std::int64_t end = s == 0 ? 1 : s == 1 ? 70 : 150;
      simulate_noisy_flow(field, noise, b, fixed(method, 0.01), apart.request.part(s, end, 1));
    }
    EXPECT_EQ(together.states, apart.states) << method_name(method);
  }
}

std::string refusal(Method method, std::int32_t kind, std::int32_t calculus) {
  PointField field = growth();
  PointNoise noise(kind, calculus, 1, [](const Point&, double* G) { G[0] = 1.0; });
  Twisters source(1);
  Request run({1.0}, 1, {0.0, 0.1});
  try {
    IntegrationOptions options = fixed(method, 0.1);
    simulate_noisy_flow(field, noise, source, options, run.request);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_UNSUPPORTED);
    return error.what();
  }
  return "";
}

TEST(Noise, AMethodOfTheOtherCalculusIsRefusedUnlessNoiseIsAdditive) {
  EXPECT_EQ(refusal(Method::euler_maruyama, DK_DIAGONAL, DK_STRATONOVICH),
            "method 'euler_maruyama' converges to the Ito solution, but the noise is declared as "
            "Stratonovich: use 'heun'");
  EXPECT_EQ(refusal(Method::heun, DK_GENERAL, DK_ITO),
            "method 'heun' converges to the Stratonovich solution, but the noise is declared as "
            "Ito: use 'euler_maruyama'");
  EXPECT_EQ(refusal(Method::tsit5, DK_ADDITIVE, DK_ITO),
            "method 'tsit5' does not take noise: 'euler_maruyama' and 'heun' do, and 'baoab' for "
            "second-order systems");
  EXPECT_EQ(refusal(Method::heun, DK_ADDITIVE, DK_ITO), "");
  EXPECT_EQ(refusal(Method::euler_maruyama, DK_ADDITIVE, DK_STRATONOVICH), "");
  EXPECT_EQ(refusal(Method::heun, DK_DIAGONAL, DK_STRATONOVICH), "");
}

TEST(Noise, ReportsTheFirstTimeWithoutANumber) {
  PointField field(1, 0, [](const Point& p, double* dx) {
    dx[0] = p.t < 0.5 - 1e-9 || p.x[0] < 5.0 ? 0.0 : std::nan("");
  });
  PointNoise noise(DK_ADDITIVE, DK_ITO, 1, [](const Point&, double* G) { G[0] = 0.01; });
  Twisters source(1);
  Request run({1.0, 10.0}, 1, {0.0, 0.25, 0.75, 1.0});
  simulate_noisy_flow(field, noise, source, fixed(Method::euler_maruyama, 0.05), run.request);
  EXPECT_EQ(run.outcomes[0], DK_REACHED_END);
  EXPECT_EQ(run.outcomes[1], DK_NOT_FINITE);
  EXPECT_NEAR(run.last[1], 0.5, 1e-12);
  EXPECT_TRUE(std::isfinite(run.at(1, 1, 0)) && std::isnan(run.at(1, 2, 0)));
}

TEST(Noise, StopsWhenCancelled) {
  PointField field = growth();
  PointNoise noise = proportional(DK_ITO);
  Twisters source(1);
  Request run({1.0, 2.0}, 1, {0.0, 0.01, 1e9});
  IntegrationOptions options = fixed(Method::euler_maruyama, 0.001);
  options.keep_going = [](double done) { return done < 2.0 * (0.011 / 1e9); };  // t < 0.011
  simulate_noisy_flow(field, noise, source, options, run.request);
  EXPECT_EQ(run.outcomes[1], DK_STOPPED);
  EXPECT_TRUE(std::isfinite(run.at(1, 1, 0)) && std::isnan(run.at(1, 2, 0)));
}

// x' = F + G xi: no step in the noise.
TEST(NoisyMap, AddsAmplitudeTimesNumbers) {
  PointField field(2, 0, [](const Point& p, double* dx) {
    dx[0] = 0.5 * p.x[0] + p.h;
    dx[1] = p.x[0] - p.x[1];
  });
  PointNoise noise(DK_DIAGONAL, DK_ITO, 2, [](const Point& p, double* G) {
    G[0] = p.x[1];
    G[1] = 3.0;
  });
  Twisters source(8), same(8);
  Request run({1.0, 2.0, -1.0, 0.5, 0.0, 1.0}, 2, {0.0, 0.1, 0.4});
  simulate_noisy_map(field, noise, source, run.request);
  for (std::int64_t s = 0; s < 3; ++s) {
    double x = run.at(s, 0, 0), y = run.at(s, 0, 1);
    for (std::int64_t k = 0; k < 2; ++k) {
      double xi[2];
      same.draw(s, 2, xi);
      const double h = k == 0 ? 0.1 : 0.30000000000000004;
      const double x_new = 0.5 * x + h + y * xi[0];
      y = x - y + 3.0 * xi[1];
      x = x_new;
      EXPECT_NEAR(run.at(s, k + 1, 0), x, 1e-13);
      EXPECT_NEAR(run.at(s, k + 1, 1), y, 1e-13);
    }
  }
}

}  // namespace
}  // namespace dynkit::test
