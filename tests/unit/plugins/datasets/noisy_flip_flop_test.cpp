#include "plugins/datasets/flip_flop/noisy_flip_flop.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace dynkit::flip_flop {
namespace {

using testing::FakeSink;
using testing::integer;
using testing::number;
using testing::Numbers;

constexpr std::size_t kTrials = 300, kBins = 200, kBits = 3;

std::unique_ptr<FakeSink> make(const Config::Table& more = {}, std::int32_t threads = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"trials", integer(kTrials)}, {"bins", integer(kBins)}});
  return testing::generate<NoisyFlipFlop>(host, source, settings);
}

TEST(NoisyFlipFlopInputs, HavePulsesOfEitherSignAsOftenAsToldAfterTheSilence) {
  const auto sink = make({{"noise", number(0)}});
  const Numbers& inputs = sink->numbers("inputs");
  const auto count = [&](double value) {
    return static_cast<double>(std::count(inputs.begin(), inputs.end(), value));
  };
  const auto n = static_cast<double>(kTrials * (kBins - 3) * kBits);
  const double deviation = std::sqrt(0.01 * 0.99 / n);
  EXPECT_NEAR(count(1) / n, 0.01, 5 * deviation);
  EXPECT_NEAR(count(-1) / n, 0.01, 5 * deviation);
  EXPECT_EQ(count(1) + count(-1) + count(0), static_cast<double>(inputs.size()));
  for (std::size_t s = 0; s < kTrials; ++s) {
    for (std::size_t i = 0; i < 3 * kBits; ++i) ASSERT_EQ(inputs[s * kBins * kBits + i], 0.0);
  }
}

// The same stream with and without noise: the difference is the noise.
TEST(NoisyFlipFlopInputs, HaveNormalNoiseOnThem) {
  const auto noisy = make(), clean = make({{"noise", number(0)}});
  Numbers noise;
  for (std::size_t i = 0; i < noisy->numbers("inputs").size(); ++i) {
    noise.push_back(noisy->numbers("inputs")[i] - clean->numbers("inputs")[i]);
  }
  const auto n = static_cast<double>(noise.size());
  EXPECT_NEAR(testing::mean(noise), 0, 5 * 0.15 / std::sqrt(n));
  EXPECT_NEAR(testing::spread(noise, 0), 0.0225, 5 * 0.0225 * std::sqrt(2 / n));
  EXPECT_EQ(noisy->numbers("targets"), clean->numbers("targets"));
}

TEST(NoisyFlipFlopTargets, HoldTheSignOfTheLastPulse) {
  const auto sink = make({{"noise", number(0)}});
  const auto other = make({{"noise", number(0)}, {"levels", testing::text("signed")}});
  const Numbers &inputs = sink->numbers("inputs"), &targets = sink->numbers("targets");
  for (std::size_t s = 0; s < kTrials; ++s) {
    for (std::size_t c = 0; c < kBits; ++c) {
      double held = 0;
      for (std::size_t k = 0; k < kBins; ++k) {
        const std::size_t i = (s * kBins + k) * kBits + c;
        if (inputs[i] != 0.0) held = inputs[i] > 0.0 ? 1 : 0;
        ASSERT_EQ(targets[i], held);
        ASSERT_EQ(other->numbers("targets")[i], 2 * held - 1);
      }
    }
  }
}

// Looks back from each bin instead of forward from each transition.
TEST(NoisyFlipFlopMask, LeavesOutTheStartAndFourBinsAfterTransitions) {
  const auto sink = make();
  const Numbers &mask = sink->numbers("mask"), &targets = sink->numbers("targets");
  const auto changes = [&](std::size_t s, std::size_t k) {
    const auto row = targets.begin() + static_cast<std::ptrdiff_t>((s * kBins + k) * kBits);
    return !std::equal(row, row + kBits, row - kBits);
  };
  double kept = 0;
  for (std::size_t s = 0; s < kTrials; ++s) {
    for (std::size_t k = 0; k < kBins; ++k) {
      bool counts = k >= 5;
      for (std::size_t back = 1; back <= 4 && back < k; ++back) {
        if (changes(s, k - back)) counts = false;
      }
      ASSERT_EQ(mask[s * kBins + k], counts ? 1.0 : 0.0) << s << " " << k;
      kept += mask[s * kBins + k];
    }
  }
  EXPECT_LT(kept, 0.95 * kTrials * kBins);  // there were transitions
}

TEST(NoisyFlipFlop, GivesTheSameBytesOnAnyNumberOfThreads) {
  EXPECT_EQ(make({}, 1)->numbers("inputs"), make({}, 2)->numbers("inputs"));
}

}  // namespace
}  // namespace dynkit::flip_flop
