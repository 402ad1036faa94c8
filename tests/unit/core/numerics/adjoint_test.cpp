#include "dynkit/core/adjoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <set>
#include <vector>

#include "fields.hpp"
#include "one_field.hpp"

namespace dynkit::test {
namespace {

using Complex = std::complex<double>;
using Numbers = std::vector<double>;

// z' = (a + i w) z + c u with x = (Re z, Im z) and theta = (a, w, c).
struct Rotation {
  double a = -0.3, w = 2.0, c = 0.7, u = 1.3;

  OneField field() const {
    return {2, 1, 3,
            [this](double, const double* x, const double* input, double* dx) {
              dx[0] = a * x[0] - w * x[1] + c * input[0];
              dx[1] = w * x[0] + a * x[1];
            },
            [this](double, const double* x, const double* input, const double* g, double* x_bar,
                   double* theta_bar) {
              x_bar[0] = a * g[0] + w * g[1];
              x_bar[1] = -w * g[0] + a * g[1];
              theta_bar[0] += g[0] * x[0] + g[1] * x[1];
              theta_bar[1] += -g[0] * x[1] + g[1] * x[0];
              theta_bar[2] += g[0] * input[0];
            }};
  }
};

// L = sum_k Re(conj(g_k) z(t_k)) over the times but the first.
struct LinearLoss {
  Numbers times = {0.2, 0.7, 1.9, 2.0, 4.5};
  std::vector<Complex> g = {0.0, {1.0, -0.5}, {0.3, 2.0}, {0.0, 0.0}, {-1.5, 0.4}};
  Complex z0 = {1.0, -0.4};

  struct Gradient {
    std::int32_t outcome = -7;
    Numbers x0, theta, states;
  };

  // z(t) = e^(l t) (z0 + c u / l) - c u / l, differentiated.
  Gradient exact(const Rotation& r) const {
    const Complex l(r.a, r.w), i(0.0, 1.0);
    const double v = r.c * r.u;
    Gradient result{0, Numbers(2), Numbers(3), {}};
    for (std::size_t k = 1; k < times.size(); ++k) {
      const double t = times[k] - times[0];
      const Complex e = std::exp(l * t), bar = std::conj(g[k]);
      const Complex slope = t * e * (z0 + v / l) - (e - 1.0) * v / (l * l);
      result.x0[0] += (bar * e).real();
      result.x0[1] += (bar * e * i).real();
      result.theta[0] += (bar * slope).real();
      result.theta[1] += (bar * slope * i).real();
      result.theta[2] += (bar * (e - 1.0) / l).real() * r.u;
    }
    return result;
  }

  Gradient by(CvodesAdjoint& adjoint, const double* u, double scale = 1.0) const {
    const auto T = static_cast<std::int64_t>(times.size());
    const double x0[2] = {z0.real(), z0.imag()};
    Numbers jumps;
    for (const Complex& value : g) {
      jumps.insert(jumps.end(), {scale * value.real(), scale * value.imag(), 1e99});
    }
    Gradient result{0,
                    {scale * g.back().real(), scale * g.back().imag()},
                    Numbers(3),
                    Numbers(times.size() * 2, -5.0)};
    adjoint.forward({T, times.data(), u}, x0, result.states.data(), 2);
    result.outcome = adjoint.backward(jumps.data(), 3, result.x0.data(), result.theta.data());
    return result;
  }
};

AdjointOptions adjoint_with(Method method, double tolerance) {
  return {with(method, tolerance, tolerance), 100};
}

double largest_difference(const LinearLoss::Gradient& a, const LinearLoss::Gradient& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < 2; ++i) largest = std::max(largest, std::abs(a.x0[i] - b.x0[i]));
  for (std::size_t i = 0; i < 3; ++i) {
    largest = std::max(largest, std::abs(a.theta[i] - b.theta[i]));
  }
  return largest;
}

// The error of a trajectory adds up to some tens of the tolerance of its steps.
TEST(Adjoint, OfALinearFlowConvergesToItsClosedFormWithTheTolerance) {
  const Rotation rotation;
  const LinearLoss loss;
  const auto exact = loss.exact(rotation);
  for (const Method method : {Method::adams, Method::bdf}) {
    double last = 1.0;
    for (const double tolerance : {1e-4, 1e-6, 1e-8, 1e-10}) {
      OneField field = rotation.field();
      CvodesAdjoint adjoint(field, adjoint_with(method, tolerance));
      const auto found = loss.by(adjoint, &rotation.u);
      const double error = largest_difference(found, exact);
      EXPECT_EQ(found.outcome, DK_REACHED_END);
      EXPECT_LT(error, 100.0 * tolerance) << method_name(method) << tolerance;
      EXPECT_LT(error, 0.1 * last) << method_name(method) << tolerance;
      last = error;
    }
  }
}

TEST(Adjoint, LeavesTheStatesInTheRowsBehindTheFirst) {
  const Rotation r;
  const LinearLoss loss;
  OneField field = r.field();
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-10));
  const auto found = loss.by(adjoint, &r.u);
  EXPECT_EQ(found.states[0], -5.0);
  const Complex l(r.a, r.w), shift = r.c * r.u / l;
  for (std::size_t k = 1; k < loss.times.size(); ++k) {
    const Complex z = std::exp(l * (loss.times[k] - loss.times[0])) * (loss.z0 + shift) - shift;
    EXPECT_NEAR(found.states[2 * k], z.real(), 1e-8);
    EXPECT_NEAR(found.states[2 * k + 1], z.imag(), 1e-8);
  }
}

// With few steps from one checkpoint to the next the right-hand side is asked twice.
TEST(Adjoint, IsTheSameFromAnyNumberOfCheckpoints) {
  const Rotation rotation;
  LinearLoss loss;
  for (double& t : loss.times) t *= 4.0;
  const auto exact = loss.exact(rotation);
  for (const Method method : {Method::adams, Method::bdf}) {
    std::size_t asked[2] = {};
    for (const int many : {0, 1}) {
      OneField field = rotation.field();
      AdjointOptions options = adjoint_with(method, 1e-11);
      options.checkpoint_steps = many == 1 ? 100 : 100'000;
      CvodesAdjoint adjoint(field, options);
      EXPECT_LT(largest_difference(loss.by(adjoint, &rotation.u), exact), 1e-8) << many;
      asked[many] = field.asked_at.size();
    }
    EXPECT_GT(asked[1], asked[0] * 3 / 2) << method_name(method);
  }
}

// The steps from a checkpoint are the same when they are taken again.
TEST(Adjoint, GoesBackOnTheStatesOfTheWayThere) {
  const Rotation rotation;
  const double times[2] = {0.0, 20.0}, x0[2] = {1.0, 0.3};
  for (const Method method : {Method::adams, Method::bdf}) {
    OneField field = rotation.field();
    CvodesAdjoint adjoint(field, adjoint_with(method, 1e-11));
    adjoint.forward({2, times, &rotation.u}, x0, nullptr, 0);
    const std::set<double> there(field.asked_at.begin(), field.asked_at.end());
    field.asked_at.clear();
    double x_bar[2] = {1.0, -2.0};
    adjoint.backward(nullptr, 0, x_bar, nullptr);
    EXPECT_GT(field.asked_at.size(), 100u);
    for (const double t : field.asked_at) EXPECT_EQ(there.count(t), 1u) << t;
  }
}

// Powers of two scale without rounding.
TEST(Adjoint, ScalesExactlyWithTheLoss) {
  const Rotation rotation;
  const LinearLoss loss;
  OneField field = rotation.field();
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-6));
  const auto one = loss.by(adjoint, &rotation.u), other = loss.by(adjoint, &rotation.u, 0x1p-60);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(other.x0[i] * 0x1p60, one.x0[i]);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(other.theta[i] * 0x1p60, one.theta[i]);
}

TEST(Adjoint, BeginsWhereTheLossEnds) {
  const Rotation rotation;
  LinearLoss loss;
  loss.g.back() = 0.0;
  OneField field = rotation.field();
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-9));
  EXPECT_LT(largest_difference(loss.by(adjoint, &rotation.u), loss.exact(rotation)), 1e-7);
}

TEST(Adjoint, OfNoLossIsZeroAndAsksNothing) {
  const Rotation rotation;
  LinearLoss loss;
  std::fill(loss.g.begin(), loss.g.end(), 0.0);
  OneField field = rotation.field();
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-9));
  const auto found = loss.by(adjoint, &rotation.u);
  EXPECT_EQ(found.outcome, DK_REACHED_END);
  EXPECT_EQ(largest_difference(found, loss.exact(rotation)), 0.0);
  EXPECT_EQ(field.transposes, 0);
}

// x' = theta x cos t: x = x0 exp(theta (sin t - sin t0)).
TEST(Adjoint, SeesTheTime) {
  const double theta = 0.8, times[2] = {0.3, 4.0};
  OneField field(
      1, 0, 1,
      [&](double t, const double* x, const double*, double* dx) { *dx = theta * *x * std::cos(t); },
      [&](double t, const double* x, const double*, const double* g, double* x_bar, double* bar) {
        *x_bar = theta * std::cos(t) * *g;
        *bar += std::cos(t) * *x * *g;
      });
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-10));
  const double x0 = 0.5, change = std::sin(4.0) - std::sin(0.3), growth = std::exp(theta * change);
  double x_bar = 2.0, theta_bar = 100.0;  // accumulates
  adjoint.forward({2, times, nullptr}, &x0, nullptr, 0);
  adjoint.backward(nullptr, 0, &x_bar, &theta_bar);
  EXPECT_NEAR(x_bar, 2.0 * growth, 1e-8);
  EXPECT_NEAR(theta_bar, 100.0 + 2.0 * x0 * growth * change, 1e-8);
}

// x' = -theta (x - cos t), on whose slow solution
//     x = (theta^2 cos t + theta sin t) / (theta^2 + 1).
// Adams needs a step for each 1/theta.
TEST(Adjoint, OfAStiffFlowIsForBdf) {
  const double theta = 1e3, times[2] = {0.0, 10.0}, square = theta * theta;
  OneField field(
      1, 0, 1,
      [&](double t, const double* x, const double*, double* dx) {
        *dx = -theta * (*x - std::cos(t));
      },
      [&](double t, const double* x, const double*, const double* g, double* x_bar, double* bar) {
        *x_bar = -theta * *g;
        *bar -= (*x - std::cos(t)) * *g;
      });
  const double x0 = square / (square + 1.0), sine = std::sin(10.0), cosine = std::cos(10.0);
  const double expected =
      (2.0 * theta * cosine + sine - square * sine) / (square + 1.0) / (square + 1.0);
  for (const Method method : {Method::adams, Method::bdf}) {
    AdjointOptions options = adjoint_with(method, 1e-9);
    options.integration.max_steps = 2000;
    CvodesAdjoint adjoint(field, options);
    double x_bar = 1.0, theta_bar = 0.0;
    adjoint.forward({2, times, nullptr}, &x0, nullptr, 0);
    const std::int32_t outcome = adjoint.backward(nullptr, 0, &x_bar, &theta_bar);
    EXPECT_EQ(outcome, method == Method::bdf ? DK_REACHED_END : DK_TOO_MANY_STEPS);
    // x - cos t is 1e-3, known to 1e-9.
    if (method == Method::bdf) {
      EXPECT_NEAR(theta_bar / expected, 1.0, 1e-5);
    }
  }
}

// Newton's method needs both Jacobians, which are not symmetric here: with another one its steps
// are as short as those of adams.
TEST(Adjoint, OfAStiffRotationTakesFewStepsWithBdf) {
  Rotation rotation;
  rotation.a = -1e3;
  rotation.w = 700.0;
  const LinearLoss loss;
  const auto exact = loss.exact(rotation);
  for (const Method method : {Method::adams, Method::bdf}) {
    OneField field = rotation.field();
    AdjointOptions options = adjoint_with(method, 1e-9);
    options.integration.max_steps = 1000;
    CvodesAdjoint adjoint(field, options);
    const auto found = loss.by(adjoint, &rotation.u);
    EXPECT_EQ(found.outcome, method == Method::bdf ? DK_REACHED_END : DK_TOO_MANY_STEPS);
    if (method == Method::bdf) {
      EXPECT_LT(largest_difference(found, exact), 1e-8);
    }
  }
}

// x' = theta x^2 from x = 1 ends at t = 1 / theta.
struct Explosion {
  double theta = 0.5;

  OneField field() {
    return {1, 0, 1,
            [this](double, const double* x, const double*, double* dx) { *dx = theta * *x * *x; },
            [this](double, const double* x, const double*, const double* g, double* x_bar,
                   double* bar) {
              *x_bar = 2.0 * theta * *x * *g;
              *bar += *x * *x * *g;
            }};
  }
};

TEST(Adjoint, OfATrajectoryThatEndsIsNotANumberAndTheNextOneIs) {
  const Numbers times = {0.0, 1.0, 1.5, 2.5, 3.0}, jumps(5);
  for (const Method method : {Method::adams, Method::bdf}) {
    Explosion explosion;
    OneField field = explosion.field();
    CvodesAdjoint adjoint(field, adjoint_with(method, 1e-9));
    const double x0 = 1.0;
    double states[5] = {}, x_bar = 1.0, theta_bar = 0.0;
    EXPECT_NE(adjoint.forward({5, times.data(), nullptr}, &x0, states, 1), DK_REACHED_END);
    EXPECT_NEAR(states[2], 4.0, 1e-6);
    EXPECT_TRUE(std::isnan(states[3]) && std::isnan(states[4]));
    EXPECT_NE(adjoint.backward(jumps.data(), 1, &x_bar, &theta_bar), DK_REACHED_END);
    EXPECT_TRUE(std::isnan(x_bar) && std::isnan(theta_bar));

    // x = 1 / (1 / x0 - theta t) until t = 1.5
    x_bar = 1.0, theta_bar = 0.0;
    EXPECT_EQ(adjoint.forward({3, times.data(), nullptr}, &x0, states, 1), DK_REACHED_END);
    EXPECT_EQ(adjoint.backward(jumps.data(), 1, &x_bar, &theta_bar), DK_REACHED_END);
    EXPECT_NEAR(x_bar, 16.0, 1e-5);
    EXPECT_NEAR(theta_bar, 1.5 * 16.0, 1e-5);
  }
}

// Though f does not see the state.
TEST(Adjoint, OfStatesThatAreNotNumbersIsNone) {
  OneField field(
      1, 0, 1, [](double, const double*, const double*, double* dx) { *dx = 2.0; },
      [](double, const double*, const double*, const double* g, double* x_bar, double* bar) {
        *x_bar = 0.0;
        *bar += *g;
      });
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-6));
  const double times[2] = {0.0, 1.0}, x0 = std::numeric_limits<double>::quiet_NaN();
  double x[2] = {}, x_bar = 1.0, theta_bar = 0.0;
  EXPECT_EQ(adjoint.forward({2, times, nullptr}, &x0, x, 1), DK_NOT_FINITE);
  EXPECT_EQ(adjoint.backward(nullptr, 0, &x_bar, &theta_bar), DK_NOT_FINITE);
  EXPECT_TRUE(std::isnan(x[1]) && std::isnan(x_bar) && std::isnan(theta_bar));
}

TEST(Adjoint, PassesOnWhatTheFieldThrows) {
  bool broken = false;
  OneField field(
      1, 0, 1, [](double, const double* x, const double*, double* dx) { *dx = 0.1 * *x; },
      [&](double, const double* x, const double*, const double* g, double* x_bar, double* bar) {
        if (broken) throw Error(DK_IO, "broken");
        *x_bar = 0.1 * *g;
        *bar += *x * *g;
      });
  const double times[2] = {0.0, 1.0}, x0 = 1.0;
  double x_bar = 1.0, theta_bar = 0.0;
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-6));
  adjoint.forward({2, times, nullptr}, &x0, nullptr, 0);
  broken = true;
  EXPECT_THROW(adjoint.backward(nullptr, 0, &x_bar, &theta_bar), Error);
}

// x' = cos(rate t), faster when it is asked again.
TEST(Adjoint, RefusesAFieldThatChangesOnTheWay) {
  double rate = 3.0;
  OneField field(
      1, 0, 1,
      [&](double t, const double*, const double*, double* dx) { *dx = std::cos(rate * t); },
      [](double, const double*, const double*, const double* g, double* x_bar, double* bar) {
        *x_bar = 0.0;
        *bar += *g;
      });
  const double times[2] = {0.0, 50.0}, x0 = 1.0;
  double x_bar = 1.0, theta_bar = 0.0;
  CvodesAdjoint adjoint(field, adjoint_with(Method::adams, 1e-9));
  adjoint.forward({2, times, nullptr}, &x0, nullptr, 0);
  rate = 300.0;
  EXPECT_THROW(adjoint.backward(nullptr, 0, &x_bar, &theta_bar), Error);
}

TEST(Adjoint, StopsOnRequest) {
  const Rotation rotation;
  const LinearLoss loss;
  OneField field = rotation.field();
  AdjointOptions options = adjoint_with(Method::adams, 1e-6);
  options.integration.keep_going = [](double) { return false; };
  CvodesAdjoint adjoint(field, options);
  const auto found = loss.by(adjoint, &rotation.u);
  EXPECT_EQ(found.outcome, DK_STOPPED);
  EXPECT_TRUE(std::isnan(found.theta[0]));
}

TEST(Adjoint, IsRefusedForOtherMethodsAndTooManyCheckpoints) {
  const Rotation rotation;
  OneField field = rotation.field();
  try {
    const CvodesAdjoint refused(field, adjoint_with(Method::rk4, 1e-6));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "method 'rk4' has no continuous adjoint: 'adams' and 'bdf' have");
  }
  AdjointOptions options = adjoint_with(Method::adams, 1e-6);
  options.checkpoint_steps = 99;
  EXPECT_THROW(CvodesAdjoint(field, options), Error);
}

}  // namespace
}  // namespace dynkit::test
