#include "plugins/datasets/spikes/spikes.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace dynkit::spikes {
namespace {

using testing::array_of;
using testing::FakeSink;
using testing::integer;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::TestData;

constexpr std::int64_t kS = 6, kT = 40, kn = 3, kN = 5;

Numbers wave_states() {
  Numbers states;
  for (std::int64_t i = 0; i < kS * kT; ++i) {
    const auto t = static_cast<double>(i);
    states.insert(states.end(), {std::sin(0.31 * t), 10 + std::cos(0.17 * t), 0.01 * t});
  }
  return states;
}

ArrayMap waves() {
  Numbers time(kT);
  for (std::size_t k = 0; k < time.size(); ++k) time[k] = 0.25 * static_cast<double>(k);
  return {{"states", array_of({kS, kT, kn}, wave_states())}, {"time", array_of({kT}, time)}};
}

std::unique_ptr<FakeSink> make(const Config::Table& more = {}, std::int32_t threads = 1,
                               ArrayMap arrays = waves()) {
  testing::TestHost host(threads);
  const TestData data(std::move(arrays));
  testing::TestSource source;
  source.data = &data.table();
  source.arrays["matrix"] = array_of({kn, kN}, {1, 0, 0, 2, 1, 0, 1, 0, 2, 1, 0, 0, 1, 2, 1});
  source.arrays["transposed"] = array_of({kN, kn}, Numbers(kN * kn, 1.0));
  Config::Table settings = more;  // the first value of a key counts
  settings.insert(settings.end(), {{"dataset", testing::text("given")}, {"neurons", integer(kN)}});
  return testing::generate<Spikes>(host, source, settings);
}

// log rates of one neuron.
Numbers log_rates(const FakeSink& sink, std::size_t neuron) {
  const Numbers& rates = sink.numbers("rates");
  Numbers a;
  for (std::size_t i = neuron; i < rates.size(); i += kN) a.push_back(std::log(rates[i]));
  return a;
}

TEST(SpikesRates, AreStandardizedOverTrialsAndTimes) {
  const auto sink = make();
  ASSERT_EQ(sink->arrays.at("rates").shape, (Shape{kS, kT, kN}));
  for (std::size_t j = 0; j < kN; ++j) {
    const Numbers a = log_rates(*sink, j);
    EXPECT_NEAR(testing::mean(a), 0.0, 1e-12);
    EXPECT_NEAR(testing::spread(a, 0.0), 1.0, 1e-12);
  }
}

// exp(a) with a = X R, standardized here neuron by neuron in long double.
TEST(SpikesRates, AreTheExponentialOfTheReadout) {
  const auto sink = make({{"base_rate", number(0.3)}});
  const Numbers &R = sink->numbers("readout"), &rates = sink->numbers("rates");
  const Numbers X = wave_states();
  for (std::size_t j = 0; j < kN; ++j) {
    std::vector<long double> a;
    long double mean = 0, square = 0;
    for (std::size_t p = 0; p < kS * kT; ++p) {
      a.push_back(static_cast<long double>(X[p * kn]) * R[j] + X[p * kn + 1] * R[kN + j] +
                  X[p * kn + 2] * R[2 * kN + j]);
      mean += a.back() / (kS * kT);
    }
    for (const long double value : a) square += (value - mean) * (value - mean) / (kS * kT);
    for (std::size_t p = 0; p < kS * kT; ++p) {
      const auto due = static_cast<double>(0.3L * std::exp((a[p] - mean) / std::sqrt(square)));
      ASSERT_NEAR(rates[p * kN + j], due, 1e-12 * due);
    }
  }
}

TEST(SpikesCounts, HaveTheRatesAsMeans) {
  const auto sink = make({{"base_rate", number(8)}});  // rates on both sides of the method's change
  const Numbers& rates = sink->numbers("rates");
  const auto& spikes = sink->integers("spikes");
  double excess = 0.0, chi2 = 0.0, variance = 0.0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double deviation = static_cast<double>(spikes[i]) - rates[i];
    excess += deviation;
    variance += rates[i];
    chi2 += deviation * deviation / rates[i] - 1;
  }
  const auto n = static_cast<double>(rates.size());
  EXPECT_GT(*std::max_element(rates.begin(), rates.end()), 20.0);
  EXPECT_LT(*std::min_element(rates.begin(), rates.end()), 5.0);
  EXPECT_NEAR(excess, 0.0, 5 * std::sqrt(variance));
  // The variance of (k - rate)^2 / rate is 2 + 1 / rate, and no rate is below 0.5.
  EXPECT_NEAR(chi2, 0.0, 5 * std::sqrt(4 * n));
}

TEST(SpikesReadout, IsUniformWithSortedColumns) {
  const auto sink = make({{"neurons", integer(400)}});
  const Numbers& R = sink->numbers("readout");
  ASSERT_EQ(sink->arrays.at("readout").shape, (Shape{kn, 400}));
  EXPECT_TRUE(std::is_sorted(R.begin(), R.begin() + 400));
  EXPECT_FALSE(std::is_sorted(R.begin() + 400, R.begin() + 800));
  EXPECT_TRUE(std::all_of(R.begin(), R.end(), [](double v) { return std::abs(v) < 0.5; }));
  // Variance 1/12 of a uniform number, and its own standard error sqrt(1/180 / 1200).
  EXPECT_NEAR(testing::mean(R), 0.0, 5 * std::sqrt(1.0 / 12 / 1200));
  EXPECT_NEAR(testing::spread(R, 0.0), 1.0 / 12, 5 * std::sqrt(1.0 / 180 / 1200));
}

TEST(SpikesReadout, IsTheGivenMatrix) {
  const auto sink = make({{"readout", testing::text("matrix")}});
  EXPECT_EQ(sink->numbers("readout"), (Numbers{1, 0, 0, 2, 1, 0, 1, 0, 2, 1, 0, 0, 1, 2, 1}));
}

TEST(SpikesReadout, IsRefusedInTheOtherShape) {
  EXPECT_EQ(message_of([] {
              make({{"readout", testing::text("transposed")}});
            }),
            "setting 'readout': shape [5,3] is not [3,5], states by neurons");
}

TEST(Spikes, GivesTheSameBytesOnAnyNumberOfThreads) {
  const auto one = make({}, 1), two = make({}, 2);
  EXPECT_EQ(one->integers("spikes"), two->integers("spikes"));
  EXPECT_EQ(one->numbers("rates"), two->numbers("rates"));
}

TEST(Spikes, PassesStatesTimesAndInputsOn) {
  ArrayMap arrays = waves();
  arrays["inputs"] = array_of({kS, kT, 2}, Numbers(kS * kT * 2, 0.5));
  const auto sink = make({}, 1, arrays);
  EXPECT_EQ(sink->numbers("states"), wave_states());
  EXPECT_EQ(sink->numbers("time"), arrays.at("time").numbers());
  EXPECT_EQ(sink->numbers("inputs"), arrays.at("inputs").numbers());
  EXPECT_EQ(sink->numbers("bin_width"), Numbers{0.25});
}

TEST(SpikesSplit, HasTheSharesAndIsShuffled) {
  // 2000 trials of 2 bins, as many as in the paper.
  Numbers states;
  for (int i = 0; i < 4000; ++i) states.push_back(std::sin(i));
  const auto sink = make({}, 1, {{"states", array_of({2000, 2, 1}, states)}});
  const auto& split = sink->integers("split");
  const auto count = [&](std::int64_t part) {
    return std::count(split.begin(), split.end(), part);
  };
  EXPECT_EQ(count(0), 1280);
  EXPECT_EQ(count(1), 320);
  EXPECT_EQ(count(2), 400);
  // Of the first 1000 trials half of each part, with the standard error of drawing without return.
  const auto first = static_cast<double>(std::count(split.begin(), split.begin() + 1000, 2));
  EXPECT_NEAR(first, 200.0, 5 * std::sqrt(1000 * 0.2 * 0.8 * 0.5));
  EXPECT_FALSE(std::is_sorted(split.begin(), split.end()));
}

TEST(Spikes, RefusesStatesThatAreNotFinite) {
  ArrayMap arrays = waves();
  arrays["states"].numbers()[(2 * kT + 17) * kn + 1] = NAN;
  EXPECT_EQ(message_of([&] { make({}, 1, arrays); }),
            "array 'states' is not finite in trial 2 from time 17 on: spikes need whole "
            "trajectories");
}

TEST(Spikes, RefusesUnevenTimes) {
  ArrayMap arrays = waves();
  arrays["time"].numbers()[7] += 0.01;
  EXPECT_NE(message_of([&] { make({}, 1, arrays); }).find("a step of 0.26"), std::string::npos);
}

TEST(Spikes, RefusesANeuronThatReadsOutAConstant) {
  ArrayMap arrays = waves();
  for (double& x : arrays["states"].numbers()) x = 0.1;
  EXPECT_NE(message_of([&] { make({}, 1, arrays); }).find("neuron 0 reads out a constant"),
            std::string::npos);
}

TEST(Spikes, RefusesStatesOfOneTime) {
  const ArrayMap arrays = {{"states", array_of({kS, 1, kn}, Numbers(kS * kn, 1.0))}};
  EXPECT_NE(message_of([&] { make({}, 1, arrays); }).find("[6,1,3]"), std::string::npos);
}

}  // namespace
}  // namespace dynkit::spikes
