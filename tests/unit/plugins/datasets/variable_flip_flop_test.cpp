#include "plugins/datasets/flip_flop/variable_flip_flop.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace dynkit::flip_flop {
namespace {

using testing::FakeSink;
using testing::integer;
using testing::list;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;

constexpr std::size_t kTrials = 3000, kBins = 40;

std::unique_ptr<FakeSink> make(const Config::Table& more, std::int32_t threads = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"trials", integer(kTrials)}, {"bins", integer(kBins)}});
  return testing::generate<VariableFlipFlop>(host, source, settings);
}

const Config::Table kAnnulus = {{"region", testing::text("annulus")}};

// The values of pulses of one bin, without those that met another: rows [2] that are not zero.
std::vector<Numbers> pulses(const FakeSink& sink) {
  const Numbers& inputs = sink.numbers("inputs");
  std::vector<Numbers> values;
  for (std::size_t i = 0; i < inputs.size(); i += 2) {
    if (inputs[i] != 0.0 || inputs[i + 1] != 0.0) values.push_back({inputs[i], inputs[i + 1]});
  }
  return values;
}

TEST(VariableFlipFlopTargets, AreTheLastInputOfTheirChannel) {
  for (const Config::Table& region : {Config::Table{}, kAnnulus}) {
    const auto sink = make(region);
    const Numbers &inputs = sink->numbers("inputs"), &targets = sink->numbers("targets");
    const auto m = static_cast<std::size_t>(sink->arrays.at("inputs").shape[2]);
    ASSERT_EQ(m, region.empty() ? 3U : 2U);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const bool first = i / m % kBins == 0;
      const double initial = m == 2 && i % m == 0 ? 1.5 : 0.0;
      const double before = first ? initial : targets[i - m];
      ASSERT_EQ(targets[i], inputs[i] != 0.0 ? inputs[i] : before) << i;
    }
  }
}

// Uniform in [-w, w]: variance w^2/3, whose standard error from n numbers is w^2 sqrt(4/45/n).
TEST(VariableFlipFlopBox, HasAmplitudesUniformInItsHalfWidths) {
  const auto sink = make({{"half_widths", list({2, 1})}, {"width", integer(0)}});
  const Numbers& inputs = sink->numbers("inputs");
  for (const std::size_t channel : {0U, 1U}) {
    const double w = channel == 0 ? 2 : 1;
    Numbers values;
    for (std::size_t i = channel; i < inputs.size(); i += 2) {
      if (inputs[i] != 0.0) values.push_back(inputs[i]);
    }
    const auto n = static_cast<double>(values.size());
    EXPECT_GT(n, 10000);
    EXPECT_NEAR(testing::mean(values), 0, 5 * w / std::sqrt(3 * n));
    EXPECT_NEAR(testing::spread(values, 0), w * w / 3, 5 * w * w * std::sqrt(4.0 / 45 / n));
    EXPECT_LE(*std::max_element(values.begin(), values.end()), w);
    EXPECT_GT(*std::max_element(values.begin(), values.end()), 0.99 * w);
  }
}

TEST(VariableFlipFlopBox, UsesOneChannelAtATime) {
  const auto sink = make({{"half_widths", list({1, 1})}, {"pulses", number(0.02)}});
  for (const Numbers& value : pulses(*sink)) EXPECT_TRUE(value[0] == 0.0 || value[1] == 0.0);
}

// Pulses that fall on one bin of one channel are Poisson with mean pulses / (bins channels).
TEST(VariableFlipFlopBox, HasAsManyPulsesAsArrive) {
  const auto sink = make({{"half_widths", list({1, 1})}, {"width", integer(0)}});
  const Numbers& inputs = sink->numbers("inputs");
  const auto n = static_cast<double>(inputs.size());
  const double p = 1 - std::exp(-12.0 / static_cast<double>(kBins * 2));
  const auto hits = n - static_cast<double>(std::count(inputs.begin(), inputs.end(), 0.0));
  // Bins of a trial are independent, since numbers that are Poisson fall independently.
  EXPECT_NEAR(hits / n, p, 5 * std::sqrt(p * (1 - p) / n));
}

// |v|^2 is uniform in [1, 4], the direction is uniform: mean of v v^T is E|v|^2 / 2 = 1.25.
TEST(VariableFlipFlopAnnulus, IsFilledEvenly) {
  Config::Table settings = kAnnulus;
  settings.emplace_back("width", integer(0));
  Numbers squares, x, xx, xy;
  for (const Numbers& v : pulses(*make(settings))) {
    squares.push_back(v[0] * v[0] + v[1] * v[1]);
    x.push_back(v[0]);
    xx.push_back(v[0] * v[0]);
    xy.push_back(v[0] * v[1]);
  }
  const auto n = static_cast<double>(squares.size());
  EXPECT_GE(*std::min_element(squares.begin(), squares.end()), 1 - 1e-12);
  EXPECT_LE(*std::max_element(squares.begin(), squares.end()), 4 + 1e-12);
  EXPECT_NEAR(testing::mean(squares), 2.5, 5 * std::sqrt(9.0 / 12 / n));
  EXPECT_NEAR(testing::spread(squares, 2.5), 0.75, 5 * 9 * std::sqrt(1.0 / 180 / n));
  EXPECT_NEAR(testing::mean(x), 0, 5 * std::sqrt(1.25 / n));
  // E x^4 = 3/8 E|v|^4 = 3/8 7 and E x^2 y^2 = 1/8 7.
  EXPECT_NEAR(testing::mean(xx), 1.25, 5 * std::sqrt((21.0 / 8 - 1.25 * 1.25) / n));
  EXPECT_NEAR(testing::mean(xy), 0, 5 * std::sqrt(7.0 / 8 / n));
}

TEST(VariableFlipFlopAnnulus, IsARingWhereTheRadiiAreEqual) {
  Config::Table settings = kAnnulus;
  settings.emplace_back("radii", list({2, 2}));
  const auto sink = make(settings);
  for (const Numbers& v : pulses(*sink)) EXPECT_NEAR(std::hypot(v[0], v[1]), 2, 1e-15 * 4);
  EXPECT_EQ(sink->numbers("targets")[1], 0.0);
}

// Bins width..T-1-width are reached by width + 1 starts: on for 3 bins where the width is 2.
TEST(VariableFlipFlop, HasPulsesOneBinLongerThanTheirWidth) {
  const auto sink =
      make({{"half_widths", list({1, 1})}, {"width", integer(2)}, {"pulses", number(6)}});
  const Numbers& inputs = sink->numbers("inputs");
  double hits = 0;
  for (std::size_t s = 0; s < kTrials; ++s) {
    for (std::size_t c = 0; c < 2; ++c) hits += inputs[(s * kBins + 20) * 2 + c] != 0.0;
  }
  const double n = 2 * kTrials, p = 1 - std::exp(-6.0 * 3 / static_cast<double>(2 * kBins));
  EXPECT_NEAR(hits / n, p, 5 * std::sqrt(p * (1 - p) / n));
}

TEST(VariableFlipFlop, SplitsAsThePaperDoes) {
  const auto sink = make({{"trials", integer(600)}});
  const auto& split = sink->integers("split");
  EXPECT_EQ(std::count(split.begin(), split.end(), 1), 100);
  EXPECT_EQ(split[499], 0);
  EXPECT_EQ(split[500], 1);
}

TEST(VariableFlipFlop, TestsOnTheLastTrials) {
  const auto sink =
      make({{"trials", integer(20)}, {"validation", number(0.25)}, {"test", number(0.15)}});
  std::vector<std::int64_t> due(12, 0);
  due.insert(due.end(), {1, 1, 1, 1, 1, 2, 2, 2});
  EXPECT_EQ(sink->integers("split"), due);
}

TEST(VariableFlipFlop, GivesTheSameBytesOnAnyNumberOfThreads) {
  EXPECT_EQ(make(kAnnulus, 1)->numbers("inputs"), make(kAnnulus, 2)->numbers("inputs"));
}

TEST(VariableFlipFlop, RefusesInitialTargetsOfAnotherNumber) {
  EXPECT_EQ(message_of([] {
              make({{"initial", list({1, 2})}});
            }),
            "setting 'initial': 2 numbers for 3 channels");
}

}  // namespace
}  // namespace dynkit::flip_flop
