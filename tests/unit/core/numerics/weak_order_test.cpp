// Weak orders of the stochastic solvers, from simulated paths of geometric Brownian motion
//
//     dx = mu x dt + sigma x dW,   x(1) = x0 exp(m + sigma W(1)),   m = mu - sigma^2/2  (Ito)
//                                                                   m = mu    (Stratonovich)
//     E x(1)^q = x0^q exp(q m + q^2 sigma^2 / 2)                                             (1)
//
// The bias of a moment of the scheme is E x_h^q less (1). It is estimated with the solution on the
// same path as control: the mean of x_h^q - x^q has the same expectation, and a standard error that
// is smaller by the strong error of the scheme. All steps h share their paths.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "brownian.hpp"
#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

constexpr double kGrowth = 0.6, kVolatility = 0.5, kStart = 1.3;
constexpr int kFinest = 32;  // steps of the finest path
constexpr std::array<int, 4> kCounts = {4, 8, 16, 32};
constexpr std::int64_t kPaths = 10000;  // in each of
constexpr unsigned kBatches = 3;        // which keep the generators' memory small

double log_drift(std::int32_t calculus) {
  return kGrowth - (calculus == DK_ITO ? 0.5 * kVolatility * kVolatility : 0.0);
}

// (1)
double moment(std::int32_t calculus, double q) {
  return std::pow(kStart, q) *
         std::exp(q * log_drift(calculus) + 0.5 * q * q * kVolatility * kVolatility);
}

// x(1)^q on the paths of a batch.
std::vector<double> solutions(unsigned batch, std::int32_t calculus, double q) {
  Coarse ends(batch, kFinest);
  std::vector<double> result(kPaths);
  for (std::int64_t s = 0; s < kPaths; ++s) {
    double W = 0.0;
    ends.draw(s, 1, &W);
    result[static_cast<std::size_t>(s)] =
        std::pow(kStart * std::exp(log_drift(calculus) + kVolatility * W), q);
  }
  return result;
}

// Appends x_h(1)^q less the solution's, path by path of a batch.
void add_differences(unsigned batch, const std::vector<double>& exact, Method method,
                     std::int32_t calculus, int count, double q, std::vector<double>& differences) {
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = kGrowth * p.x[0]; });
  PointNoise noise(DK_DIAGONAL, calculus, 1,
                   [](const Point& p, double* G) { G[0] = kVolatility * p.x[0]; });
  Coarse source(batch, kFinest / count);
  Request run(std::vector<double>(kPaths, kStart), 1, {0.0, 1.0});
  simulate_noisy_flow(field, noise, source, fixed(method, 1.0 / count), run.request);
  for (std::int64_t s = 0; s < kPaths; ++s) {
    differences.push_back(std::pow(run.at(s, 1, 0), q) - exact[static_cast<std::size_t>(s)]);
  }
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

// The slope of log |bias| over log h. Its error is that of the biases carried through the logarithm
// and the least squares, path by path since the steps share them.
Estimate weak_order(Method method, std::int32_t calculus, double q) {
  std::array<std::vector<double>, kCounts.size()> differences;
  for (unsigned batch = 0; batch < kBatches; ++batch) {
    const std::vector<double> exact = solutions(batch, calculus, q);
    for (std::size_t i = 0; i < kCounts.size(); ++i) {
      add_differences(batch, exact, method, calculus, kCounts[i], q, differences[i]);
    }
  }
  std::vector<double> steps, biases, carried(differences[0].size());
  for (std::size_t i = 0; i < kCounts.size(); ++i) {
    steps.push_back(1.0 / kCounts[i]);
    biases.push_back(std::abs(mean(differences[i]).value));
  }
  for (std::size_t i = 0; i < kCounts.size(); ++i) {
    std::vector<double> moved = biases;
    moved[i] *= std::exp(1.0);
    const double weight = slope(steps, moved) - slope(steps, biases);  // of log |bias_i|
    const double scale = weight / mean(differences[i]).value;
    for (std::size_t s = 0; s < carried.size(); ++s) carried[s] += scale * differences[i][s];
  }
  return {slope(steps, biases), mean(carried).standard_error};
}

// Without it the control would not stand for the closed form.
TEST(WeakOrder, ControlHasTheMomentsOfTheClosedForm) {
  for (const std::int32_t calculus : {DK_ITO, DK_STRATONOVICH}) {
    for (const double q : {1.0, 2.0}) {
      std::vector<double> sample;
      for (unsigned batch = 0; batch < kBatches; ++batch) {
        const std::vector<double> part = solutions(batch, calculus, q);
        sample.insert(sample.end(), part.begin(), part.end());
      }
      const Estimate estimate = mean(sample);
      EXPECT_NEAR(estimate.value, moment(calculus, q), 5.0 * estimate.standard_error);
    }
  }
}

void expect_order_one(Method method, std::int32_t calculus, double q) {
  const Estimate order = weak_order(method, calculus, q);
  EXPECT_NEAR(order.value, 1.0, 0.15) << method_name(method) << ", moment " << q;
  EXPECT_LT(5.0 * order.standard_error, 0.15) << method_name(method) << ", moment " << q;
}

// The mean does not see the noise of Euler's scheme, the second moment does.
TEST(WeakOrder, OfEulerMaruyamaIsOneForTheItoSolution) {
  expect_order_one(Method::euler_maruyama, DK_ITO, 1.0);
  expect_order_one(Method::euler_maruyama, DK_ITO, 2.0);
}

TEST(WeakOrder, OfHeunIsOneForTheStratonovichSolution) {
  expect_order_one(Method::heun, DK_STRATONOVICH, 1.0);
  expect_order_one(Method::heun, DK_STRATONOVICH, 2.0);
}

// Those of one step are x^2 ((1 + mu h)^2 + sigma^2 h) and, with z = mu h + sigma dW,
// x^2 E (1 + z + z^2/2)^2: a flaw too small to change a slope shows here.
TEST(WeakOrder, ComesFromTheSecondMomentsOfTheSchemes) {
  for (const int count : {8, 32}) {
    const double m = kGrowth / count, v = kVolatility * kVolatility / count;  // of z
    const double z2 = m * m + v, z3 = m * m * m + 3.0 * m * v,
                 z4 = m * m * m * m + 6.0 * m * m * v + 3.0 * v * v;
    const double euler = 1.0 + 2.0 * m + z2, heun = 1.0 + 2.0 * (m + z2) + z3 + 0.25 * z4;
    for (const Method method : {Method::euler_maruyama, Method::heun}) {
      const bool ito = method == Method::euler_maruyama;
      const std::int32_t calculus = ito ? DK_ITO : DK_STRATONOVICH;
      std::vector<double> differences;
      for (unsigned batch = 0; batch < kBatches; ++batch) {
        const std::vector<double> exact = solutions(batch, calculus, 2.0);
        add_differences(batch, exact, method, calculus, count, 2.0, differences);
      }
      const Estimate bias = mean(differences);
      const double expected =
          kStart * kStart * std::pow(ito ? euler : heun, count) - moment(calculus, 2.0);
      EXPECT_NEAR(bias.value, expected, 5.0 * bias.standard_error) << method_name(method) << count;
    }
  }
}

}  // namespace
}  // namespace dynkit::test
