#include "plugins/datasets/tasks/hidden_markov.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace dynkit::tasks {
namespace {

using testing::array_of;
using testing::FakeSink;
using testing::integer;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::text;

constexpr std::int64_t kTrials = 400, kBins = 150;

// A, B and pi with sizes and rows that all differ.
const Numbers kA = {0.7, 0.3, 0.1, 0.9}, kB = {0.5, 0.2, 0.3, 0, 0.1, 0.2, 0.3, 0.4},
              kPi = {0.8, 0.2};

std::unique_ptr<FakeSink> make(const Config::Table& more, std::int32_t threads = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  source.arrays = {{"A", array_of({2, 2}, kA)},
                   {"B", array_of({2, 4}, kB)},
                   {"pi", array_of({2}, kPi)},
                   {"no A", array_of({2, 2}, {0.7, 0.4, 0.1, 0.9})},
                   {"three", array_of({3}, {0.2, 0.3, 0.5})}};
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"trials", integer(kTrials)}, {"bins", integer(kBins)}});
  return testing::generate<HiddenMarkov>(host, source, settings);
}

const Config::Table kOwn = {
    {"transition", text("A")}, {"emission", text("B")}, {"initial", text("pi")}};

// The place of the one in each row of codes [S,T,width].
std::vector<std::size_t> numbers_of(const FakeSink& sink, const char* name) {
  const Numbers& codes = sink.numbers(name);
  const auto width = static_cast<std::size_t>(sink.arrays.at(name).shape[2]);
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < codes.size(); i += width) {
    const auto row = codes.begin() + static_cast<std::ptrdiff_t>(i);
    const auto one = std::find(row, row + static_cast<std::ptrdiff_t>(width), 1.0);
    EXPECT_EQ(std::count(row, row + static_cast<std::ptrdiff_t>(width), 0.0),
              static_cast<std::ptrdiff_t>(width) - 1);
    numbers.push_back(static_cast<std::size_t>(one - row));
  }
  return numbers;
}

// Counts of pairs (from, to), and of from alone, against probabilities.
struct Pairs {
  Numbers counts, totals;
  Pairs(std::size_t rows, std::size_t columns) : counts(rows * columns), totals(rows) {}
  void add(std::size_t row, std::size_t column) {
    ++counts[row * (counts.size() / totals.size()) + column];
    ++totals[row];
  }
  void expect(const Numbers& probabilities) const {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double n = totals[i / (counts.size() / totals.size())], p = probabilities[i];
      EXPECT_NEAR(counts[i], n * p, 5 * std::sqrt(n * p * (1 - p))) << i;
    }
  }
};

TEST(HiddenMarkov, GoesFromStateToStateAsTheMatrixSays) {
  const auto z = numbers_of(*make(kOwn), "states");
  Pairs transitions(2, 2), first(1, 2);
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (i % kBins == 0) first.add(0, z[i]);
    if (i % kBins != 0) transitions.add(z[i - 1], z[i]);
  }
  transitions.expect(kA);
  first.expect(kPi);
}

TEST(HiddenMarkov, EmitsFromTheStateOfTheSameBin) {
  const auto sink = make(kOwn);
  ASSERT_EQ(sink->arrays.at("targets").shape, (Shape{kTrials, kBins, 4}));
  const auto z = numbers_of(*sink, "states"), y = numbers_of(*sink, "targets");
  Pairs emissions(2, 4);
  for (std::size_t i = 0; i < z.size(); ++i) emissions.add(z[i], y[i]);
  emissions.expect(kB);  // what has probability 0 must not occur at all
}

TEST(HiddenMarkov, HasTheMatricesOfAChainUnlessTold) {
  const auto sink = make({});
  EXPECT_EQ(sink->arrays.at("states").shape, (Shape{kTrials, kBins, 3}));
  const Numbers A = {0.95, 0.05, 0, 0.025, 0.95, 0.025, 0, 0.05, 0.95};
  const Numbers B = {0.99, 0.01, 0, 0.495, 0.01, 0.495, 0, 0.01, 0.99};
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(sink->numbers("transition")[i], A[i], 1e-15);
    EXPECT_NEAR(sink->numbers("emission")[i], B[i], 1e-15);
  }
}

TEST(HiddenMarkov, LeadsAroundARingOrToAllStates) {
  const auto ring =
      make({{"states", integer(4)}, {"neighbors", text("ring")}, {"stay", number(0.4)}});
  const auto all =
      make({{"states", integer(4)}, {"neighbors", text("all")}, {"stay", number(0.4)}});
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      const bool next = (i + 1) % 4 == j || (j + 1) % 4 == i;
      EXPECT_NEAR(ring->numbers("transition")[4 * i + j], i == j ? 0.4 : next ? 0.3 : 0.0, 1e-15);
      EXPECT_NEAR(all->numbers("transition")[4 * i + j], i == j ? 0.4 : 0.2, 1e-15);
    }
  }
}

// The probability of a sequence as a sum over all paths of hidden states.
TEST(HiddenMarkovSurprise, IsMinusTheLogOfTheSumOverAllPaths) {
  const MarkovModel model{2, 4, kPi, kA, kB};
  const std::vector<std::int64_t> y = {2, 3, 0, 1, 2};
  double sum = 0;
  for (std::size_t path = 0; path < 32; ++path) {
    double p = 1;
    for (std::size_t k = 0; k < 5; ++k) {
      const std::size_t z = path >> k & 1, before = k > 0 ? path >> (k - 1) & 1 : 0;
      p *= (k == 0 ? kPi[z] : kA[2 * before + z]) * kB[4 * z + static_cast<std::size_t>(y[k])];
    }
    sum += p;
  }
  EXPECT_NEAR(surprise(model, y), -std::log(sum), 1e-14);
}

TEST(HiddenMarkov, NamesTheCrossEntropyOfItsEmissions) {
  const auto sink = make(kOwn);
  const auto y = numbers_of(*sink, "targets");
  double sum = 0;
  for (std::int64_t s = 0; s < kTrials; ++s) {
    const auto row = y.begin() + s * kBins;
    sum += surprise({2, 4, kPi, kA, kB}, {row, row + kBins});
  }
  EXPECT_NEAR(sink->numbers("cross_entropy")[0], sum / (kTrials * kBins), 1e-13);
}

TEST(HiddenMarkov, DrivesWithNormalNoise) {
  const auto sink = make({{"noise_inputs", integer(5)}, {"bins", integer(40)}});
  ASSERT_EQ(sink->arrays.at("inputs").shape, (Shape{kTrials, 40, 5}));
  const Numbers& noise = sink->numbers("inputs");
  const auto n = static_cast<double>(noise.size());
  EXPECT_NEAR(testing::mean(noise), 0, 5 / std::sqrt(n));
  EXPECT_NEAR(testing::spread(noise, 0), 1, 5 * std::sqrt(2 / n));
}

TEST(HiddenMarkov, GivesTheSameBytesOnAnyNumberOfThreads) {
  EXPECT_EQ(make({}, 1)->numbers("targets"), make({}, 2)->numbers("targets"));
}

TEST(HiddenMarkov, RefusesRowsThatAreNoDistribution) {
  EXPECT_EQ(message_of([] {
              make({{"transition", text("no A")}});
            }),
            "setting 'transition': row 0 is no distribution: its sum is 1.100000");
}

TEST(HiddenMarkov, RefusesMatricesOfDifferentNumbersOfStates) {
  EXPECT_EQ(message_of([] {
              make({{"transition", text("A")}, {"initial", text("three")}});
            }),
            "setting 'initial': shape [3] is not [2]");
}

}  // namespace
}  // namespace dynkit::tasks
