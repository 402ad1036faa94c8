#include "dynkit/core/tangent.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

constexpr Method kMethods[] = {Method::rk4, Method::tsit5, Method::dop853, Method::adams,
                               Method::bdf};

IntegrationOptions precise(Method method) {
  IntegrationOptions options = with(method, 1e-10, 1e-10);
  if (method == Method::rk4) options.step = 0.0005;
  return options;
}

// Lorenz driven by an input on its third state, by Jacobian or by jvp.
PointField driven(bool jvp) {
  PointField field(3, 1, [](const Point& p, double* dx) {
    dx[0] = 10.0 * (p.x[1] - p.x[0]);
    dx[1] = p.x[0] * (28.0 - p.x[2]) - p.x[1];
    dx[2] = p.x[0] * p.x[1] - 8.0 / 3.0 * p.x[2] + p.u[0] + std::sin(p.t);
  });
  if (jvp) {
    field.with_jvp(lorenz_jacobian);
  } else {
    field.with_jacobian(lorenz_jacobian);
  }
  return field;
}

const std::vector<double> kX = {1.0, 2.0, 20.0};
const std::vector<double> kV = {1.0, 0.5, 0.0, -0.3, 2.0, 0.1};  // two tangents

// The states at t = 1 from x at t = 0.2, by the most accurate method.
std::vector<double> carried(std::vector<double> x) {
  PointField field = driven(false);
  Request run(std::move(x), 3, {0.2, 1.0});
  const double u = 0.7;
  run.request.u = {&u, 0};
  run.request.u_constant = true;
  simulate_flow(field, with(Method::dop853, 1e-13, 1e-13), run.request);
  return {run.at(0, 1, 0), run.at(0, 1, 1), run.at(0, 1, 2)};
}

// Richardson-extrapolated central differences of the flow along tangent k.
std::vector<double> difference(std::size_t k) {
  const auto central = [&](double eps) {
    std::vector<double> plus = kX, minus = kX;
    for (std::size_t i = 0; i < 3; ++i) {
      plus[i] += eps * kV[3 * k + i];
      minus[i] -= eps * kV[3 * k + i];
    }
    const std::vector<double> a = carried(plus), b = carried(minus);
    return std::vector<double>{(a[0] - b[0]) / (2 * eps), (a[1] - b[1]) / (2 * eps),
                               (a[2] - b[2]) / (2 * eps)};
  };
  const std::vector<double> coarse = central(2e-3), fine = central(1e-3);
  std::vector<double> best(3);
  for (std::size_t i = 0; i < 3; ++i) best[i] = (4.0 * fine[i] - coarse[i]) / 3.0;
  return best;
}

TEST(Tangents, MatchDifferencesOfTheFlow) {
  const std::vector<double> expected[2] = {difference(0), difference(1)}, end = carried(kX);
  for (const Method method : kMethods) {
    for (const bool jvp : {false, true}) {
      PointField field = driven(jvp);
      TangentPropagator propagator(field, 2, precise(method));
      std::vector<double> x = kX, V = kV;
      const double u = 0.7;
      const TangentOutcome outcome = propagator.advance(0.2, 1.0, &u, x.data(), V.data());
      EXPECT_EQ(outcome.outcome, DK_REACHED_END);
      EXPECT_EQ(outcome.last_time, 1.0);
      for (std::size_t i = 0; i < 3; ++i) {
        // Differences: 1e-13 of the solver / 1e-3, and eps^4 times fifth derivatives of 1e4.
        EXPECT_NEAR(x[i], end[i], 1e-6) << method_name(method);
        EXPECT_NEAR(V[i], expected[0][i], 2e-6) << method_name(method) << jvp;
        EXPECT_NEAR(V[3 + i], expected[1][i], 2e-6) << method_name(method) << jvp;
      }
    }
  }
}

// dx/dt = A x with a rotation that decays: V(t) = exp(A t) V(0), whatever x does, also at rest.
TEST(Tangents, OfALinearFlowAreExact) {
  for (const Method method : kMethods) {
    for (const double start : {0.0, 3.0}) {
      PointField field(2, 0, [](const Point& p, double* dx) {
        dx[0] = -0.1 * p.x[0] - 2.0 * p.x[1];
        dx[1] = 2.0 * p.x[0] - 0.1 * p.x[1];
      });
      field.with_jacobian(
          [](const Point&, double* J) { J[0] = J[3] = -0.1, J[1] = -2.0, J[2] = 2.0; });
      TangentPropagator propagator(field, 3, precise(method));
      std::vector<double> x = {start, 0.0}, V = {1.0, 0.0, 0.0, 1.0, 1e-8, 1e-8};
      for (int i = 0; i < 5; ++i) {
        propagator.advance(0.5 * i, 0.5 * (i + 1), nullptr, x.data(), V.data());
      }
      const double decay = std::exp(-0.25), c = decay * std::cos(5.0), s = decay * std::sin(5.0);
      EXPECT_NEAR(x[0], start * c, 1e-7);
      EXPECT_NEAR(V[0], c, 1e-7) << method_name(method);
      EXPECT_NEAR(V[1], s, 1e-7) << method_name(method);
      EXPECT_NEAR(V[2], -s, 1e-7) << method_name(method);
      EXPECT_NEAR(V[4], 1e-8 * (c - s), 1e-15) << method_name(method);  // relative to its length
    }
  }
}

// At rest there is nothing that the absolute tolerance could apply to.
TEST(Tangents, HaveARelativeTolerance) {
  PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = -p.x[0]; });
  field.with_jacobian([](const Point& p, double* J) { J[0] = -std::cos(p.x[0]); });
  double x = 0.0, v[2] = {1.0, 1.0};
  for (int i = 0; i < 2; ++i) {
    TangentPropagator propagator(field, 1, with(Method::tsit5, 1e-6, i == 0 ? 1e-12 : 1e-3));
    propagator.advance(0.0, 4.0, nullptr, &x, &v[i]);
  }
  EXPECT_EQ(v[0], v[1]);
  EXPECT_NEAR(v[0] * std::exp(4.0), 1.0, 2e-5);  // some steps with errors of 1e-6
}

// Powers of two scale without rounding.
TEST(Tangents, ScaleExactlyWithTheirLength) {
  for (const Method method : {Method::tsit5, Method::dop853}) {
    PointField field = driven(false);
    TangentPropagator one(field, 2, with(method, 1e-6, 1e-9)),
        other(field, 2, with(method, 1e-6, 1e-9));
    std::vector<double> x = kX, y = kX, V = kV, W = kV;
    for (double& w : W) w *= 0x1p-30;
    const double u = 0.7;
    one.advance(0.0, 1.0, &u, x.data(), V.data());
    other.advance(0.0, 1.0, &u, y.data(), W.data());
    for (double& w : W) w *= 0x1p30;
    EXPECT_EQ(x, y);
    EXPECT_EQ(V, W);
  }
}

// A few tangents in few dimensions have stages of their own, by Jacobians for a whole step.
TEST(Tangents, ByJacobianAndByJvpAreTheSame) {
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853}) {
    PointField small = driven(false), wide = driven(true);
    IntegrationOptions options = with(method, 1e-6, 1e-9);
    if (method == Method::rk4) options.step = 0.01;
    TangentPropagator one(small, 2, options), other(wide, 2, options);
    std::vector<double> x = kX, y = kX, V = kV, W = kV;
    const double u = 0.7;
    one.advance(0.2, 1.0, &u, x.data(), V.data());
    other.advance(0.2, 1.0, &u, y.data(), W.data());
    // The same steps up to rounding, which they amplify by less than e^10.
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(x[i], y[i], 1e-9) << method_name(method);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(V[i], W[i], 1e-9) << method_name(method);
  }
}

// x' = x cos t: V = exp(sin t - sin t0).
TEST(Tangents, SeeTheTimeInTheJacobian) {
  for (const bool jvp : {false, true}) {
    PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = p.x[0] * std::cos(p.t); });
    const auto rate = [](const Point& p, double* J) { J[0] = std::cos(p.t); };
    if (jvp) {
      field.with_jvp(rate);
    } else {
      field.with_jacobian(rate);
    }
    TangentPropagator propagator(field, 1, with(Method::dop853, 1e-10, 1e-10));
    double x = 0.5, V = 2.0;
    propagator.advance(0.3, 4.0, nullptr, &x, &V);
    EXPECT_NEAR(V, 2.0 * std::exp(std::sin(4.0) - std::sin(0.3)), 1e-8);
  }
}

TEST(Tangents, DoNotDependOnWhatWasCarriedBefore) {
  for (const bool jvp : {false, true}) {
    PointField field = driven(jvp);
    TangentPropagator fresh(field, 2, with(Method::dop853, 1e-6, 1e-9)),
        used(field, 2, with(Method::dop853, 1e-6, 1e-9));
    const double u = 0.7;
    std::vector<double> other = {-3.0, 1.0, 15.0}, W = kV;
    used.advance(0.0, 0.2, &u, other.data(), W.data());
    std::vector<double> x = kX, y = kX, V = kV;
    W = kV;
    for (const double t : {0.2, 0.5}) {
      fresh.advance(t, t + 0.3, &u, x.data(), V.data());
      used.advance(t, t + 0.3, &u, y.data(), W.data());
    }
    EXPECT_EQ(x, y);
    EXPECT_EQ(V, W);
  }
}

TEST(Tangents, ZeroOnesAndNoneAreCarriedToo) {
  for (const Method method : kMethods) {
    PointField field = driven(false);
    const double u = 0.7;
    TangentPropagator none(field, 0, precise(method)), zero(field, 2, precise(method));
    std::vector<double> x = kX, y = kX, V = {0.0, 0.0, 0.0, 1.0, 0.0, 0.0};
    none.advance(0.2, 1.0, &u, x.data(), nullptr);
    zero.advance(0.2, 1.0, &u, y.data(), V.data());
    EXPECT_NEAR(x[0], carried(kX)[0], 1e-6) << method_name(method);
    EXPECT_NEAR(y[0], x[0], 1e-6) << method_name(method);
    EXPECT_EQ(V[0], 0.0);
    EXPECT_NE(V[3], 1.0);
  }
}

// The sum of all exponents is the mean divergence, -(10 + 1 + 8/3), at every time.
TEST(Tangents, ContractVolumeOfLorenzAsItsDivergence) {
  PointField field = lorenz();
  field.with_jacobian(lorenz_jacobian);
  TangentPropagator propagator(field, 3, with(Method::tsit5, 1e-9, 1e-9));
  std::vector<double> x = {1.0, 1.0, 1.0}, V = {1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0};
  propagator.advance(0.0, 0.5, nullptr, x.data(), V.data());
  const double det = V[0] * (V[4] * V[8] - V[5] * V[7]) - V[1] * (V[3] * V[8] - V[5] * V[6]) +
                     V[2] * (V[3] * V[7] - V[4] * V[6]);
  // The determinant of size 1e-3 is a difference of products of size 10 with errors of 1e-8.
  EXPECT_NEAR(std::log(det) / 0.5, -(11.0 + 8.0 / 3.0), 1e-3);
}

// Where x blows up at t = 2, x and V hold their last valid values.
TEST(Tangents, KeepTheLastValidStateAfterAFailure) {
  for (const Method method : {Method::tsit5, Method::dop853, Method::bdf, Method::adams}) {
    PointField field(1, 0, [](const Point& p, double* dx) { dx[0] = p.x[0] * p.x[0]; });
    field.with_jacobian([](const Point& p, double* J) { J[0] = 2.0 * p.x[0]; });
    TangentPropagator propagator(field, 1, with(method, 1e-8, 1e-8));
    double x = 0.5, v = 1.0;
    const TangentOutcome outcome = propagator.advance(0.0, 3.0, nullptr, &x, &v);
    EXPECT_NE(outcome.outcome, DK_REACHED_END);
    EXPECT_NEAR(outcome.last_time, 2.0, 1e-3) << method_name(method);
    EXPECT_TRUE(std::isfinite(x) && x > 100.0) << method_name(method) << x;
    EXPECT_TRUE(std::isfinite(v) && v > 1.0) << method_name(method) << v;

    // The propagator goes on with another start.
    x = -1.0, v = 1.0;
    EXPECT_EQ(propagator.advance(0.0, 1.0, nullptr, &x, &v).outcome, DK_REACHED_END);
    EXPECT_NEAR(x, -0.5, 1e-6);  // 1 / (1/x0 - t)
    EXPECT_NEAR(v, 0.25, 1e-6);  // (x / x0)^2
  }
}

TEST(Tangents, NeedADerivativeAndAMethodThatCarriesThem) {
  PointField bare = lorenz(), field = lorenz();
  field.with_jacobian(lorenz_jacobian);
  EXPECT_THROW(TangentPropagator(bare, 1, with(Method::tsit5, 1e-6, 1e-6)), Error);
  try {
    const TangentPropagator refused(field, 1, with(Method::dirk, 1e-6, 1e-6));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("method 'arkode' does not carry tangents"), 0u);
  }
}

// V after two steps of the Henon map is the product of its Jacobians.
TEST(MapTangents, AreProductsOfJacobians) {
  for (const bool jvp : {false, true}) {
    PointField field(2, 0, [](const Point& p, double* next) {
      next[0] = 1.0 - 1.4 * p.x[0] * p.x[0] + p.x[1];
      next[1] = p.h * p.x[0];
    });
    const auto J = [](const Point& p, double* values) {
      values[0] = -2.8 * p.x[0], values[1] = 1.0, values[2] = p.h, values[3] = 0.0;
    };
    jvp ? field.with_jvp(J) : field.with_jacobian(J);
    MapTangentPropagator propagator(field, 3);
    std::vector<double> x = {0.5, 0.2}, V = {1.0, 0.0, 0.0, 1.0, 2.0, 3.0};
    const TangentOutcome outcome = propagator.iterate(1.0, 0.3, 2, nullptr, x.data(), V.data());
    const double x1 = 1.0 - 1.4 * 0.25 + 0.2, a = -1.4, b = -2.8 * x1;  // J1 = (a 1; .3 0)
    EXPECT_EQ(outcome.outcome, DK_REACHED_END);
    EXPECT_DOUBLE_EQ(outcome.last_time, 1.6);
    EXPECT_DOUBLE_EQ(x[0], 1.0 - 1.4 * x1 * x1 + 0.15);
    EXPECT_DOUBLE_EQ(V[0], b * a + 0.3);
    EXPECT_DOUBLE_EQ(V[1], 0.3 * a);
    EXPECT_DOUBLE_EQ(V[2], b);
    EXPECT_DOUBLE_EQ(V[3], 0.3);
    EXPECT_NEAR(V[4], 2.0 * V[0] + 3.0 * V[2], 1e-14);  // terms of size 5 cancel
  }
}

TEST(MapTangents, StopAtTheLastFiniteState) {
  PointField field(1, 0, [](const Point& p, double* next) { next[0] = p.x[0] * p.x[0]; });
  field.with_jacobian([](const Point& p, double* J) { J[0] = 2.0 * p.x[0]; });
  MapTangentPropagator propagator(field, 1);
  double x = 10.0, v = 1.0;
  const TangentOutcome outcome = propagator.iterate(0.0, 1.0, 100, nullptr, &x, &v);
  EXPECT_EQ(outcome.outcome, DK_NOT_FINITE);
  EXPECT_EQ(outcome.last_time, 8.0);
  EXPECT_NEAR(x / 1e256, 1.0, 1e-12);
  EXPECT_TRUE(std::isfinite(v));
}

}  // namespace
}  // namespace dynkit::test
