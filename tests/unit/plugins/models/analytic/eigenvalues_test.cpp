// Eigenvalues of Jacobians at fixed points, against published or closed-form numbers.
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "analytic_model.hpp"

namespace dynkit::testing {
namespace {

using Complex = std::complex<double>;
using Spectrum = std::vector<Complex>;

// Sorted by real part, then imaginary part; pairs are compared with a margin for their real parts.
Spectrum sorted(Spectrum values) {
  std::sort(values.begin(), values.end(), [](Complex a, Complex b) {
    return std::abs(a.real() - b.real()) > 1e-9 ? a.real() < b.real() : a.imag() < b.imag();
  });
  return values;
}

Spectrum spectrum(const AnalyticModel& model, const Numbers& x, const Numbers& theta) {
  const Numbers J = model.slopes(x, theta);
  const auto n = static_cast<Eigen::Index>(x.size());
  const Eigen::MatrixXd matrix =
      Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(J.data(), n, n);
  const Eigen::VectorXcd values = matrix.eigenvalues();
  return Spectrum(values.begin(), values.end());
}

// Tolerance: half a unit of the last printed digit, and a little.
void expect_spectrum(const Spectrum& actual, const Spectrum& expected, double tolerance) {
  const Spectrum a = sorted(actual), b = sorted(expected);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i].real(), b[i].real(), tolerance) << i;
    EXPECT_NEAR(a[i].imag(), b[i].imag(), tolerance) << i;
  }
}

constexpr double kPrinted = 6e-5;

TEST(Lorenz63, HasItsEigenvaluesAtTheOrigin) {
  const AnalyticModel model("lorenz63");
  expect_spectrum(spectrum(model, {0, 0, 0}, {10, 28, 2.667}), {-22.8277, 11.8277, -2.6670},
                  kPrinted);
}

TEST(Lorenz63, HasItsEigenvaluesAtTheRolls) {
  const AnalyticModel model("lorenz63");
  const double r = std::sqrt(2.667 * 27);
  EXPECT_NEAR(r, 8.4858, kPrinted);
  for (const double x : {r, -r}) {
    expect_spectrum(spectrum(model, {x, x, 27}, {10, 28, 2.667}),
                    {-13.8548, {0.0939, 10.1951}, {0.0939, -10.1951}}, kPrinted);
  }
}

TEST(Rossler, HasItsEigenvaluesAtBothFixedPoints) {
  const AnalyticModel model("rossler");
  const double root = std::sqrt(5.7 * 5.7 - 4 * 0.2 * 0.2);
  const double inner = (5.7 - root) / 0.4, outer = (5.7 + root) / 0.4;
  EXPECT_NEAR(inner, 0.0351, kPrinted);
  EXPECT_NEAR(outer, 28.4649, kPrinted);
  expect_spectrum(spectrum(model, {0.2 * inner, -inner, inner}, model.initial_theta()),
                  {{0.0970, 0.9952}, {0.0970, -0.9952}, -5.6870}, kPrinted);
  expect_spectrum(spectrum(model, {0.2 * outer, -outer, outer}, model.initial_theta()),
                  {{-4.596e-6, 5.4280}, {-4.596e-6, -5.4280}, 0.1930}, kPrinted);
}

TEST(Arneodo, HasItsEigenvaluesAtAllFixedPoints) {
  const AnalyticModel model("arneodo");
  const Numbers theta = model.initial_theta();
  expect_spectrum(spectrum(model, {0, 0, 0}, theta),
                  {0.8898, {-0.9449, 2.2997}, {-0.9449, -2.2997}}, kPrinted);
  for (const double x : {2.345207879911715, -2.345207879911715}) {
    expect_spectrum(spectrum(model, {x, 0, 0}, theta),
                    {-1.8287, {0.4143, 2.4174}, {0.4143, -2.4174}}, kPrinted);
  }
}

TEST(VanDerPol, SpiralsOutOfTheOrigin) {
  const AnalyticModel model("van_der_pol");
  for (const double mu : {0.5, 1.0, 3.0}) {
    const Complex root = std::sqrt(Complex(mu * mu - 4));
    expect_spectrum(spectrum(model, {0, 0}, {mu}), {(mu + root) / 2.0, (mu - root) / 2.0}, 1e-14);
  }
}

// Where predator and prey coexist, x = 1/3, the trace is -1 + a (3 - 8 exp(-5/3)) and the
// determinant 3 x y: a Hopf bifurcation where the trace is zero.
TEST(PredatorPrey, LosesStabilityInAHopfBifurcation) {
  const AnalyticModel model("predator_prey");
  const double e = std::exp(-5.0 / 3), hopf = 1 / (3 - 8 * e);
  EXPECT_NEAR(hopf, 0.671594, 0.5e-6);
  for (const double a : {0.62, hopf, 0.70}) {
    const double y = 2 - 3 * a * (1 - e), trace = -1 + a * (3 - 8 * e);
    const Numbers rest = model.at({1.0 / 3, y}, {a});
    EXPECT_NEAR(rest[0], 0, 1e-15);
    EXPECT_NEAR(rest[1], 0, 1e-15);
    const double omega = std::sqrt(y - trace * trace / 4);
    expect_spectrum(spectrum(model, {1.0 / 3, y}, {a}), {{trace / 2, omega}, {trace / 2, -omega}},
                    1e-14);
  }
}

TEST(Henon, HasTheMultipliersOfItsTrace) {
  const AnalyticModel model("henon");
  const double x = (0.3 - 1 + std::sqrt(0.7 * 0.7 + 5.6)) / 2.8;
  const double root = std::sqrt(1.4 * 1.4 * x * x + 0.3);  // lambda^2 + 2 a x lambda - b = 0
  expect_spectrum(spectrum(model, {x, 0.3 * x}, model.initial_theta()),
                  {-1.4 * x + root, -1.4 * x - root}, 1e-14);
}

}  // namespace
}  // namespace dynkit::testing
