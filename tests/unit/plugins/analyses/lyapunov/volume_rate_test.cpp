#include "plugins/analyses/lyapunov/volume_rate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "systems.hpp"

namespace dynkit::lyapunov {
namespace {

using testing::Equations;
using testing::FakeSystem;

TEST(VolumeRate, OfMapAddsLogDeterminantsOfAllSteps) {
  // x' = x^2, y' = x + y / 2: det J = x.
  Equations map;
  map.time_kind = DK_MAP;
  map.n = 2;
  map.eval = [](double, const double* x, const double*, double* out) {
    out[0] = x[0] * x[0];
    out[1] = x[0] + 0.5 * x[1];
  };
  map.jacobian = [](double, const double* x, const double*, double* J) {
    const double rows[] = {2.0 * x[0], 0.0, 1.0, 0.5};
    std::copy_n(rows, 4, J);
  };
  const FakeSystem system(map);
  VolumeRate volume(system.table(), {});
  double expected = 0.0, z = 1.3;
  const int steps[] = {3, 1, 2};
  for (const int count : steps) {
    volume.add(0.0, count, {z, 0.0}, {0.0, 0.0});
    for (int i = 0; i < count; ++i) {
      expected += std::log(z);
      z *= z;
    }
  }
  EXPECT_NEAR(volume.take(), expected, 1e-12);
  EXPECT_EQ(volume.take(), 0.0);
}

TEST(VolumeRate, OfMapKnowsTheTimeOfEachStep) {
  Equations map;
  map.time_kind = DK_MAP;
  map.flags = DK_USES_TIME;
  map.eval = [](double, const double* x, const double*, double* out) { out[0] = x[0]; };
  map.jacobian = [](double t, const double*, const double*, double* J) { J[0] = t; };
  const FakeSystem system(map);
  VolumeRate volume(system.table(), {});
  volume.add(2.0, 3.0, {1.0}, {1.0});
  volume.add(5.0, 1.0, {1.0}, {1.0});
  EXPECT_NEAR(volume.take(), std::log(2.0 * 3.0 * 4.0 * 5.0), 1e-15 * 8);
}

TEST(VolumeRate, OfMapCountsTimeInItsOwnSteps) {
  Equations map;
  map.time_kind = DK_MAP;
  map.flags = DK_USES_TIME;
  map.step = 0.25;
  map.eval = [](double, const double* x, const double*, double* out) { out[0] = x[0]; };
  map.jacobian = [](double t, const double*, const double*, double* J) { J[0] = t; };
  const FakeSystem system(map);
  VolumeRate volume(system.table(), {});
  volume.add(2.0, 3.0, {1.0}, {1.0});
  EXPECT_NEAR(volume.take(), std::log(0.5 * 0.75 * 1.0), 1e-15 * 8);
}

TEST(VolumeRate, OfFlowIntegratesTheTrace) {
  // tr J = x^2 + t with x(t) = t^2: the rule's error is h^4 / 720 times 24 per time.
  Equations flow;
  flow.n = 1;
  flow.flags = DK_USES_TIME;
  flow.eval = [](double t, const double*, const double*, double* out) { out[0] = 2.0 * t; };
  flow.jacobian = [](double t, const double* x, const double*, double* J) {
    J[0] = x[0] * x[0] + t;
  };
  const FakeSystem system(flow);
  const auto integrate = [&](int pieces) {
    VolumeRate volume(system.table(), {});
    const double h = 2.0 / pieces;
    for (int i = 0; i < pieces; ++i) {
      const double t = h * i;
      volume.add(t, h, {t * t}, {(t + h) * (t + h)});
    }
    return volume.take();
  };
  const double exact = 32.0 / 5.0 + 2.0;
  const double coarse = integrate(10) - exact, fine = integrate(20) - exact;
  EXPECT_NEAR(coarse / fine, 16.0, 1e-3);
  EXPECT_NEAR(std::abs(fine), 2.0 * 1e-4 * 24.0 / 720.0, 1e-9);
}

// n = 1, x' = 0 and J(t).
Equations make_rest(double (*rate)(double)) {
  static double (*current)(double);
  current = rate;
  Equations flow;
  flow.n = 1;
  flow.flags = DK_USES_TIME;
  flow.eval = [](double, const double*, const double*, double* out) { out[0] = 0.0; };
  flow.jacobian = [](double t, const double*, const double*, double* J) { J[0] = current(t); };
  return flow;
}

TEST(VolumeRate, AsksForPiecesWithSmallCorrections) {
  const FakeSystem system(make_rest([](double t) { return 1.0 + std::cos(t); }));
  VolumeRate volume(system.table(), {});
  EXPECT_EQ(volume.longest(), std::numeric_limits<double>::infinity());
  const double h = 0.5;
  volume.add(0.0, h, {1.0}, {1.0});
  volume.take();
  const double size = 0.5 * (2.0 + 1.0 + std::cos(h)), correction = h / 12.0 * std::sin(h);
  EXPECT_NEAR(volume.longest(), h * std::sqrt(0.01 * size / correction), 1e-5);
}

TEST(VolumeRate, ShortensPiecesToAQuarterAtMost) {
  const FakeSystem system(make_rest([](double t) { return t < 1.0 ? 0.0 : 1.0; }));
  VolumeRate volume(system.table(), {});
  volume.add(0.5, 0.5, {1.0}, {1.0});  // ends where the rate jumps
  volume.take();
  EXPECT_EQ(volume.longest(), 0.125);
}

TEST(VolumeRate, SetsNoLimitWhereTheJacobianVanishes) {
  const FakeSystem system(make_rest([](double) { return 0.0; }));
  VolumeRate volume(system.table(), {});
  volume.add(0.0, 0.5, {1.0}, {1.0});
  EXPECT_EQ(volume.take(), 0.0);
  EXPECT_EQ(volume.longest(), std::numeric_limits<double>::infinity());
}

TEST(VolumeRate, SetsNoLimitWhereTheTraceIsRounding) {
  // tr J = 3 * 0.1 cos t - 0.3 cos t, some 1e-17, whose differences are nothing but rounding.
  Equations flow;
  flow.n = 2;
  flow.flags = DK_USES_TIME;
  flow.eval = [](double, const double*, const double*, double* out) { out[0] = out[1] = 0.0; };
  flow.jacobian = [](double t, const double*, const double*, double* J) {
    const double c = std::cos(t), rows[] = {3 * (0.1 * c), 0.0, 0.0, -(0.3 * c)};
    std::copy_n(rows, 4, J);
  };
  const FakeSystem system(flow);
  VolumeRate volume(system.table(), {});
  const double h = 1e-3;
  for (int i = 0; i < 50; ++i) volume.add(i * h, h, {1.0, 1.0}, {1.0, 1.0});
  EXPECT_NEAR(volume.take(), 0.0, 1e-12);
  EXPECT_GT(volume.longest(), 100 * h);
}

TEST(VolumeRate, SetsNoLimitWhereTheTraceIsConstant) {
  Equations flow;
  flow.n = 1;
  flow.eval = [](double, const double*, const double*, double* out) { out[0] = 0.0; };
  flow.jacobian = [](double, const double*, const double*, double* J) { J[0] = -3.0; };
  const FakeSystem system(flow);
  VolumeRate volume(system.table(), {});
  volume.add(0.0, 0.7, {1.0}, {1.0});
  EXPECT_NEAR(volume.take(), -2.1, 1e-15);
  EXPECT_EQ(volume.longest(), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace dynkit::lyapunov
