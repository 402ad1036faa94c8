#include "plugins/datasets/arrays/arrays.hpp"

#include <limits>
#include <numeric>

#include "support.hpp"

namespace dynkit::arrays {
namespace {

using testing::array_of;
using testing::FakeSink;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;
using testing::text;

using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kTrials = 5, kTimes = 3;

// 0, 1, 2, ...
Array counting(const Shape& shape) {
  Numbers values(static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>())));
  std::iota(values.begin(), values.end(), 0.0);
  return array_of(shape, values);
}

// With inputs [5,3,2] and arrays by the names of their settings.
std::unique_ptr<FakeSink> make(const ArrayMap& arrays, const Config::Table& more = {}) {
  testing::TestHost host;
  testing::TestSource source;
  source.arrays = arrays;
  source.arrays.emplace("inputs", counting({kTrials, kTimes, 2}));
  Config::Table settings = more;
  for (const auto& [name, array] : source.arrays) settings.emplace_back(name, text(name.c_str()));
  return testing::generate<Arrays>(host, source, settings);
}

std::string refusal(const ArrayMap& arrays, const Config::Table& more = {}) {
  return message_of([&] { make(arrays, more); });
}

TEST(Arrays, ArePutAsTheyAre) {
  Array targets = counting({kTrials, kTimes, 4});
  targets.numbers()[7] = std::numeric_limits<double>::quiet_NaN();
  const auto sink = make({{"targets", targets},
                          {"states", counting({kTrials, kTimes, 6})},
                          {"mask", counting({kTrials, kTimes})}});
  for (const auto& [name, shape] : {std::pair<const char*, Shape>{"inputs", {5, 3, 2}},
                                    {"states", {5, 3, 6}},
                                    {"mask", {5, 3}}}) {
    EXPECT_EQ(sink->arrays.at(name).shape, shape) << name;
    EXPECT_EQ(sink->numbers(name), counting(shape).numbers()) << name;
  }
  EXPECT_EQ(sink->arrays.at("targets").shape, (Shape{5, 3, 4}));
  EXPECT_EQ(sink->numbers("targets")[6], 6.0);
  EXPECT_TRUE(std::isnan(sink->numbers("targets")[7]));
}

TEST(Arrays, ThatAreNotGivenAreNotPut) {
  const auto sink = make({});
  for (const char* name : {"targets", "states", "mask"}) {
    EXPECT_EQ(sink->arrays.count(name), 0u) << name;
  }
}

TEST(Arrays, HaveTimesByDtOrAsGiven) {
  EXPECT_EQ(make({}, {{"dt", number(0.25)}})->numbers("time"), (Numbers{0, 0.25, 0.5}));
  EXPECT_EQ(make({{"time", array_of({3}, {2, 2.5, 7})}})->numbers("time"), (Numbers{2, 2.5, 7}));
}

TEST(Arrays, AreSplitInOrderOrAsGiven) {
  EXPECT_EQ(make({}, {{"test", number(0.2)}})->integers("split"), (Integers{0, 0, 0, 1, 2}));
  EXPECT_EQ(make({{"split", array_of({5}, {2, 0, 1, 0, 0})}})->integers("split"),
            (Integers{2, 0, 1, 0, 0}));
}

TEST(Arrays, OfOtherTrialsOrTimesAreRefused) {
  EXPECT_EQ(refusal({{"targets", counting({4, kTimes, 1})}}),
            "setting 'targets': shape [4,3,1] is not [5,3,components], the trials and times of "
            "'inputs'");
  EXPECT_EQ(refusal({{"states", counting({kTrials, kTimes})}}),
            "setting 'states': shape [5,3] is not [5,3,components], the trials and times of "
            "'inputs'");
  EXPECT_EQ(refusal({{"mask", counting({kTimes, kTrials})}}),
            "setting 'mask': shape [3,5] is not [5,3], one for each time of each trial");
  EXPECT_EQ(refusal({{"time", counting({4})}}),
            "setting 'time': shape [4] is not [3], one for each time of a trial");
  EXPECT_EQ(refusal({{"split", counting({4})}}),
            "setting 'split': shape [4] is not [5], one for each trial");
}

TEST(Arrays, WithoutTrialsAreRefused) {
  for (const Shape& shape : {Shape{kTrials, kTimes}, Shape{0, kTimes, 2}, Shape{}}) {
    EXPECT_NE(refusal({{"inputs", counting(shape)}}).find("is not [trial,time,input]"),
              std::string::npos);
  }
}

TEST(Arrays, OfValuesWithoutAMeaningAreRefused) {
  EXPECT_EQ(refusal({{"time", array_of({3}, {0, 2, 2})}}),
            "setting 'time': 2.000000 follows 2.000000: times must grow");
  EXPECT_EQ(refusal({{"split", array_of({5}, {0, 1, 2, 3, 0})}}),
            "setting 'split': 3.000000 is none of 0 (train), 1 (validation) and 2 (test)");
  Array mask = counting({kTrials, kTimes}), inputs = counting({kTrials, kTimes, 2});
  mask.numbers()[4] = -1.0;
  inputs.numbers()[4] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal({{"mask", mask}}),
            "setting 'mask': -1.000000 is below 0, where weights of times are needed");
  EXPECT_EQ(refusal({{"inputs", inputs}}),
            "setting 'inputs': element 4 is inf, not a finite number");
  EXPECT_EQ(refusal({}, {{"validation", number(0.6)}, {"test", number(0.5)}}),
            "settings 'validation' and 'test' are together more than 1");
}

}  // namespace
}  // namespace dynkit::arrays
