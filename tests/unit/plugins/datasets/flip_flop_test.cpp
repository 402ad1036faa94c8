#include "plugins/datasets/flip_flop/flip_flop.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace dynkit::flip_flop {
namespace {

using testing::FakeSink;
using testing::integer;
using testing::number;
using testing::Numbers;
using testing::Shape;

constexpr std::size_t kTrials = 200, kBins = 50, kBits = 3;

std::unique_ptr<FakeSink> make(const Config::Table& more = {}, std::int32_t threads = 1,
                               std::uint64_t seed = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"trials", integer(kTrials)},
                                   {"bins", integer(kBins)},
                                   {"bits", integer(kBits)},
                                   {"pulses", number(6)},
                                   {"initial", number(-0.5)}});
  return testing::generate<FlipFlop>(host, source, settings, seed);
}

TEST(FlipFlopTargets, AreTheLastInputOfTheirChannel) {
  const auto sink = make({{"amplitude", number(1.5)}});
  const Numbers &inputs = sink->numbers("inputs"), &targets = sink->numbers("targets");
  ASSERT_EQ(sink->arrays.at("targets").shape, (Shape{kTrials, kBins, kBits}));
  for (std::size_t s = 0; s < kTrials; ++s) {
    for (std::size_t i = 0; i < kBits; ++i) {
      for (std::size_t k = 0; k < kBins; ++k) {
        // Looks back from each bin.
        double due = -0.5;
        for (std::size_t b = k + 1; b-- > 0;) {
          const double input = inputs[(s * kBins + b) * kBits + i];
          if (input == 0.0) continue;
          due = input;
          break;
        }
        ASSERT_EQ(targets[(s * kBins + k) * kBits + i], due) << s << " " << k << " " << i;
      }
    }
  }
}

TEST(FlipFlopInputs, AreZeroOrTheAmplitudeOfEitherSign) {
  const auto sink = make({{"amplitude", number(1.5)}});
  const Numbers& inputs = sink->numbers("inputs");
  const auto count = [&](double value) { return std::count(inputs.begin(), inputs.end(), value); };
  EXPECT_GT(count(1.5), 0);
  EXPECT_GT(count(-1.5), 0);
  EXPECT_EQ(count(0.0) + count(1.5) + count(-1.5), static_cast<std::ptrdiff_t>(inputs.size()));
}

// Pulses of one bin are independent: the number that falls on one bin of one channel is Poisson
// with mean pulses / (bins bits), so a bin is empty with probability exp(-mean).
TEST(FlipFlopInputs, AreAsFrequentAsPulsesArrive) {
  const auto sink = make({{"width", integer(0)}, {"trials", integer(2000)}});
  const Numbers& inputs = sink->numbers("inputs");
  const auto n = static_cast<double>(inputs.size());
  const double p = 1 - std::exp(-6.0 / static_cast<double>(kBins * kBits));
  const auto hits = n - static_cast<double>(std::count(inputs.begin(), inputs.end(), 0.0));
  EXPECT_NEAR(hits / n, p, 5 * std::sqrt(p * (1 - p) / n));
  const auto positive = static_cast<double>(std::count(inputs.begin(), inputs.end(), 1.0));
  EXPECT_NEAR(positive / hits, 0.5, 5 * std::sqrt(0.25 / hits));
}

// Bin k is reached by pulses that start at k-width..k; those that would not fit are left out.
TEST(FlipFlopInputs, LastAsLongAsTheWidthSays) {
  constexpr double kStarts[] = {1, 2, 3, 4};
  const auto sink = make({{"width", integer(3)}, {"trials", integer(2000)}});
  const Numbers& inputs = sink->numbers("inputs");
  const auto n = static_cast<double>(2000 * kBits);
  for (std::size_t k = 0; k < kBins; ++k) {
    double hits = 0;
    for (std::size_t s = 0; s < 2000; ++s) {
      for (std::size_t i = 0; i < kBits; ++i) hits += inputs[(s * kBins + k) * kBits + i] != 0.0;
    }
    const double starts = kStarts[std::min({k, kBins - 1 - k, std::size_t{3}})];
    const double p = 1 - std::exp(-6.0 * starts / static_cast<double>(kBins * kBits));
    EXPECT_NEAR(hits / n, p, 5 * std::sqrt(p * (1 - p) / n)) << "bin " << k;
  }
}

TEST(FlipFlop, GivesTheSameBytesOnAnyNumberOfThreads) {
  EXPECT_EQ(make({}, 1)->numbers("inputs"), make({}, 2)->numbers("inputs"));
  EXPECT_NE(make({}, 1, 1)->numbers("inputs"), make({}, 1, 2)->numbers("inputs"));
}

TEST(FlipFlop, PutsTheLastTrialsAsideForValidation) {
  const auto sink = make({{"validation", number(0.25)}});
  const auto& split = sink->integers("split");
  EXPECT_TRUE(std::all_of(split.begin(), split.begin() + 150, [](auto part) { return part == 0; }));
  EXPECT_TRUE(std::all_of(split.begin() + 150, split.end(), [](auto part) { return part == 1; }));
}

TEST(FlipFlop, RefusesAPulseLongerThanATrial) {
  EXPECT_EQ(testing::message_of([] {
              make({{"width", integer(50)}});
            }),
            "setting 'width': a pulse of 51 bins does not fit into 50");
}

}  // namespace
}  // namespace dynkit::flip_flop
