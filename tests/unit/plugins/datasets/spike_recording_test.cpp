#include "plugins/datasets/recordings/spike_recording.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dynkit/core/arrays_io.hpp"
#include "support.hpp"

namespace dynkit::recordings {
namespace {

using testing::array_of;
using testing::FakeSink;
using testing::integer;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::text;

using Integers = std::vector<std::int64_t>;

Array column(const Numbers& values) {
  return array_of({static_cast<std::int64_t>(values.size())}, values);
}

std::unique_ptr<FakeSink> make(const Numbers& times, const Config::Table& more,
                               const Numbers& units = {}, const Numbers& ends = {}) {
  testing::TestHost host;
  testing::TestSource source;
  source.arrays = {{"times", column(times)}, {"units", column(units)}, {"ends", column(ends)}};
  Config::Table settings = more;
  settings.emplace_back("spike_times", text("times"));
  if (!units.empty()) settings.emplace_back("units", text("units"));
  if (!ends.empty()) settings.emplace_back("ends", text("ends"));
  return testing::generate<SpikeRecording>(host, source, settings);
}

const Config::Table kBins = {{"bin_width", number(0.5)}, {"start", number(1)}, {"stop", number(3)}};

// Bins [1, 1.5), [1.5, 2), [2, 2.5), [2.5, 3): an edge belongs to what follows it.
TEST(SpikeRecording, CountsSpikesInBins) {
  const auto sink = make({0.9, 1.0, 1.2, 2.5, 2.0, 3.0, 2.9}, kBins, {0, 0, 2, 2, 0, 2, 2});
  EXPECT_EQ(sink->arrays.at("spikes").shape, (Shape{1, 4, 3}));
  EXPECT_EQ(sink->integers("spikes"), (Integers{1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2}));
  EXPECT_EQ(sink->numbers("bin_width")[0], 0.5);
  EXPECT_EQ(sink->numbers("start_time")[0], 1);
  EXPECT_EQ(sink->numbers("time"), (Numbers{0, 0.5, 1, 1.5}));
}

TEST(SpikeRecording, TakesUnitsOneAfterTheOtherByTheirEnds) {
  const auto sink = make({1.1, 2.1, 1.6, 1.2, 2.6}, kBins, {}, {2, 2, 5, 5});
  EXPECT_EQ(sink->arrays.at("spikes").shape, (Shape{1, 4, 4}));
  EXPECT_EQ(sink->integers("spikes"), (Integers{1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0}));
}

TEST(SpikeRecording, CoversAllSpikesUnlessTold) {
  const auto sink = make({3.0, 1.25, 2.75}, {{"bin_width", number(0.5)}});
  EXPECT_EQ(sink->numbers("start_time")[0], 1.25);
  EXPECT_EQ(sink->integers("spikes"), (Integers{1, 0, 0, 2}));
}

TEST(SpikeRecording, LeavesOutUnitsWithFewSpikes) {
  Config::Table settings = kBins;
  settings.emplace_back("least_spikes", integer(2));
  // Unit 0 has one within the bins, unit 1 two, unit 2 three.
  const auto sink = make({0.5, 1.1, 1.1, 1.2, 2.1, 2.2, 2.3}, settings, {0, 0, 1, 1, 2, 2, 2});
  EXPECT_EQ(sink->integers("unit"), (Integers{1, 2}));
  EXPECT_EQ(sink->integers("spikes"), (Integers{2, 0, 0, 0, 0, 3, 0, 0}));
}

TEST(SpikeRecording, SmoothsCountsToRates) {
  Config::Table settings = kBins;
  settings.emplace_back("smooth", number(0.5));
  const auto sink = make({1.7, 1.8}, settings);
  EXPECT_EQ(sink->integers("spikes"), (Integers{0, 2, 0, 0}));
  // Weights exp(-j^2/2), of those within the recording.
  const double e = std::exp(-0.5), f = std::exp(-2.0), g = std::exp(-4.5);
  const Numbers due = {2 * e / (1 + e + f + g), 2 / (e + 1 + e + f), 2 * e / (f + e + 1 + e),
                       2 * f / (g + f + e + 1)};
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(sink->numbers("rates")[k], due[k], 1e-15);
    EXPECT_EQ(sink->numbers("states")[k], sink->numbers("rates")[k]);
  }
}

TEST(SpikeRecording, CutsSpikesAndStatesAlike) {
  Config::Table settings = kBins;
  settings.insert(settings.end(),
                  {{"window", integer(2)}, {"delays", integer(2)}, {"stride", integer(1)}});
  const auto sink = make({1.1, 1.6, 1.7, 2.1, 2.1, 2.1}, settings);  // 1, 2, 3, 0
  EXPECT_EQ(sink->integers("spikes"), (Integers{2, 3, 3, 0}));
  EXPECT_EQ(sink->numbers("states"), (Numbers{2, 1, 3, 2, 3, 2, 0, 3}));
}

TEST(SpikeRecording, RefusesEndsThatFall) {
  EXPECT_EQ(message_of([] {
              make({1, 2, 3}, kBins, {}, {2, 1});
            }),
            "setting 'ends': element 1 is 1.000000, not a whole number from the one before to that "
            "of spikes, 3");
}

TEST(SpikeRecording, RefusesUnitsThatAreNoNumbers) {
  EXPECT_EQ(message_of([] {
              make({1, 2}, kBins, {0, 0.5});
            }),
            "setting 'units': element 1 is 0.500000, not a number of a unit");
}

TEST(SpikeRecording, RefusesATimeWithoutAWholeBin) {
  EXPECT_NE(message_of([] {
              make({1, 2}, {{"bin_width", number(2)}, {"start", number(1)}, {"stop", number(2)}});
            }).find("there must be a whole bin"),
            std::string::npos);
}

// The file's own mean rates, counted by its authors.
TEST(ExampleRecordings, HoldSpikesWithTheRatesThatTheirFileNames) {
  const auto read = [](const char* name) {
    const std::string place = std::string(EXAMPLE_FOLDER "/linear_track/spikes.npz:") + name;
    return to_numbers(load_array(place), place).numbers();
  };
  const double start = read("t_start")[0], stop = read("t_stop")[0];
  const auto sink =
      make(read("spike_times"),
           {{"start", number(start)}, {"stop", number(stop)}, {"bin_width", number(0.1)}}, {},
           read("index"));
  const Numbers rates = read("mean_rate_hz");
  const auto& spikes = sink->integers("spikes");
  const std::int64_t N = sink->arrays.at("spikes").shape[2];
  ASSERT_EQ(N, 31);
  for (std::size_t unit = 0; unit < 31; ++unit) {
    double sum = 0;
    for (std::size_t i = unit; i < spikes.size(); i += 31) sum += static_cast<double>(spikes[i]);
    // At most the cut last bin is missing: a few spikes.
    EXPECT_NEAR(sum, rates[unit] * (stop - start), 3.5) << unit;
    EXPECT_GT(sum, 20);
  }
}

}  // namespace
}  // namespace dynkit::recordings
