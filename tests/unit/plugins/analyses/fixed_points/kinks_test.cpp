// Points of models whose derivatives jump.

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "equations.hpp"
#include "plugin_run.hpp"

namespace dynkit::fixed_points {
namespace {

using dynkit::testing::Equations;
using dynkit::testing::FakeSink;
using testing::henon;
using testing::make_values;
using testing::RestSystem;
using testing::run;
using testing::summary;
using testing::word;

// x' = relu(2 x) rests at its kink, from where x > 0 grows and x < 0 does not come back.
Equations relu(double weight) {
  Equations map;
  map.time_kind = DK_MAP;
  map.flags = DK_NOT_SMOOTH;
  map.eval = [weight](double, const double* x, const double*, double* out) {
    out[0] = std::max(weight * x[0], 0.0);
  };
  map.jacobian = [weight](double, const double* x, const double*, double* J) {
    J[0] = weight * x[0] > 0 ? weight : 0;
  };
  return map;
}

TEST(FixedPoints, OnKinkOfTheModelHaveNoClassAndNoIndex) {
  RestSystem system(relu(2), testing::cube(1, 3));
  FakeSink sink;
  run(make_values(), system, sink);
  ASSERT_EQ(summary(sink, "found"), 1);
  EXPECT_NEAR(sink.numbers("x")[0], 0, 1e-12);
  EXPECT_EQ(word(sink, "class"), "nonhyperbolic");
  EXPECT_EQ(summary(sink, "nonhyperbolic"), 1);
  EXPECT_EQ(sink.integers("index")[0], 0);
  EXPECT_EQ(sink.integers("unstable_directions")[0], -1);
  EXPECT_EQ(word(sink, "index_check"), "not applicable");
  EXPECT_EQ(word(sink, "complete"), "stop rule met");
  EXPECT_EQ(std::get<std::vector<std::string>>(sink.tables.at("points").at("outcome").values)[0],
            "converged, on a kink of the model: no Jacobian");
}

// x' = relu(x / 2 + b): at 2 b, a stable point b away from the kink.
TEST(FixedPoints, BesideKinkOfTheModelHaveTheirClass) {
  for (const double b : {1e-6, 0.3}) {
    Equations map = relu(0.5);
    map.eval = [b](double, const double* x, const double*, double* out) {
      out[0] = std::max(0.5 * x[0] + b, 0.0);
    };
    map.jacobian = [b](double, const double* x, const double*, double* J) {
      J[0] = 0.5 * x[0] + b > 0 ? 0.5 : 0;
    };
    RestSystem system(map);
    FakeSink sink;
    run(make_values(), system, sink);
    ASSERT_EQ(summary(sink, "found"), 1);
    EXPECT_EQ(word(sink, "class"), "stable") << b;
    EXPECT_EQ(sink.integers("index")[0], 1);
  }
}

// The flag says that derivatives may jump; smooth points of such a model are as of any other.
TEST(FixedPoints, OfSmoothModelDoNotDependOnItsFlag) {
  for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{DK_NOT_SMOOTH}}) {
    Equations map = henon(1.4, 0.3);
    map.flags = flags;
    RestSystem system(map);
    FakeSink sink;
    run(make_values().integer("period", 8).integer("slow_points", 0), system, sink);
    EXPECT_EQ(summary(sink, "saddles"), 64);
  }
}

}  // namespace
}  // namespace dynkit::fixed_points
