// Step sizes over the epochs: closed forms, and PyTorch's plateau (tests/golden/optimizers).
#include "schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

constexpr double kEpochs[] = {0.0, 0.25, 1.0, 7.5, 20.0, 33.0, 39.75, 40.0};

Schedule make(std::string_view kind, double warm_up = 0.0) {
  ScheduleOptions options;
  options.kind = kind;
  options.rate = 0.08;
  options.final_rate = 0.0005;
  options.epochs = 40;
  options.warm_up = warm_up;
  return Schedule(options);
}

TEST(ConstantSchedule, IsTheRate) {
  for (const double epoch : kEpochs) EXPECT_EQ(make("constant").rate(epoch), 0.08);
}

// Powers and cosines of the two ways to write a formula: some ulp.
TEST(ExponentialSchedule, FallsByTheSameFactorInEachEpoch) {
  const double decay = std::log(0.08 / 0.0005) / 40.0;
  for (const double epoch : kEpochs) {
    const double expected = 0.08 * std::exp(-decay * epoch);
    EXPECT_NEAR(make("exponential").rate(epoch), expected, 1e-14 * expected) << epoch;
  }
}

TEST(CosineSchedule, IsHalfAWave) {
  for (const double epoch : kEpochs) {
    const double half = std::cos(std::numbers::pi * epoch / 80.0);
    const double expected = 0.0005 + (0.08 - 0.0005) * half * half;
    EXPECT_NEAR(make("cosine").rate(epoch), expected, 1e-15) << epoch;
  }
}

TEST(Schedule, StaysAtTheFinalRateBeyondTheLastEpoch) {
  for (const char* kind : {"exponential", "cosine"}) {
    EXPECT_NEAR(make(kind).rate(47.0), 0.0005, 1e-17) << kind;
  }
}

TEST(WarmUp, MultipliesEverySchedule) {
  for (const char* kind : {"constant", "exponential", "cosine", "plateau"}) {
    const Schedule plain = make(kind), warm = make(kind, 5.0);
    EXPECT_EQ(warm.rate(0.0), 0.0) << kind;
    for (const double epoch : {0.5, 2.0, 4.75}) {
      const double expected = plain.rate(epoch) * epoch / 5.0;
      EXPECT_NEAR(warm.rate(epoch), expected, 1e-15 * expected) << kind;
    }
    for (const double epoch : {5.0, 6.0, 39.0}) EXPECT_EQ(warm.rate(epoch), plain.rate(epoch));
  }
}

// As PLATEAU of make.py.
ScheduleOptions plateau() {
  ScheduleOptions options;
  options.kind = "plateau";
  options.rate = 0.05;
  options.final_rate = 1e-4;
  options.factor = 0.3;
  options.patience = 4;
  options.epochs = 90;
  return options;
}

TEST(PlateauSchedule, FallsWhereThatOfPyTorchDoes) {
  const ArrayMap golden = load_arrays(OPTIMIZER_GOLDEN "/optimizers.npz");
  const auto& losses = golden.at("losses").numbers();
  const auto& expected = golden.at("plateau_rates").numbers();
  ASSERT_EQ(expected.back(), 1e-4);
  Schedule schedule(plateau());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    schedule.observe(losses[i]);
    // Products of the same factors in another order.
    ASSERT_NEAR(schedule.rate(static_cast<double>(i)), expected[i], 1e-14 * expected[i]) << i;
  }
}

TEST(PlateauSchedule, GoesOnFromItsMemory) {
  Schedule whole(plateau()), second(plateau());
  for (int i = 0; i < 40; ++i) {
    if (i == 13) second.memory = whole.memory;
    whole.observe(1.0 / (1.0 + i % 9));
    if (i >= 13) second.observe(1.0 / (1.0 + i % 9));
  }
  EXPECT_LT(whole.rate(1.0), 0.01);
  EXPECT_EQ(second.rate(1.0), whole.rate(1.0));
}

// By 9e-5 of the best in all, and by 1.1e-4 in each epoch.
TEST(PlateauSchedule, TakesTenThousandthsAsBetterAndNoLess) {
  Schedule slow(plateau()), fast(plateau());
  for (int i = 0; i < 6; ++i) slow.observe(3.0 * (1.0 - 1.8e-5 * i));
  for (int i = 0; i < 6; ++i) fast.observe(3.0 * std::pow(1.0 - 1.1e-4, i));
  EXPECT_NEAR(slow.rate(1.0), 0.3 * 0.05, 1e-17);
  EXPECT_EQ(fast.rate(1.0), 0.05);
}

// A likelihood may be below zero, where 0.9999 of a loss is a worse one.
TEST(PlateauSchedule, TakesALowerNegativeLossAsBetter) {
  Schedule schedule(plateau());
  for (int i = 0; i < 30; ++i) schedule.observe(-1.0 - 0.001 * i);
  EXPECT_EQ(schedule.rate(1.0), 0.05);
}

TEST(PlateauSchedule, FallsWhereANegativeLossStays) {
  Schedule schedule(plateau());
  for (int i = 0; i < 6; ++i) schedule.observe(-1.0);
  EXPECT_NEAR(schedule.rate(1.0), 0.3 * 0.05, 1e-17);
}

TEST(Schedule, NamesThoseThatThereAre) {
  try {
    make("step");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    EXPECT_STREQ(error.what(),
                 "there is no schedule 'step': choose one of constant, exponential, cosine, "
                 "plateau");
  }
}

}  // namespace
}  // namespace dynkit::training
