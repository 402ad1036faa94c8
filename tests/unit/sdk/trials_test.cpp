#include "dynkit/trials.hpp"

#include <gtest/gtest.h>

#include "support/fake_host.hpp"
#include "support/fake_system.hpp"

namespace dynkit {
namespace {

using testing::FakeHost;
using testing::FakeSink;
using testing::FakeValues;
using Numbers = std::vector<double>;
using Parts = std::vector<std::int64_t>;

constexpr dk_setting kDeclared[] = {trials_setting("7"), validation_setting("0.25"),
                                    test_setting()};

TrialSettings settings_of(const FakeValues& values) {
  return TrialSettings(Settings(kDeclared, values.values()));
}

// The message of the Error that `body` throws, "" if it throws none.
template <class Body>
std::string refusal(Body body) {
  try {
    body();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

// Three uniform numbers for each of 50 trials, [50,3].
Numbers draw_trials(const FakeHost& host, std::uint32_t seed = 5) {
  const dk_stream stream = FakeHost::stream(seed);
  dk_job job{};
  job.host = &host.table();
  job.stream = &stream;
  Numbers drawn(50 * 3);
  for_each_trial(job, 50, [&](dk_stream& own, std::int64_t s) {
    Random random(host.table(), own);
    for (std::int64_t i = 0; i < 3; ++i) {
      drawn[static_cast<std::size_t>(3 * s + i)] = random.uniform();
    }
  });
  return drawn;
}

TEST(TrialSettings, AreReadFromTheirThreeSettings) {
  FakeValues values(kDeclared);
  values.number("test", 0.5);
  const TrialSettings trials = settings_of(values);
  EXPECT_EQ(trials.S, 7);
  EXPECT_EQ(trials.validation, 0.25);
  EXPECT_EQ(trials.test, 0.5);
}

TEST(TrialSettings, RefuseSharesThatAreMoreThanAll) {
  FakeValues values(kDeclared);
  values.number("test", 0.75);
  EXPECT_EQ(refusal([&] { settings_of(values); }), "");
  values.number("test", 0.8);
  EXPECT_EQ(refusal([&] { settings_of(values); }),
            "settings 'validation' and 'test' are together more than 1");
}

TEST(ArraySize, IsTheProductUpToItsLimit) {
  EXPECT_EQ(array_size(5, 7, 3), 105u);
  EXPECT_EQ(array_size(1 << 10, 1 << 20, 2), std::size_t{1} << 31);
  EXPECT_EQ(refusal([] { static_cast<void>(array_size(1 << 10, 1 << 20, 3)); }),
            "settings 'trials' and 'bins': an array [1024,1048576,3] is larger than the limit of "
            "2^31 numbers");
}

TEST(ArraySize, RefusesAProductThatOverflows) {
  const std::int64_t large = std::int64_t{1} << 40;
  EXPECT_EQ(refusal([=] { static_cast<void>(array_size(large, large, 2, "'a'")); }),
            "settings 'a': an array [1099511627776,1099511627776,2] is larger than the limit of "
            "2^31 numbers");
  EXPECT_NE(refusal([=] { static_cast<void>(array_size(1 << 20, 1 << 10, large)); }), "");
}

TEST(ForEachTrial, GivesEachTrialABranchOfTheJobsStream) {
  const FakeHost host;
  const Numbers drawn = draw_trials(host);
  const dk_stream stream = FakeHost::stream(5);
  for (std::int64_t s = 0; s < 50; ++s) {
    dk_stream own;
    host.table().split(&host.table(), &stream, s, &own);
    Numbers expected(3);
    host.table().uniform(&host.table(), &own, 3, expected.data());
    const auto first = drawn.begin() + 3 * s;
    EXPECT_EQ(Numbers(first, first + 3), expected) << s;
  }
}

TEST(ForEachTrial, DrawsTheSameOnOneAndOnThreeThreads) {
  EXPECT_EQ(draw_trials(FakeHost(1)), draw_trials(FakeHost(3)));
  EXPECT_NE(draw_trials(FakeHost(1)), draw_trials(FakeHost(1), 6));
}

TEST(ForEachTrial, EndsWhenItIsAskedTo) {
  FakeHost host;
  host.cancel_after = 20;
  EXPECT_EQ(refusal([&] { draw_trials(host); }), "cancelled");
}

TEST(Random, IsTheStreamOneNumberAtATime) {
  const FakeHost host;
  dk_stream one = FakeHost::stream(2), all = one;
  Random random(host.table(), one);
  Numbers uniform(4), normal(3);
  std::int64_t whole[5];
  host.table().uniform(&host.table(), &all, 4, uniform.data());
  host.table().normal(&host.table(), &all, 3, normal.data());
  host.table().integer(&host.table(), &all, 11, 5, whole);
  for (const double value : uniform) EXPECT_EQ(random.uniform(-2.0, 1.5), -2.0 + 3.5 * value);
  for (const double value : normal) EXPECT_EQ(random.normal(), value);
  for (const std::int64_t value : whole) EXPECT_EQ(random.integer(11), value);
}

TEST(AddNoise, AddsNormalNumbersOfItsDeviation) {
  const FakeHost host;
  dk_stream stream = FakeHost::stream(2), same = stream;
  Numbers values = {1.0, -2.0, 0.5, 4.0, 8.0}, normal(5);
  const Numbers before = values;
  add_noise(host.table(), stream, 0.25, values.data(), 5);
  host.table().normal(&host.table(), &same, 5, normal.data());
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(values[i], before[i] + 0.25 * normal[i]);
}

TEST(AddNoise, DrawsNothingWithoutDeviation) {
  const FakeHost host;
  dk_stream stream = FakeHost::stream(2);
  double value = 1.0;
  add_noise(host.table(), stream, 0.0, &value, 1);
  EXPECT_EQ(stream.position, 0u);
  EXPECT_EQ(value, 1.0);
}

TEST(PutTime, IsEvenlySpacedFromZero) {
  const FakeSink sink;
  put_time(Sink(sink.table()), 4, 0.5, "s");
  EXPECT_EQ(sink.numbers("time"), (Numbers{0.0, 0.5, 1.0, 1.5}));
  EXPECT_EQ(sink.arrays.at("time").unit, "s");
}

// 7 x 0.5 = 3.5 and 7 x 0.8 = 5.6, each rounded.
TEST(SplitInOrder, HasTrainingFirstAndTestingLast) {
  EXPECT_EQ(split_in_order(7, 0.5, 0.2), (Parts{0, 0, 0, 0, 1, 1, 2}));
}

TEST(SplitInOrder, MayLackAnyOfItsParts) {
  EXPECT_EQ(split_in_order(3, 1.0, 0.0), (Parts{0, 0, 0}));
  EXPECT_EQ(split_in_order(3, 0.0, 0.0), (Parts{1, 1, 1}));
  EXPECT_EQ(split_in_order(3, 0.0, 1.0), (Parts{2, 2, 2}));
  EXPECT_EQ(split_in_order(1, 0.5, 0.5), (Parts{0}));
}

TEST(PutSplit, PutsOneNumberForEachTrial) {
  const FakeSink sink;
  put_split(Sink(sink.table()), {0, 2, 1});
  EXPECT_EQ(sink.integers("split"), (Parts{0, 2, 1}));
}

}  // namespace
}  // namespace dynkit
