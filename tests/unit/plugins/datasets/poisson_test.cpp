// Poisson numbers against the distribution itself.
#include "plugins/datasets/spikes/poisson.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support.hpp"

namespace dynkit::spikes {
namespace {

using testing::Numbers;
using testing::TestHost;

constexpr std::int64_t kDraws = 200000;

std::vector<std::int64_t> draw(double rate, std::int64_t count, std::uint64_t seed = 3) {
  TestHost host;
  PoissonStream poisson(host.table(), make_stream(seed, "poisson"));
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) numbers.push_back(poisson.draw(rate));
  return numbers;
}

// log of the probability from the recursion p(k) = p(k-1) mean / k, in long double.
long double log_probability_by_recursion(long double rate, std::int64_t k) {
  long double sum = -rate;
  for (std::int64_t i = 1; i <= k; ++i) sum += std::log(rate / static_cast<long double>(i));
  return sum;
}

// Both sides of the change of method, the first mean of the second, and large ones.
class PoissonRates : public ::testing::TestWithParam<double> {};

TEST_P(PoissonRates, HaveMeanAndVarianceOfTheRate) {
  const double rate = GetParam();
  const auto numbers = draw(rate, kDraws);
  const Numbers values(numbers.begin(), numbers.end());
  const double n = static_cast<double>(kDraws);
  // Five standard errors; the fourth central moment of a Poisson number is rate + 3 rate^2.
  EXPECT_NEAR(testing::mean(values), rate, 5 * std::sqrt(rate / n));
  EXPECT_NEAR(testing::spread(values, rate), rate, 5 * std::sqrt((rate + 2 * rate * rate) / n));
}

TEST_P(PoissonRates, FallIntoBinsAsTheirProbabilitiesSay) {
  const double rate = GetParam();
  const auto lowest = static_cast<std::int64_t>(std::max(0.0, rate - 4 * std::sqrt(rate)));
  const auto bins = std::min<std::int64_t>(static_cast<std::int64_t>(8 * std::sqrt(rate)) + 4, 60);
  const auto width =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(8 * std::sqrt(rate)) / bins);
  // Bin 0 takes all below, the last all above.
  Numbers expected(static_cast<std::size_t>(bins + 1)), counted(expected.size());
  double above = 1.0;
  for (std::int64_t k = std::max<std::int64_t>(0, lowest - 20 * width); k < lowest + bins * width;
       ++k) {
    const double p = static_cast<double>(std::exp(log_probability_by_recursion(rate, k)));
    expected[static_cast<std::size_t>(std::max<std::int64_t>(0, (k - lowest) / width))] += p;
    above -= p;
  }
  expected.back() += above;
  for (const std::int64_t k : draw(rate, kDraws)) {
    const std::int64_t bin = std::clamp<std::int64_t>((k - lowest) / width, 0, bins);
    ++counted[static_cast<std::size_t>(k < lowest ? 0 : bin)];
  }
  double chi2 = 0.0, freedom = -1.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double due = expected[i] * static_cast<double>(kDraws);
    if (due < 10) continue;  // too few for the normal approximation
    chi2 += (counted[i] - due) * (counted[i] - due) / due;
    ++freedom;
  }
  ASSERT_GT(freedom, 0.0);
  // Mean and standard deviation of chi square: freedom, sqrt(2 freedom).
  EXPECT_LT(chi2, freedom + 5 * std::sqrt(2 * freedom));
}

INSTANTIATE_TEST_SUITE_P(Rates, PoissonRates,
                         ::testing::Values(0.03, 0.8, 4.0, std::nextafter(kSwitchMean, 0.0),
                                           kSwitchMean, 10.7, 37.0, 1234.5));

TEST(Poisson, AgreesWithItselfOnBothSidesOfTheSwitch) {
  const auto below = draw(std::nextafter(kSwitchMean, 0.0), kDraws, 5);
  const auto above = draw(kSwitchMean, kDraws, 6);
  Numbers first(40), second(40);
  for (const std::int64_t k : below) ++first.at(static_cast<std::size_t>(k));
  for (const std::int64_t k : above) ++second.at(static_cast<std::size_t>(k));
  for (std::size_t k = 0; k < first.size(); ++k) {
    // Difference of two counts: variance their sum.
    EXPECT_NEAR(first[k], second[k], 5 * std::sqrt(first[k] + second[k] + 1)) << k;
  }
}

TEST(Poisson, HasTheRateAtTheLargestOnes) {
  const double rate = 0.5 * kLargestMean;
  const auto numbers = draw(rate, 20000);
  const Numbers values(numbers.begin(), numbers.end());
  EXPECT_NEAR(testing::mean(values), rate, 5 * std::sqrt(rate / 20000));
  EXPECT_NEAR(testing::spread(values, rate) / rate, 1.0, 5 * std::sqrt(2.0 / 20000));
}

TEST(Poisson, IsZeroAtRateZero) {
  EXPECT_EQ(draw(0.0, 5), std::vector<std::int64_t>(5));
}

TEST(PoissonProbability, AgreesWithTheRecursion) {
  for (const double rate : {0.7, 12.0, 300.0}) {
    for (const std::int64_t k : {0, 1, 5, 15, 16, 17, 40, 290, 450}) {
      const auto exact = static_cast<double>(log_probability_by_recursion(rate, k));
      // The recursion adds up to 450 rounded terms; relative to the largest of them.
      EXPECT_NEAR(log_probability(rate, static_cast<double>(k)), exact,
                  1e-13 * (1 + std::abs(exact)))
          << rate << " " << k;
    }
  }
}

}  // namespace
}  // namespace dynkit::spikes
