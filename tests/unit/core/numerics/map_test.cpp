#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

// The Henon map driven by an input, with the step's length in it.
PointField henon(bool columns) {
  return PointField(
      2, 1,
      [](const Point& p, double* next) {
        next[0] = 1.0 - 1.4 * p.x[0] * p.x[0] + p.x[1] + p.u[0] * p.h;
        next[1] = 0.3 * p.x[0] + 0.01 * p.t;
      },
      columns);
}

TEST(Map, IteratesWithTheInputAndTheTimeOfEachStep) {
  for (const bool columns : {false, true}) {
    PointField field = henon(columns);
    std::vector<double> x0, u;
    for (int s = 0; s < 83; ++s) {
      x0.insert(x0.end(), {0.001 * s, 0.1});
      for (int k = 0; k < 4; ++k) u.push_back(0.01 * s - 0.02 * k);
    }
    Request run(x0, 2, {0.0, 1.0, 1.5, 3.5});
    run.request.u = {u.data(), 4};
    simulate_map(field, run.request);
    for (std::int64_t s = 0; s < 83; ++s) {
      double x = run.at(s, 0, 0), y = run.at(s, 0, 1);
      for (std::int64_t k = 0; k < 3; ++k) {
        const double t = run.times[static_cast<std::size_t>(k)];
        const double h = run.times[static_cast<std::size_t>(k + 1)] - t;
        const double x_new = 1.0 - 1.4 * x * x + y + u[static_cast<std::size_t>(4 * s + k)] * h;
        y = 0.3 * x + 0.01 * t;
        x = x_new;
        ASSERT_EQ(run.at(s, k + 1, 0), x);
        ASSERT_EQ(run.at(s, k + 1, 1), y);
      }
    }
  }
}

TEST(Map, EscapingTrajectoryEndsWithoutDisturbingTheOthers) {
  PointField field(
      1, 0, [](const Point& p, double* next) { next[0] = p.x[0] * p.x[0]; }, true);
  std::vector<double> times;
  for (int k = 0; k < 20; ++k) times.push_back(k);
  Request run({0.5, 10.0, 1.0}, 1, times);
  const IntegrationCounts counts = simulate_map(field, run.request);
  EXPECT_EQ(run.outcomes,
            (std::vector<std::int32_t>{DK_REACHED_END, DK_NOT_FINITE, DK_REACHED_END}));
  EXPECT_EQ(run.last[1], 8.0);  // 10^(2^8) is a double, 10^(2^9) is not
  EXPECT_TRUE(std::isfinite(run.at(1, 8, 0)) && std::isnan(run.at(1, 9, 0)));
  EXPECT_EQ(run.at(2, 19, 0), 1.0);
  EXPECT_EQ(counts.accepted, 3 * 19 - 10);  // 8 of the one that escapes, and the try that failed
}

TEST(Map, StopsWhenCancelled) {
  PointField field(1, 0, [](const Point& p, double* next) { next[0] = 0.5 * p.x[0]; });
  Request run({1.0, 2.0}, 1, {0.0, 1.0, 2.0, 3.0});
  simulate_map(field, run.request, [](double) { return false; });
  EXPECT_EQ(run.outcomes[1], DK_STOPPED);
  EXPECT_EQ(run.last[1], 1.0);  // asked after the first step
  EXPECT_EQ(run.at(1, 1, 0), 1.0);
  EXPECT_TRUE(std::isnan(run.at(1, 2, 0)));
}

}  // namespace
}  // namespace dynkit::test
