// Fixed points and eigenvalues of systems whose answers are known: networks that others trained,
// and the textbook flows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;
using Complex = std::complex<double>;

const std::string kGolden = std::string(SOURCE_FOLDER) + "/tests/golden/trained_models/";
constexpr const char* kBoth =
    "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n"
    "[[analysis]]\ncomponent = \"org.dynkit.linearization\"\npoints = \"fixed_points/x\"\n";

struct Answer {
  json summary;
  ArrayMap arrays;

  const std::vector<double>& x() const { return arrays.at("analyses/fixed_points/x").numbers(); }
  std::vector<Complex> eigenvalues() const {
    return std::get<std::vector<Complex>>(arrays.at("analyses/linearization/eigenvalues").values);
  }
};

Answer analyze(const ScratchFolder& folder, const std::string& model,
               const std::string& analyses = kBoth) {
  folder.write("e.toml", "[model]\n" + model + analyses);
  const CommandResult result =
      run_command(folder, std::string(DYNKIT_PROGRAM) + " run " + folder.file("e.toml") +
                              " --json --out " + folder.file("run"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return {json::parse(result.output).at("analyses").at("fixed_points").at("summary"),
          load_arrays(folder.file("run/results.h5"))};
}

// Largest distance from an expected point to the nearest that was found; both [.,n].
double worst_miss(const std::vector<double>& expected, const std::vector<double>& found,
                  std::size_t n) {
  double worst = 0.0;
  for (std::size_t e = 0; e < expected.size(); e += n) {
    double nearest = INFINITY;
    for (std::size_t f = 0; f < found.size(); f += n) {
      double distance = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        distance = std::max(distance, std::abs(expected[e + i] - found[f + i]));
      }
      nearest = std::min(nearest, distance);
    }
    worst = std::max(worst, nearest);
  }
  return worst;
}

// Largest distance from an expected eigenvalue to the nearest of those found.
double worst_miss(const std::vector<Complex>& expected, const std::vector<Complex>& found) {
  double worst = 0.0;
  for (const Complex& value : expected) {
    double nearest = INFINITY;
    for (const Complex& other : found) nearest = std::min(nearest, std::abs(value - other));
    worst = std::max(worst, nearest);
  }
  return worst;
}

class FixedPointFinder : public testing::TestWithParam<int> {};

TEST_P(FixedPointFinder, AgreesOnItsGroundTruth) {
  const ScratchFolder folder;
  const auto n = static_cast<std::size_t>(GetParam());
  const ArrayMap truth = load_arrays(kGolden + "fixed_point_finder_0" + std::to_string(n) + ".npz");
  // Their rows times W are our W^T times columns.
  const auto& W = truth.at("W").numbers();
  std::vector<double> transposed(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) transposed[j * n + i] = W[i * n + j];
  }
  const auto size = static_cast<std::int64_t>(n);
  ArrayMap weights;
  const auto add = [&](const char* name, std::vector<std::int64_t> shape,
                       std::vector<double> values) {
    weights[name].shape = std::move(shape);
    weights[name].values = std::move(values);
  };
  add("weight_hh_l0", {size, size}, transposed);
  add("weight_ih_l0", {size, 1}, std::vector<double>(n));
  add("bias_hh_l0", {size}, std::vector<double>(n));
  add("bias_ih_l0", {size}, std::vector<double>(n));
  save_arrays(folder.file("weights.npz"), weights);
  const Answer answer =
      analyze(folder, "component = \"org.dynkit.rnn\"\nweights = \"weights.npz\"\n");
  EXPECT_EQ(answer.summary.at("found"), 3);
  EXPECT_EQ(answer.summary.at("index_sum"), 1);
  // Single precision of the authors' points.
  EXPECT_LT(worst_miss(truth.at("xstar").numbers(), answer.x(), n), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Units, FixedPointFinder, testing::Values(2, 3));

// One fixed point; its eigenvalues as in the authors' own analysis of this run, to their 4 digits.
TEST(Sedler2023, LorenzGruHasTheAuthorsEigenvalues) {
  const ScratchFolder folder;
  const Answer answer =
      analyze(folder, "component = \"org.dynkit.gru\"\nprefix = \"decoder.cell.\"\nweights = \"" +
                          kGolden + "sedler2023_lorenz_gru.npz\"\n");
  EXPECT_EQ(answer.summary.at("found"), 1);
  EXPECT_EQ(answer.summary.at("index_check"), "consistent");
  EXPECT_LT(worst_miss({{0.9937, 0.1567}, {0.9937, -0.1567}, {0.8454, 0.0}}, answer.eigenvalues()),
            1e-4);
}

TEST(Sedler2023, ArneodoGruHasThreePointsOfConsistentIndex) {
  const ScratchFolder folder;
  const Answer answer =
      analyze(folder, "component = \"org.dynkit.gru\"\nprefix = \"decoder.cell.\"\nweights = \"" +
                          kGolden + "sedler2023_arneodo_gru.npz\"\n");
  EXPECT_EQ(answer.summary.at("found"), 3);
  EXPECT_EQ(answer.summary.at("index_check"), "consistent");
  EXPECT_LT(answer.summary.at("max_residual").get<double>(), 1e-12);
}

// Roots of the characteristic polynomial l^3 + a l^2 + b l + c by Durand and Kerner's iteration.
std::vector<Complex> cubic_roots(double a, double b, double c) {
  std::vector<Complex> roots = {{1.0, 0.0}, {0.4, 0.9}, {-0.65, 0.72}};
  for (int i = 0; i < 500; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const Complex l = roots[k];
      Complex below = 1.0;
      for (std::size_t j = 0; j < 3; ++j) {
        if (j != k) below *= l - roots[j];
      }
      roots[k] = l - (((l + a) * l + b) * l + c) / below;
    }
  }
  return roots;
}

void append(std::vector<Complex>& all, const std::vector<Complex>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

TEST(ClosedForm, LorenzPointsAndEigenvaluesToTenDigits) {
  const ScratchFolder folder;
  const Answer answer = analyze(folder, "component = \"org.dynkit.lorenz63\"\n");
  const double sigma = 10.0, rho = 28.0, beta = 8.0 / 3.0, c = std::sqrt(beta * (rho - 1.0));
  ASSERT_EQ(answer.summary.at("found"), 3);
  EXPECT_LT(worst_miss({0, 0, 0, c, c, rho - 1, -c, -c, rho - 1}, answer.x(), 3), 1e-10 * c);
  // At the origin z decouples; at the others l^3 + (s+b+1) l^2 + b (s+r) l + 2 s b (r-1).
  const double half = -(sigma + 1.0) / 2.0;
  const double root = std::sqrt(half * half + sigma * (rho - 1.0));
  std::vector<Complex> expected = {half + root, half - root, -beta};
  append(expected,
         cubic_roots(sigma + beta + 1.0, beta * (sigma + rho), 2.0 * sigma * beta * (rho - 1.0)));
  EXPECT_LT(worst_miss(expected, answer.eigenvalues()), 1e-10 * 22.8);
}

TEST(ClosedForm, RosslerPointsAndEigenvaluesToTenDigits) {
  const ScratchFolder folder;
  const Answer answer = analyze(folder, "component = \"org.dynkit.rossler\"\n");
  const double a = 0.2, b = 0.2, c = 5.7;
  ASSERT_EQ(answer.summary.at("found"), 2);
  EXPECT_EQ(answer.summary.at("index_check"), "not applicable");
  std::vector<double> points;
  std::vector<Complex> expected;
  for (const double sign : {-1.0, 1.0}) {
    const double x = (c + sign * std::sqrt(c * c - 4.0 * a * b)) / 2.0, z = x / a;
    points.insert(points.end(), {x, -z, z});
    // det(l - J) with J = [0 -1 -1; 1 a 0; z 0 x-c].
    const double d = x - c;
    append(expected, cubic_roots(-(a + d), 1.0 + a * d + z, -d - a * z));
  }
  EXPECT_LT(worst_miss(points, answer.x(), 3), 1e-10 * 28.5);
  EXPECT_LT(worst_miss(expected, answer.eigenvalues()), 1e-10 * 5.7);
}

TEST(ClosedForm, ArneodoPointsAndEigenvaluesToTenDigits) {
  const ScratchFolder folder;
  const Answer answer = analyze(folder, "component = \"org.dynkit.arneodo\"\n");
  const double a = -5.5, b = 4.5, c = 1.0, d = -1.0, x = std::sqrt(a / d);
  ASSERT_EQ(answer.summary.at("found"), 3);
  EXPECT_LT(worst_miss({0, 0, 0, x, 0, 0, -x, 0, 0}, answer.x(), 3), 1e-10 * x);
  // l^3 + c l^2 + b l + a - 3 d x^2
  std::vector<Complex> expected = cubic_roots(c, b, a);
  append(expected, cubic_roots(c, b, a - 3.0 * d * x * x));
  EXPECT_LT(worst_miss(expected, answer.eigenvalues()), 1e-10 * 2.5);
}

}  // namespace
}  // namespace dynkit::test
