// BAOAB against matrices, closed forms and a slow oracle.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "second_order_fields.hpp"

namespace dynkit::test {
namespace {

using Matrix = std::array<double, 4>;  // row-major, of (q, v)
using Vector = std::array<double, 2>;

Matrix product(const Matrix& a, const Matrix& b) {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],  //
          a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]};
}

Vector product(const Matrix& a, const Vector& b) {
  return {a[0] * b[0] + a[1] * b[1], a[2] * b[0] + a[3] * b[1]};
}

struct Oscillator {
  double stiffness, friction, temperature, mass;
};

PointForce field_of(const Oscillator& o) {
  const double stiffness = o.stiffness;
  return PointForce({{0}, {1}}, {{o.friction}, {o.temperature}, {o.mass}}, 0,
                    [stiffness](const Point& p, double* F) { F[0] = -stiffness * p.x[0]; });
}

// x_new of one step from x, with the number xi.
Vector one_step(const Oscillator& o, double h, const Vector& x, double xi) {
  PointForce field = field_of(o);
  GivenNormals normals(std::vector(1, std::vector<double>{xi}));
  Request run({x[0], x[1]}, 2, {0.0, h});
  simulate_second_order(field, &normals, fixed(Method::baoab, h), run.request);
  return {run.at(0, 1, 0), run.at(0, 1, 1)};
}

TEST(Baoab, IsTheProductOfItsPartsForAnOscillator) {
  const Oscillator o{1.7, 0.6, 0.8, 2.5};
  const double h = 0.9, xi = -0.7;
  const Matrix B = {1.0, 0.0, -0.5 * h * o.stiffness / o.mass, 1.0};
  const Matrix A = {1.0, 0.5 * h, 0.0, 1.0};
  const double c = std::exp(-o.friction * h);
  const Matrix O = {1.0, 0.0, 0.0, c};
  const double kick = std::sqrt((1.0 - c * c) * o.temperature / o.mass);
  const Vector x = {0.4, -1.3};
  Vector expected = product(product(O, product(A, B)), x);
  expected[1] += kick * xi;
  expected = product(product(B, A), expected);
  const Vector found = one_step(o, h, x, xi);
  EXPECT_NEAR(found[0], expected[0], 1e-15);
  EXPECT_NEAR(found[1], expected[1], 1e-15);
}

// The fixed point of C -> M C M^T + b b^T, for which 2^40 steps are 40 doublings.
Matrix stationary_covariance(Matrix M, const Vector& b) {
  Matrix C = {b[0] * b[0], b[0] * b[1], b[0] * b[1], b[1] * b[1]};
  for (int doubling = 0; doubling < 40; ++doubling) {
    const Matrix transposed = {M[0], M[2], M[1], M[3]};
    const Matrix more = product(product(M, C), transposed);
    for (std::size_t i = 0; i < 4; ++i) C[i] += more[i];
    M = product(M, M);
  }
  return C;
}

// One step is x_new = M x + b xi; M and b are read off the solver. Its stationary covariance has
// T/kappa for the position at every step that is stable (h^2 kappa < 4 m), and for the velocity
// (1 - h^2 kappa / (4 m)) T/m.
TEST(Baoab, SamplesPositionsOfAnOscillatorWithoutBias) {
  const Oscillator o{1.7, 0.6, 0.8, 2.5};
  for (const double h : {0.1, 0.7, 1.5, 2.4}) {
    const Vector q = one_step(o, h, {1.0, 0.0}, 0.0), v = one_step(o, h, {0.0, 1.0}, 0.0);
    const Vector b = one_step(o, h, {0.0, 0.0}, 1.0);
    const Matrix C = stationary_covariance({q[0], v[0], q[1], v[1]}, b);
    const double limit = o.temperature / o.mass;
    EXPECT_NEAR(C[0], o.temperature / o.stiffness, 1e-12) << h;
    EXPECT_NEAR(C[3], limit * (1.0 - h * h * o.stiffness / (4.0 * o.mass)), 1e-12) << h;
    EXPECT_NEAR(C[1], 0.0, 1e-12) << h;
  }
}

// Two degrees of freedom with different baths, their states interleaved, a force of t, q and u,
// three intervals of which two have two steps: (1) of splitting.cpp written once more.
TEST(Baoab, IsItsSchemeStepByStep) {
  const std::array<double, 2> gamma = {0.4, 1.1}, T = {0.9, 0.3}, m = {2.0, 0.5};
  const auto force = [](double t, const double* q, double u, double* F) {
    F[0] = std::sin(t) - q[0] * q[1] + u;
    F[1] = q[0] - u * q[1];
  };
  PointForce field({{3, 0}, {1, 2}}, {{0.4, 1.1}, {0.9, 0.3}, {2.0, 0.5}}, 1,
                   [&](const Point& p, double* F) {
                     const double q[2] = {p.x[3], p.x[0]};
                     force(p.t, q, p.u[0], F);
                   });
  const std::vector<double> times = {0.5, 0.75, 1.25, 1.6}, u = {0.3, -0.8, 1.9, 7.0};
  Twisters source(3), same(3);
  Request run({0.2, -0.4, 0.6, 1.1}, 4, times);
  run.request.u = {u.data(), 4};
  run.request.first = 5;
  simulate_second_order(field, &source, fixed(Method::baoab, 0.25), run.request);

  double q[2] = {1.1, 0.2}, v[2] = {-0.4, 0.6}, xi[2], F[2], t = 0.5;
  constexpr std::array<std::pair<std::size_t, double>, 5> steps = {
      {{0, 0.25}, {1, 0.25}, {1, 0.25}, {2, 0.175}, {2, 0.175}}};
  for (const auto& [k, h] : steps) {
    same.draw(5, 2, xi);
    force(t, q, u[k], F);
    t += h;
    for (std::size_t j = 0; j < 2; ++j) {
      const double c = std::exp(-gamma[j] * h);
      v[j] += 0.5 * h * F[j] / m[j];
      q[j] += 0.5 * h * v[j];
      v[j] = c * v[j] + std::sqrt((1.0 - c * c) * T[j] / m[j]) * xi[j];
      q[j] += 0.5 * h * v[j];
    }
    force(t, q, u[k], F);
    for (std::size_t j = 0; j < 2; ++j) v[j] += 0.5 * h * F[j] / m[j];
  }
  EXPECT_NEAR(run.at(0, 3, 3), q[0], 1e-14);
  EXPECT_NEAR(run.at(0, 3, 0), q[1], 1e-14);
  EXPECT_NEAR(run.at(0, 3, 1), v[0], 1e-14);
  EXPECT_NEAR(run.at(0, 3, 2), v[1], 1e-14);
}

TEST(Baoab, AsksForOneForceAStep) {
  PointForce field = PointForce::of_position(0.5, 1.0, [](double q) { return -q; });
  Twisters source(1);
  Request run({1.0, 0.0}, 2, {0.0, 1.0, 1.5, 3.0});
  const IntegrationCounts counts =
      simulate_second_order(field, &source, fixed(Method::baoab, 0.1), run.request);
  EXPECT_EQ(counts.accepted, 30);
  EXPECT_EQ(counts.evaluations, 31);  // the first of all, then one a step
  EXPECT_EQ(field.calls, 31);
}

double well(double q) {
  return -4.0 * q * (q * q - 1.0);
}

TEST(Baoab, WithoutFrictionAndNoiseIsVelocityVerlet) {
  PointForce field = PointForce::of_position(0.0, 0.0, well);
  Request run({0.3, 0.9}, 2, {0.0, 2.0});
  simulate_second_order(field, nullptr, fixed(Method::baoab, 0.05), run.request);
  double q = 0.3, v = 0.9;
  for (int i = 0; i < 40; ++i) {
    const double half = v + 0.025 * well(q);
    q += 0.05 * half;
    v = half + 0.025 * well(q);
  }
  EXPECT_NEAR(run.at(0, 1, 0), q, 1e-13);
  EXPECT_NEAR(run.at(0, 1, 1), v, 1e-13);
}

// With the velocity reversed it runs back: to rounding, 200 steps of it.
TEST(Baoab, WithoutFrictionAndNoiseIsReversible) {
  PointForce field = PointForce::of_position(0.0, 1.0, well);
  Request there({0.3, 0.9}, 2, {0.0, 20.0});
  simulate_second_order(field, nullptr, fixed(Method::baoab, 0.1), there.request);
  EXPECT_GT(std::abs(there.at(0, 1, 0) - 0.3), 0.1);
  Request back({there.at(0, 1, 0), -there.at(0, 1, 1)}, 2, {0.0, 20.0});
  simulate_second_order(field, nullptr, fixed(Method::baoab, 0.1), back.request);
  EXPECT_NEAR(back.at(0, 1, 0), 0.3, 1e-11);
  EXPECT_NEAR(back.at(0, 1, 1), -0.9, 1e-11);
}

// Against dop853, whose error at these tolerances is far below the smallest here, 1e-6.
TEST(Baoab, HasOrderTwoWithFrictionAndWithout) {
  for (const double friction : {0.0, 0.7}) {
    PointField drift(2, 0, [&](const Point& p, double* dx) {
      dx[0] = p.x[1];
      dx[1] = well(p.x[0]) - friction * p.x[1];
    });
    Request reference({0.3, 0.9}, 2, {0.0, 3.0});
    simulate_flow(drift, with(Method::dop853, 1e-12, 1e-12), reference.request);
    PointForce field = PointForce::of_position(friction, 1.0, well);
    std::vector<double> steps, errors;
    for (const int count : {400, 800, 1600}) {
      Request run({0.3, 0.9}, 2, {0.0, 3.0});
      simulate_second_order(field, nullptr, fixed(Method::baoab, 3.0 / count), run.request);
      steps.push_back(3.0 / count);
      errors.push_back(std::hypot(run.at(0, 1, 0) - reference.at(0, 1, 0),
                                  run.at(0, 1, 1) - reference.at(0, 1, 1)));
    }
    EXPECT_NEAR(slope(steps, errors), 2.0, 0.02) << friction;
  }
}

TEST(Baoab, TrajectoryDoesNotDependOnTheOthers) {
  PointForce field = PointForce::of_position(0.8, 0.5, well);
  std::vector<double> x0;
  for (int s = 0; s < 300; ++s) x0.push_back(0.01 * s);
  const std::vector<double> times = {0.0, 0.35, 1.0, 4.5};
  Request together(x0, 2, times), apart(x0, 2, times);
  Twisters a(4), b(4);
  simulate_second_order(field, &a, fixed(Method::baoab, 0.01), together.request);
  for (const std::int64_t s : {0, 1, 70}) {
    const std::int64_t end = s == 0 ? 1 : s == 1 ? 70 : 150;
    simulate_second_order(field, &b, fixed(Method::baoab, 0.01), apart.request.part(s, end, 2));
  }
  EXPECT_EQ(together.states, apart.states);
}

TEST(Baoab, EndsATrajectoryThatIsNoLongerFinite) {
  PointForce field =
      PointForce::of_position(0.1, 0.0, [](double q) { return q > 5.0 ? std::nan("") : 0.0; });
  Request run({1.0, 0.0, 4.0, 2.0}, 2, {0.0, 0.25, 0.75, 1.0});
  simulate_second_order(field, nullptr, fixed(Method::baoab, 0.05), run.request);
  EXPECT_EQ(run.outcomes[0], DK_REACHED_END);
  EXPECT_EQ(run.outcomes[1], DK_NOT_FINITE);
  EXPECT_TRUE(std::isfinite(run.at(1, 1, 0)) && std::isnan(run.at(1, 2, 0)));
}

std::string refusal(const SecondOrderLayout& layout, const HeatBath& bath, Method method) {
  PointForce field(layout, bath, 0, [](const Point&, double* F) { F[0] = 0.0; });
  Request run(std::vector<double>(static_cast<std::size_t>(field.info().n)), field.info().n,
              {0.0, 1.0});
  try {
    simulate_second_order(field, nullptr, fixed(method, 0.1), run.request);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Baoab, RefusesWhatIsNoSecondOrderSystem) {
  EXPECT_EQ(refusal({{0}, {1}}, {{0.0}, {0.0}, {1.0}}, Method::baoab), "");
  EXPECT_EQ(refusal({{0}, {0}}, {{1.0}, {1.0}, {1.0}}, Method::baoab),
            "1 positions and 1 velocities do not share out 2 states");
  EXPECT_EQ(refusal({{0}, {2}}, {{1.0}, {1.0}, {1.0}}, Method::baoab),
            "1 positions and 1 velocities do not share out 2 states");
  EXPECT_EQ(refusal({{0}, {1}}, {{-0.5}, {1.0}, {1.0}}, Method::baoab),
            "the friction of degree of freedom 0 is -0.5: it must be >= 0");
  EXPECT_EQ(refusal({{0}, {1}}, {{0.5}, {-1.0}, {1.0}}, Method::baoab),
            "the temperature of degree of freedom 0 is -1: it must be >= 0");
  EXPECT_EQ(refusal({{0}, {1}}, {{0.5}, {1.0}, {0.0}}, Method::baoab),
            "the mass of degree of freedom 0 is 0: it must be > 0");
  EXPECT_EQ(refusal({{0}, {1}}, {{0.5}, {1.0}, {1.0}}, Method::heun),
            "method 'heun' does not split a system: 'baoab' does");
}

}  // namespace
}  // namespace dynkit::test
