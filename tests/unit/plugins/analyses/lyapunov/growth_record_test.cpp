#include "plugins/analyses/lyapunov/growth_record.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace dynkit::lyapunov {
namespace {

// A record of two quantities, the first independent normal numbers, the second three times that.
GrowthRecord record_noise(int pieces, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(0.25, 2.0);
  GrowthRecord record(2, 5.0);
  for (int i = 0; i < pieces; ++i) {
    const double growth = normal(engine);
    const double growths[] = {growth, 3.0 * growth};
    record.add(1.0, growths);
  }
  return record;
}

TEST(GrowthRecord, AveragesOverTheWholeLength) {
  GrowthRecord record(1, 4.0);
  double sum = 0.0;
  for (int i = 1; i <= 1003; ++i) {
    const double growth = i;
    record.add(1.0, &growth);
    sum += growth;
  }
  EXPECT_EQ(record.length(), 1003.0);
  EXPECT_DOUBLE_EQ(record.rate(0), sum / 1003.0);
}

TEST(GrowthRecord, HoldsBetween32And64Batches) {
  GrowthRecord record(1, 1.0);
  const double growth = 1.0;
  for (int i = 0; i < 5000; ++i) {
    record.add(0.5, &growth);
    if (record.length() < 64.0) continue;
    EXPECT_GE(record.batch_count(), 32);
    EXPECT_LT(record.batch_count(), 64);
    EXPECT_LE(static_cast<double>(record.batch_count()) * record.batch_length(), record.length());
  }
}

TEST(GrowthRecord, EstimatesTheErrorOfTheMean) {
  const GrowthRecord record = record_noise(32000, 7);
  // sigma / sqrt(N); the estimate from at least 32 batches is good to 1 / sqrt(62) = 13 percent.
  const double expected = 2.0 / std::sqrt(32000.0);
  EXPECT_NEAR(record.standard_error(std::int64_t{0}), expected, 5 * 0.13 * expected);
  EXPECT_NEAR(record.rate(0), 0.25, 5.0 * expected);
}

TEST(GrowthRecord, GivesTheErrorOfCombinationsWithTheirCorrelation) {
  const GrowthRecord record = record_noise(3000, 3);
  EXPECT_NEAR(record.standard_error({-3.0, 1.0}), 0.0, 1e-15);
  EXPECT_NEAR(record.standard_error({1.0, 1.0}), 4.0 * record.standard_error(std::int64_t{0}),
              1e-13);
}

TEST(GrowthRecord, SeesADrift) {
  GrowthRecord steady(1, 1.0), drifting(1, 1.0);
  std::mt19937_64 engine(5);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 2000; ++i) {
    const double noise = normal(engine), shifted = noise + (i < 1000 ? 0.0 : 1.0);
    steady.add(1.0, &noise);
    drifting.add(1.0, &shifted);
  }
  EXPECT_LT(std::abs(steady.drift(0)), 4.0);
  EXPECT_GT(drifting.drift(0), 10.0);
}

TEST(GrowthRecord, KeepsAtMost1024RunningMeans) {
  const GrowthRecord record = record_noise(10000, 11);
  const auto& times = record.series_times();
  ASSERT_LE(times.size(), 1024u);
  ASSERT_GE(times.size(), 512u);
  for (std::size_t t = 1; t < times.size(); ++t) {
    EXPECT_EQ(times[t] - times[t - 1], times[1] - times[0]);
  }
  EXPECT_NEAR(record.series()[2 * (times.size() - 1)], record.rate(0), 0.02);
}

TEST(GrowthRecord, SeriesHoldsTheMeanUpToItsTime) {
  GrowthRecord record(1, 100.0);
  double sum = 0.0;
  for (int i = 0; i < 3000; ++i) {
    const double growth = i % 7;
    record.add(1.0, &growth);
  }
  std::size_t next = 0;
  for (int i = 0; i < 3000; ++i) {
    sum += i % 7;
    if (next < record.series_times().size() && record.series_times()[next] == i + 1.0) {
      EXPECT_DOUBLE_EQ(record.series()[next], sum / (i + 1.0));
      ++next;
    }
  }
  EXPECT_EQ(next, record.series_times().size());
}

TEST(GrowthRecord, OfInfiniteGrowthHasNoError) {
  GrowthRecord record(1, 1.0);
  const double growth = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < 40; ++i) record.add(1.0, &growth);
  EXPECT_EQ(record.rate(0), growth);
  EXPECT_TRUE(std::isnan(record.standard_error(std::int64_t{0})));
}

}  // namespace
}  // namespace dynkit::lyapunov
