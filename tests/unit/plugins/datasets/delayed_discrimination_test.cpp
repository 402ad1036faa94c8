#include "plugins/datasets/tasks/delayed_discrimination.hpp"

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

constexpr std::size_t kTrials = 4000;
// 3 before, 2 for each stimulus, a delay of 4 to 9, 5 to decide.
constexpr std::size_t kBins = 3 + 2 + 9 + 2 + 5;

std::unique_ptr<FakeSink> make(const Config::Table& more = {}, std::int32_t threads = 1) {
  testing::TestHost host(threads);
  testing::TestSource source;
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"trials", integer(kTrials)},
                                   {"before", integer(3)},
                                   {"stimulus", integer(2)},
                                   {"shortest_delay", integer(4)},
                                   {"longest_delay", integer(9)},
                                   {"decision", integer(5)}});
  return testing::generate<DelayedDiscrimination>(host, source, settings);
}

// Every bin by what it belongs to, found from the delay alone.
TEST(DelayedDiscrimination, ShowsTwoStimuliAndAsksForTheLarger) {
  const auto sink = make();
  ASSERT_EQ(sink->arrays.at("inputs").shape, (Shape{kTrials, kBins, 1}));
  for (std::size_t s = 0; s < kTrials; ++s) {
    const auto delay = static_cast<std::size_t>(sink->integers("delay")[s]);
    const double *f = &sink->numbers("stimuli")[2 * s], sign = f[1] > f[0] ? 1 : -1;
    for (std::size_t k = 0; k < kBins; ++k) {
      const bool first = k == 3 || k == 4, second = k == 5 + delay || k == 6 + delay;
      const bool decision = k >= 7 + delay && k < 12 + delay;
      ASSERT_EQ(sink->numbers("inputs")[s * kBins + k], first ? f[0] : second ? f[1] : 0.0);
      ASSERT_EQ(sink->numbers("targets")[s * kBins + k], decision ? sign : 0.0);
      ASSERT_EQ(sink->numbers("mask")[s * kBins + k], decision ? 1.0 : 0.0);
    }
  }
}

TEST(DelayedDiscrimination, CountsTheBinsBeforeTheDecisionIfItFixates) {
  const auto sink = make({{"fixate", {true, 0}}});
  for (std::size_t s = 0; s < kTrials; ++s) {
    const auto end = 12 + static_cast<std::size_t>(sink->integers("delay")[s]);
    for (std::size_t k = 0; k < kBins; ++k) {
      ASSERT_EQ(sink->numbers("mask")[s * kBins + k], k < end ? 1.0 : 0.0);
    }
  }
}

TEST(DelayedDiscriminationDelays, AreEquallyLikely) {
  const auto sink = make();
  const auto& delays = sink->integers("delay");
  for (std::int64_t delay = 4; delay <= 9; ++delay) {
    const auto count = static_cast<double>(std::count(delays.begin(), delays.end(), delay));
    EXPECT_NEAR(count, kTrials / 6.0, 5 * std::sqrt(kTrials * 5.0 / 36)) << delay;
  }
}

// With D = |f1 - f2| the density is 2 (L - D) / (L - d)^2 on [d, L]: mean d + (L - d) / 3, variance
// (L - d)^2 / 18. The mean of f1 is the middle, since the law does not change when f is mirrored.
TEST(DelayedDiscriminationStimuli, AreUniformWhereTheyDifferEnough) {
  const auto sink =
      make({{"lowest", number(1)}, {"highest", number(4)}, {"least_difference", number(0.9)}});
  Numbers differences, firsts;
  double larger = 0;
  for (std::size_t s = 0; s < kTrials; ++s) {
    const double* f = &sink->numbers("stimuli")[2 * s];
    differences.push_back(std::abs(f[1] - f[0]));
    firsts.push_back(f[0]);
    larger += f[1] > f[0];
    ASSERT_TRUE(std::min(f[0], f[1]) >= 1 && std::max(f[0], f[1]) <= 4);
  }
  const double n = kTrials;
  EXPECT_GE(*std::min_element(differences.begin(), differences.end()), 0.9 - 1e-15);
  EXPECT_NEAR(testing::mean(differences), 0.9 + 0.7, 5 * 2.1 / std::sqrt(18 * n));
  EXPECT_NEAR(testing::spread(differences, 1.6), 2.1 * 2.1 / 18, 5 * 0.245 * std::sqrt(2 / n));
  EXPECT_NEAR(testing::mean(firsts), 2.5, 5 * 1.5 / std::sqrt(n));  // no deviation is above 1.5
  EXPECT_NEAR(larger / n, 0.5, 5 * 0.5 / std::sqrt(n));
}

TEST(DelayedDiscrimination, GivesTheSameBytesOnAnyNumberOfThreads) {
  EXPECT_EQ(make({{"noise", number(1)}}, 1)->numbers("inputs"),
            make({{"noise", number(1)}}, 2)->numbers("inputs"));
}

TEST(DelayedDiscrimination, RefusesADifferenceAsLargeAsTheRange) {
  EXPECT_EQ(message_of([] {
              make({{"least_difference", number(0.8)}});
            }),
            "settings 'lowest', 'highest' and 'least_difference': the range of the stimuli must be "
            "larger than their least difference");
}

}  // namespace
}  // namespace dynkit::tasks
