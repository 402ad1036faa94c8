#include "plugins/analyses/lyapunov/orbit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "systems.hpp"

namespace dynkit::lyapunov {
namespace {

using testing::Equations;
using testing::FakeSystem;

// x_0 is a clock; when it passes 1, tangents begin to turn and one of them to die.
Equations make_clock() {
  Equations clock;
  clock.n = 3;
  clock.eval = [](double, const double* x, const double*, double* out) {
    out[0] = 1.0;
    out[1] = x[0] < 1.0 ? 0.0 : 1.0;
    out[2] = 0.0;
  };
  clock.jacobian = [](double, const double* x, const double*, double* J) {
    const double calm[] = {-0.5, 0, 0, 0, -0.2, 0, 0, 0, -0.1};
    const double wild[] = {-0.5, 0, 0, 0, 1, -9, 0, 5, -80};
    std::copy_n(x[0] < 1.0 ? calm : wild, 9, J);
  };
  return clock;
}

const std::vector<double> kTangents = {0.3, 0.9, -0.4, 0.1, -0.5, 0.7, 1.0, 0.2, 0.3};

OrbitOptions make_options(double interval) {
  OrbitOptions options;
  options.integration.step = 1.0 / 1024.0;  // so that no step straddles the change at 1
  options.interval = interval;
  options.longest = 0.5;
  return options;
}

struct Result {
  double growth = 0.0;  // of the first tangent: log |M v|, however it is cut into pieces
  double clock = 0.0;
  std::int64_t pieces = 0;
};

Result follow(const FakeSystem& system, double interval) {
  Orbit orbit(system.table(), {0.0, 0.0, 0.0}, kTangents, {}, make_options(interval));
  Result result;
  for (int i = 0; i < 4; ++i) {
    for (double left = 0.5; left > 1e-9; left -= orbit.span()) {
      EXPECT_TRUE(orbit.advance(left));
      result.growth += orbit.growths()[0];
    }
  }
  result.clock = orbit.x()[0];
  result.pieces = orbit.orthonormalizations();
  return result;
}

TEST(Orbit, GrowsAsMuchInChosenIntervalsAsInShortOnes) {
  const FakeSystem system(make_clock());
  const Result fixed = follow(system, 1.0 / 64.0), chosen = follow(system, 0.0);
  EXPECT_EQ(fixed.pieces, 128);
  EXPECT_LT(chosen.pieces, 64);
  EXPECT_NEAR(chosen.growth, fixed.growth, 1e-6);  // the integrator's, whose steps differ
}

TEST(Orbit, GoesBackBeforeItRepeatsAPiece) {
  const FakeSystem system(make_clock());
  const Result result = follow(system, 0.0);
  EXPECT_NEAR(result.clock, 2.0, 1e-12);
  // Pieces were propagated that were not kept.
  EXPECT_GT(system.propagate_calls, result.pieces);
}

TEST(Orbit, StaysWithinALimitGivenOnTheWay) {
  const FakeSystem system(make_clock());
  Orbit orbit(system.table(), {0.0, 0.0, 0.0}, kTangents, {}, make_options(0.0));
  EXPECT_TRUE(orbit.advance(0.5));
  orbit.limit(0.03);
  EXPECT_TRUE(orbit.advance(0.5));  // the interval shortens at its end
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(orbit.advance(0.5));
    EXPECT_LE(orbit.span(), 0.03);
  }
}

TEST(Orbit, CountsIntervalsThatLeaveNothingOfATangent) {
  // Rates 0 and -80: after 0.25 time units the second tangent's own part is e^-20 of the first.
  Equations stiff;
  stiff.n = 2;
  stiff.eval = [](double, const double*, const double*, double* out) { out[0] = out[1] = 0.0; };
  stiff.jacobian = [](double, const double*, const double*, double* J) {
    const double rows[] = {0.0, 0.0, 0.0, -80.0};
    std::copy_n(rows, 4, J);
  };
  const FakeSystem system(stiff);
  const auto count = [&](double interval) {
    OrbitOptions options = make_options(interval);
    options.integration.rtol = 1e-6;
    Orbit orbit(system.table(), {0.0, 0.0}, {0.6, 0.8, -0.8, 0.6}, {}, options);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(orbit.advance(1.0));
    return orbit.drowned();
  };
  EXPECT_EQ(count(0.25), 1);  // then the tangents are those of the rates, and stay orthogonal
  EXPECT_EQ(count(1.0 / 64.0), 0);
}

TEST(Orbit, SaysWhyItEnds) {
  Equations blow_up;
  blow_up.n = 1;
  blow_up.eval = [](double, const double* x, const double*, double* out) { out[0] = x[0] * x[0]; };
  blow_up.jacobian = [](double, const double* x, const double*, double* J) { J[0] = 2.0 * x[0]; };
  const FakeSystem system(blow_up);
  Orbit orbit(system.table(), {1.0}, {1.0}, {}, make_options(0.0));
  bool is_carried = true;
  for (int i = 0; i < 1000 && is_carried; ++i) is_carried = orbit.advance(0.5);
  EXPECT_FALSE(is_carried);
  EXPECT_FALSE(orbit.failure().empty());
  EXPECT_LT(orbit.t(), 1.1);  // x = 1 / (1 - t)
}

}  // namespace
}  // namespace dynkit::lyapunov
