// Models in C, Fortran and Rust through the host: their equations, and the derivatives that the
// host makes from what each of them offers.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "dynkit/core/model.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

using Numbers = std::vector<double>;

// The models have no settings, so nothing is ever opened.
class NoSource : public SettingSource {
 public:
  Array array(const Config&) override { throw Error(DK_INTERNAL, "no arrays here"); }
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string&) override {
    throw Error(DK_INTERNAL, "no files here");
  }
  const dk_system* system(const Config&) override { throw Error(DK_INTERNAL, "no models here"); }
  const dk_data* dataset(const Config&) override { throw Error(DK_INTERNAL, "no data here"); }
  std::optional<std::int64_t> extent(const std::string&, std::size_t) override { return {}; }
};

// A component of a library, with these parameters.
class TestedSystem {
 public:
  TestedSystem(const std::string& library, const std::string& id, Numbers theta)
      : folder_(std::filesystem::path(library).parent_path().string()),
        registry_({folder_}, ""),
        host_(services_, folder_),
        system_(std::make_shared<const Model>(registry_.find(id, DK_MODEL_V1), Config::Table{},
                                              source_, host_.table()),
                std::move(theta), host_.table()) {}

  std::string derivative() const { return system_.derivative(); }
  std::int64_t n() const { return table().info->n; }
  std::int64_t p() const { return table().info->p; }

  // x [S,n] -> [S,n]
  Numbers eval(const Numbers& x) const {
    const dk_points points = points_of(x);
    Numbers out(x.size());
    const dk_output output{out.data(), n()};
    call(table().eval, &table(), &points, &output);
    return out;
  }

  // x [S,n] -> [S,n,k]
  Numbers jacobian(const Numbers& x, std::int32_t wrt) const {
    const dk_points points = points_of(x);
    const std::int64_t k = wrt == DK_WRT_STATE ? n() : p();
    Numbers J(static_cast<std::size_t>(points.count * n() * k));
    const dk_matrices matrices{J.data(), n() * k, k};
    call(table().jacobian, &table(), &points, wrt, &matrices);
    return J;
  }

 private:
  const dk_system& table() const { return system_.table(); }
  dk_points points_of(const Numbers& x) const {
    dk_points points{};
    points.count = static_cast<std::int64_t>(x.size()) / n();
    points.x = {x.data(), n()};
    return points;
  }

  std::string folder_;
  Registry registry_;
  Services services_;
  HostTable host_;
  NoSource source_;
  System system_;
};

// To rounding of a handful of operations on numbers near 1.
void expect_equal(const Numbers& computed, const Numbers& expected) {
  ASSERT_EQ(computed.size(), expected.size());
  for (std::size_t i = 0; i < computed.size(); ++i) {
    EXPECT_NEAR(computed[i], expected[i], 1e-14) << "element " << i;
  }
}

// Five different samples [5,n] away from symmetric points.
Numbers samples(std::int64_t n) {
  Numbers x;
  for (int i = 0; i < 5 * n; ++i) x.push_back(0.11 + 0.057 * ((7 * i) % 13));
  return x;
}

constexpr double kA = 1.25, kB = 2.5;

TestedSystem brusselator() {
  return TestedSystem(BRUSSELATOR, "org.dynkit.test.brusselator", {kA, kB});
}

TEST(BrusselatorInC, RestsAtItsClosedForm) {
  expect_equal(brusselator().eval({kA, kB / kA}), {0, 0});
}

TEST(BrusselatorInC, MovesByItsEquation) {
  const Numbers x = samples(2);
  Numbers expected;
  for (std::size_t s = 0; s < 5; ++s) {
    const double u = x[2 * s], v = x[2 * s + 1];
    expected.insert(expected.end(), {kA - kB * u - u + u * u * v, kB * u - u * u * v});
  }
  expect_equal(brusselator().eval(x), expected);
}

TEST(BrusselatorInC, HasTheJacobianOfItsRestState) {
  const TestedSystem system = brusselator();
  EXPECT_EQ(system.derivative(), "exact (own Jacobian)");
  expect_equal(system.jacobian({kA, kB / kA}, DK_WRT_STATE), {kB - 1, kA * kA, -kB, -kA * kA});
}

TEST(BrusselatorInC, DependsLinearlyOnItsParameters) {
  expect_equal(brusselator().jacobian({0.75, 2, 0.5, 3}, DK_WRT_PARAMETERS),
               {1, -0.75, 0, 0.75, 1, -0.5, 0, 0.5});
}

TEST(BrusselatorInC, CanOfferItsEquationAlone) {
  const TestedSystem system(BRUSSELATOR, "org.dynkit.test.brusselator_equation", {kA, kB});
  EXPECT_EQ(system.derivative(), "central differences");
  EXPECT_EQ(system.eval(samples(2)), brusselator().eval(samples(2)));
}

#if defined(COUPLED_LOGISTIC)
constexpr double kR = 3.75, kC = 0.375;

TestedSystem coupled_logistic() {
  return TestedSystem(COUPLED_LOGISTIC, "org.dynkit.test.coupled_logistic", {kR, kC});
}

TEST(CoupledLogisticInFortran, MovesByItsEquation) {
  const Numbers x = samples(3);
  Numbers expected;
  const auto f = [](double v) { return kR * v * (1 - v); };
  for (std::size_t s = 0; s < 5; ++s) {
    const double f0 = f(x[3 * s]), f1 = f(x[3 * s + 1]), f2 = f(x[3 * s + 2]);
    expected.insert(expected.end(), {f0 + kC * ((f2 + f1) / 2 - f0), f1 + kC * ((f0 + f2) / 2 - f1),
                                     f2 + kC * ((f1 + f0) / 2 - f2)});
  }
  expect_equal(coupled_logistic().eval(x), expected);
}

TEST(CoupledLogisticInFortran, HasTheJacobianMadeFromItsTangents) {
  const TestedSystem system = coupled_logistic();
  EXPECT_EQ(system.derivative(), "exact (from jvp)");
  const Numbers x = samples(3);
  Numbers expected;
  for (std::size_t s = 0; s < 5; ++s) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        const double slope = kR * (1 - 2 * x[3 * s + j]);
        expected.push_back((i == j ? 1 - kC : kC / 2) * slope);
      }
    }
  }
  expect_equal(system.jacobian(x, DK_WRT_STATE), expected);
}

TEST(CoupledLogisticInFortran, DependsOnCouplingByTheMeanOfTheNeighbors) {
  const double x0 = 0.25, x1 = 0.5, x2 = 0.875;
  const double q0 = x0 * (1 - x0), q1 = x1 * (1 - x1), q2 = x2 * (1 - x2);
  expect_equal(
      coupled_logistic().jacobian({x0, x1, x2}, DK_WRT_PARAMETERS),
      {q0 + kC * ((q1 + q2) / 2 - q0), kR * ((q1 + q2) / 2 - q0), q1 + kC * ((q0 + q2) / 2 - q1),
       kR * ((q0 + q2) / 2 - q1), q2 + kC * ((q0 + q1) / 2 - q2), kR * ((q0 + q1) / 2 - q2)});
}
#endif

#if defined(LOTKA_VOLTERRA)
const Numbers kGrowth = {1.5, 0.75, 1.125};
const Numbers kCompetition = {1, 0.5, 0.25, 0.125, 2, 0.625, 0.375, 0.875, 1.75};

TestedSystem lotka_volterra() {
  Numbers theta = kGrowth;
  theta.insert(theta.end(), kCompetition.begin(), kCompetition.end());
  return TestedSystem(LOTKA_VOLTERRA, "org.dynkit.test.lotka_volterra", theta);
}

// r_i - sum_j A_ij x_j
double growth(const double* x, std::size_t i) {
  double rate = kGrowth[i];
  for (std::size_t j = 0; j < 3; ++j) rate -= kCompetition[3 * i + j] * x[j];
  return rate;
}

TEST(LotkaVolterraInRust, MovesByItsEquation) {
  const Numbers x = samples(3);
  Numbers expected;
  for (std::size_t i = 0; i < 15; ++i) expected.push_back(x[i] * growth(&x[i / 3 * 3], i % 3));
  expect_equal(lotka_volterra().eval(x), expected);
}

TEST(LotkaVolterraInRust, HasTheJacobianMadeFromItsCotangents) {
  const TestedSystem system = lotka_volterra();
  EXPECT_EQ(system.derivative(), "exact (from vjp)");
  const Numbers x = samples(3);
  Numbers expected;
  for (std::size_t s = 0; s < 5; ++s) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        expected.push_back((i == j ? growth(&x[3 * s], i) : 0) -
                           x[3 * s + i] * kCompetition[3 * i + j]);
      }
    }
  }
  expect_equal(system.jacobian(x, DK_WRT_STATE), expected);
}

TEST(LotkaVolterraInRust, DependsOnCompetitionByProductsOfDensities) {
  const Numbers x = {0.25, 0.5, 1.25};
  Numbers expected(3 * 12);
  for (std::size_t i = 0; i < 3; ++i) {
    expected[12 * i + i] = x[i];
    for (std::size_t j = 0; j < 3; ++j) expected[12 * i + 3 + 3 * i + j] = -x[i] * x[j];
  }
  expect_equal(lotka_volterra().jacobian(x, DK_WRT_PARAMETERS), expected);
}
#endif

}  // namespace
}  // namespace dynkit
