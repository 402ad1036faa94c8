#include "plugins/datasets/recordings/sampled_recording.hpp"

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
using testing::list;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::text;

using Integers = std::vector<std::int64_t>;

std::unique_ptr<FakeSink> make(const Array& data, const Config::Table& more = {},
                               const Numbers& time = {}) {
  testing::TestHost host;
  testing::TestSource source;
  const auto L = static_cast<std::int64_t>(time.size());
  source.arrays = {{"signal", data}, {"times", array_of({L}, time)}};
  Config::Table settings = more;
  settings.emplace_back("data", text("signal"));
  if (!time.empty()) settings.emplace_back("time", text("times"));
  return testing::generate<SampledRecording>(host, source, settings);
}

// 0, 1, 2, ... [L,C]
Array counting(std::int64_t L, std::int64_t C) {
  Numbers values(static_cast<std::size_t>(L * C));
  std::iota(values.begin(), values.end(), 0.0);
  return array_of({L, C}, values);
}

Array waves(std::int64_t L) {
  Numbers values;
  for (std::int64_t k = 0; k < L; ++k) values.push_back(std::sin(0.7 * static_cast<double>(k * k)));
  return array_of({L}, values);
}

TEST(Recording, IsOneTrialUnlessCut) {
  const auto sink = make(counting(5, 2), {{"dt", number(0.5)}});
  EXPECT_EQ(sink->arrays.at("states").shape, (Shape{1, 5, 2}));
  EXPECT_EQ(sink->numbers("states"), counting(5, 2).numbers());
  EXPECT_EQ(sink->numbers("time"), (Numbers{0, 0.5, 1, 1.5, 2}));
  EXPECT_EQ(sink->integers("split"), Integers{0});
}

TEST(Recording, TakesColumnsInTheOrderThatIsAskedFor) {
  const auto sink = make(counting(3, 4), {{"columns", list({3, 1})}});
  EXPECT_EQ(sink->numbers("states"), (Numbers{3, 1, 7, 5, 11, 9}));
}

TEST(Recording, TakesTimeFromTheLastAxisIfTransposed) {
  const auto sink = make(counting(2, 3), {{"transpose", {true, 0}}});
  EXPECT_EQ(sink->arrays.at("states").shape, (Shape{1, 3, 2}));
  EXPECT_EQ(sink->numbers("states"), (Numbers{0, 3, 1, 4, 2, 5}));
}

TEST(Recording, KnowsWhenItsTrialsBegan) {
  const auto sink = make(counting(7, 1), {{"window", integer(2)}, {"stride", integer(3)}},
                         {10, 10.5, 11, 11.5, 12, 12.5, 13});
  EXPECT_EQ(sink->numbers("states"), (Numbers{0, 1, 3, 4}));
  EXPECT_EQ(sink->numbers("start_time"), (Numbers{10, 11.5}));
  EXPECT_EQ(sink->numbers("time"), (Numbers{0, 0.5}));
  EXPECT_EQ(sink->integers("left_out"), Integers{3});  // samples 2, 5, 6
}

// States of delay d hold (x_k, x_{k-tau}, ...): the first d - 1 delays of a piece have no past.
TEST(Recording, EmbedsInDelays) {
  const auto sink = make(counting(9, 2), {{"delays", integer(3)}, {"delay", integer(2)}});
  ASSERT_EQ(sink->arrays.at("states").shape, (Shape{1, 5, 6}));
  for (std::size_t k = 0; k < 5; ++k) {
    const auto x = static_cast<double>(2 * (k + 4));  // channel 0 of sample k + 4
    const auto row = sink->numbers("states").begin() + static_cast<std::ptrdiff_t>(6 * k);
    EXPECT_EQ(Numbers(row, row + 6), (Numbers{x, x + 1, x - 4, x - 3, x - 8, x - 7}));
  }
  EXPECT_EQ(sink->numbers("start_time")[0], 4);
  EXPECT_EQ(sink->integers("left_out"), Integers{0});
}

// 20 samples: 11 for training, 5 for validation, 4 for testing.
TEST(Recording, PartsTheTimeAndCutsWithinTheParts) {
  const auto sink = make(counting(20, 1), {{"window", integer(3)},
                                           {"delays", integer(2)},
                                           {"validation", number(0.25)},
                                           {"test", number(0.2)}});
  EXPECT_EQ(sink->integers("split"), (Integers{0, 0, 0, 1, 2}));
  EXPECT_EQ(sink->numbers("start_time"), (Numbers{1, 4, 7, 12, 17}));
  EXPECT_EQ(sink->integers("left_out"), (Integers{1 + 1}));
}

TEST(Recording, RefusesPartsThatHoldNoTrial) {
  EXPECT_EQ(message_of([] {
              make(counting(20, 1), {{"window", integer(4)}, {"test", number(0.15)}});
            }),
            "setting 'test': 0.150000 of 20 samples holds no trial of 4 samples");
  Array data = counting(15, 1);
  data.shape = {5, 3, 1};
  EXPECT_EQ(message_of([&] {
              make(data, {{"validation", number(0.1)}});
            }),
            "setting 'validation': 0.100000 of 5 recordings holds no trial of 3 samples");
}

TEST(Recording, PartsSeveralRecordingsByTheirNumber) {
  Array data = counting(12, 1);
  data.shape = {4, 3, 1};
  const auto sink = make(data, {{"validation", number(0.25)}, {"test", number(0.25)}});
  EXPECT_EQ(sink->integers("split"), (Integers{0, 0, 1, 2}));
  EXPECT_EQ(sink->integers("recording"), (Integers{0, 1, 2, 3}));
}

TEST(Recording, EndsATrialAtAGap) {
  Array data = counting(11, 2);
  data.numbers()[2 * 4 + 1] = NAN;  // sample 4
  const auto sink = make(data, {{"window", integer(3)}});
  EXPECT_EQ(sink->numbers("start_time"), (Numbers{0, 5, 8}));
  EXPECT_EQ(sink->integers("left_out"), Integers{1});  // sample 3; 4 has no value
}

// Slow and plain: weights of all samples of the part.
TEST(RecordingSmoothing, IsAGaussianMeanWithinEachPart) {
  const std::size_t L = 40, border = 30;
  const Array data = waves(40);
  const auto sink = make(data, {{"smooth", number(0.6)},
                                {"dt", number(0.25)},
                                {"window", integer(10)},
                                {"validation", number(0.25)}});
  for (std::size_t k = 0; k < L; ++k) {
    const std::size_t begin = k < border ? 0 : border, end = k < border ? border : L;
    double sum = 0, total = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double z = 0.25 * (static_cast<double>(i) - static_cast<double>(k)) / 0.6;
      if (std::abs(z) > 4) continue;
      sum += std::exp(-z * z / 2) * data.numbers()[i];
      total += std::exp(-z * z / 2);
    }
    EXPECT_NEAR(sink->numbers("states")[k], sum / total, 1e-14) << k;
  }
}

// 4 * 0.15 / 0.1 is 6, but a little less where it is rounded.
TEST(RecordingSmoothing, TakesTheSampleAtFourDeviations) {
  Array impulse = array_of({13}, Numbers(13, 0.0));
  impulse.numbers()[0] = 1.0;
  const auto sink = make(impulse, {{"smooth", number(0.15)}, {"dt", number(0.1)}});
  EXPECT_GT(sink->numbers("states")[6], 0.0);
  EXPECT_EQ(sink->numbers("states")[7], 0.0);
}

// What is in the validation and test parts must not matter.
TEST(RecordingStandardizing, TakesItsStatisticsFromTheTrainingPart) {
  const Config::Table settings = {{"standardize", {true, 0}},
                                  {"smooth", number(2)},
                                  {"window", integer(5)},
                                  {"validation", number(0.2)},
                                  {"test", number(0.2)}};
  Array data = waves(50);
  for (double& x : data.numbers()) x += 1000;
  const auto sink = make(data, settings);
  const Numbers& states = sink->numbers("states");
  const Numbers train(states.begin(), states.begin() + 30);
  EXPECT_NEAR(testing::mean(train), 0, 1e-11);  // 1000 eps over the deviation
  EXPECT_NEAR(testing::spread(train, 0), 1, 1e-11);
  for (std::size_t k = 30; k < 50; ++k) data.numbers()[k] = 7;
  const auto other = make(data, settings);
  EXPECT_EQ(other->numbers("mean"), sink->numbers("mean"));
  EXPECT_EQ(other->numbers("deviation"), sink->numbers("deviation"));
  EXPECT_TRUE(std::equal(train.begin(), train.end(), other->numbers("states").begin()));
}

TEST(RecordingStandardizing, CanBeUndone) {
  const auto sink = make(counting(8, 3), {{"standardize", {true, 0}}});
  for (std::size_t i = 0; i < 24; ++i) {
    const double x = sink->numbers("states")[i] * sink->numbers("deviation")[i % 3] +
                     sink->numbers("mean")[i % 3];
    EXPECT_NEAR(x, static_cast<double>(i), 1e-14 * 24);
  }
}

TEST(RecordingStandardizing, RefusesAConstantChannel) {
  EXPECT_EQ(message_of([] {
              make(array_of({3, 2}, {1, 5, 2, 5, 3, 5}), {{"standardize", {true, 0}}});
            }),
            "setting 'standardize': channel 1 is constant over the training part, 5.000000");
}

TEST(Recording, RefusesPartsOfDifferentLengthWithoutAWindow) {
  EXPECT_NE(message_of([] {
              make(counting(10, 1), {{"validation", number(0.3)}});
            }).find("has pieces of 7 and 3 samples"),
            std::string::npos);
}

TEST(Recording, RefusesAWindowThatDoesNotFit) {
  EXPECT_EQ(message_of([] {
              make(counting(9, 1), {{"window", integer(8)}, {"delays", integer(3)}});
            }),
            "settings 'window', 'delays' and 'delay': 8 samples with 2 before them do not fit into "
            "the longest piece of the recording, 9");
}

TEST(Recording, NamesTheStepThatIsUneven) {
  EXPECT_EQ(message_of([] {
              make(counting(6, 1), {}, {0, 0.5, 1, 1.5, 4.5, 5});
            }),
            "setting 'time': a step of 3.000000 to element 4: samples must be evenly spaced, most "
            "are by 0.500000");
  EXPECT_NE(message_of([] {
              make(counting(4, 1), {}, {0, 1, 1, 2});
            }).find("a step of 0.0"),
            std::string::npos);
}

TEST(Recording, RefusesAColumnThatIsNotThere) {
  EXPECT_EQ(message_of([] {
              make(counting(3, 2), {{"columns", list({2})}});
            }),
            "setting 'columns': 2 is none of the 2 channels, which are counted from 0");
}

// The recordings that examples use, as the host reads them.
Array example(const std::string& place) {
  return to_numbers(load_array(EXAMPLE_FOLDER "/" + place), place);
}

TEST(ExampleRecordings, HoldLynxesAndHares) {
  const std::string file = "lynx_hare/hudson-bay-lynx-hare.csv";
  const auto sink =
      make(example(file), {{"columns", list({1, 2})}}, example(file + ":Year").numbers());
  ASSERT_EQ(sink->arrays.at("states").shape, (Shape{1, 21, 2}));
  EXPECT_EQ(sink->numbers("start_time")[0], 1900);
  EXPECT_EQ(sink->numbers("sample_interval")[0], 1);
  EXPECT_EQ(sink->numbers("states")[0], 4.0);
  EXPECT_EQ(sink->numbers("states")[1], 30.0);
}

// Sunspots have a period of about 11 years: the autocorrelation at 11 is positive, at 5 negative.
TEST(ExampleRecordings, HoldTheCycleOfSunspots) {
  const auto sink = make(example("sunspots/sunspots.csv:SUNACTIVITY"),
                         {{"standardize", {true, 0}}, {"delays", integer(12)}},
                         example("sunspots/sunspots.csv:YEAR").numbers());
  ASSERT_EQ(sink->arrays.at("states").shape, (Shape{1, 309 - 11, 12}));
  double eleven = 0, five = 0;
  for (std::size_t k = 0; k < 298; ++k) {
    const double* x = &sink->numbers("states")[12 * k];
    eleven += x[0] * x[11] / 298;
    five += x[0] * x[5] / 298;
  }
  EXPECT_GT(eleven, 0.5);
  EXPECT_LT(five, -0.3);
}

TEST(ExampleRecordings, HoldAChaoticLaser) {
  const auto sink = make(example("santafe_laser/laser.dat"), {{"window", integer(100)}});
  EXPECT_EQ(sink->arrays.at("states").shape, (Shape{90, 100, 1}));
  EXPECT_EQ(sink->integers("left_out"), Integers{93});
}

}  // namespace
}  // namespace dynkit::recordings
