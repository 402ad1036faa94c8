#include "plugins/datasets/tasks/sine_generation.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace dynkit::tasks {
namespace {

using testing::FakeSink;
using testing::integer;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;

std::unique_ptr<FakeSink> make(const Config::Table& settings, std::int32_t threads = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  return testing::generate<SineGeneration>(host, source, settings);
}

TEST(SineGeneration, AsksForTheFrequenciesOfThePaper) {
  const auto sink = make({});
  ASSERT_EQ(sink->arrays.at("inputs").shape, (Shape{51, 150, 1}));
  for (std::size_t s = 0; s < 51; ++s) {
    const auto j = static_cast<double>(s + 1);
    EXPECT_NEAR(sink->numbers("frequency")[s], 0.09 + 0.01 * j, 1e-15);
    for (std::size_t k = 0; k < 150; ++k) {
      ASSERT_EQ(sink->numbers("inputs")[s * 150 + k], j / 51 + 0.25);
    }
  }
}

TEST(SineGeneration, WantsTheSineAtTheEndOfEachBin) {
  const auto sink =
      make({{"trials", integer(7)}, {"frequencies", integer(3)}, {"dt", number(0.5)}});
  for (std::size_t s = 0; s < 7; ++s) {
    const double omega = 0.1 + 0.25 * static_cast<double>(s % 3);
    for (std::size_t k = 0; k < 150; ++k) {
      const double t = 0.5 * static_cast<double>(k + 1);
      // omega t up to 45 is rounded.
      ASSERT_NEAR(sink->numbers("targets")[s * 150 + k], std::sin(omega * t), 1e-14);
    }
  }
}

TEST(SineGeneration, AddsNormalNoiseToTheInput) {
  const auto noisy = make({{"noise", number(0.2)}}), clean = make({});
  Numbers noise;
  for (std::size_t i = 0; i < 51 * 150; ++i) {
    noise.push_back(noisy->numbers("inputs")[i] - clean->numbers("inputs")[i]);
  }
  const auto n = static_cast<double>(noise.size());
  EXPECT_NEAR(testing::mean(noise), 0, 5 * 0.2 / std::sqrt(n));
  EXPECT_NEAR(testing::spread(noise, 0), 0.04, 5 * 0.04 * std::sqrt(2 / n));
  EXPECT_EQ(noisy->numbers("targets"), clean->numbers("targets"));
}

// A split in order would keep the highest frequencies from training.
TEST(SineGeneration, DrawsThePartsAtRandom) {
  const auto sink = make({{"trials", integer(3000)},
                          {"bins", integer(2)},
                          {"validation", number(0.3)},
                          {"test", number(0.2)}});
  const auto& split = sink->integers("split");
  EXPECT_EQ(std::count(split.begin(), split.end(), 1), 900);
  EXPECT_EQ(std::count(split.begin(), split.end(), 2), 600);
  // Of the first 1000, drawn without return: variance n p q (N - n) / (N - 1).
  const auto first = static_cast<double>(std::count(split.begin(), split.begin() + 1000, 1));
  EXPECT_NEAR(first, 300, 5 * std::sqrt(1000 * 0.3 * 0.7 * 2000 / 2999));
}

TEST(SineGeneration, GivesTheSameBytesOnAnyNumberOfThreads) {
  EXPECT_EQ(make({{"noise", number(1)}}, 1)->numbers("inputs"),
            make({{"noise", number(1)}}, 2)->numbers("inputs"));
}

TEST(SineGeneration, RefusesBinsWithoutWidth) {
  EXPECT_EQ(message_of([] { make({{"dt", number(0)}}); }), "setting 'dt': 0.000000 is not > 0");
}

}  // namespace
}  // namespace dynkit::tasks
