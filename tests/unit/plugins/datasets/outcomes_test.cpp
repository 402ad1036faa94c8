// Trajectories that do not reach the end: what is kept of them and what is said.
#include "plugins/datasets/trajectories/outcomes.hpp"

#include <algorithm>
#include <cmath>

#include "plugins/datasets/trajectories/trajectories.hpp"
#include "support.hpp"

namespace dynkit::trajectories {
namespace {

using testing::array_of;
using testing::FakeSink;
using testing::integer;
using testing::message_of;
using testing::number;
using testing::Numbers;
using testing::Shape;

using Codes = std::vector<std::int64_t>;

/// x' = x^2: x[k] = x[0]^(2^k).
struct Squares {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr StateVariable kStates[] = {{"x", -1, 1}};
  static constexpr Parameter kParameters[] = {{"a", 1, ""}};
  template <class S>
  void dynamics(const S* x, const S* theta, S* next) const {
    next[0] = theta[0] * x[0] * x[0];
  }
};

/// dx/dt = x^2, dy/dt = 1: x = 1 / (1/x0 - t), y = y0 + t.
struct Pole {
  static constexpr StateVariable kStates[] = {{"x", -1, 1}, {"y", -1, 1}};
  static constexpr Parameter kParameters[] = {{"a", 1, ""}};
  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    dx[0] = theta[0] * x[0] * x[0];
    dx[1] = theta[0];
  }
};

struct Result {
  std::unique_ptr<FakeSink> sink;
  std::vector<std::string> logged;
};

// From initial states [S,n].
template <class Author>
Result make(std::int64_t n, const Numbers& initial, Config::Table settings) {
  testing::TestHost host;
  const auto system = host.system<Author>();
  testing::TestSource source;
  source.model = &system->table();
  const auto S = static_cast<std::int64_t>(initial.size()) / n;
  source.arrays.emplace("each", array_of({S, n}, initial));
  settings.insert(settings.end(), {{"model", testing::text("given")},
                                   {"initial", testing::text("each")},
                                   {"trials", integer(S)}});
  auto sink = testing::generate<Trajectories>(host, source, settings);
  return {std::move(sink), host.logged};
}

// 10^(2^8) is a number, 10^(2^9) is none.
Result squares() {
  return make<Squares>(1, {0.5, 10.0, 100.0}, {{"samples", integer(11)}});
}

TEST(TrajectoryOutcomes, AreACodeAndATimeForEachTrial) {
  const Result result = squares();
  EXPECT_EQ(result.sink->integers("outcome"), (Codes{0, 1, 1}));
  EXPECT_EQ(result.sink->numbers("last_time"), (Numbers{10, 8, 7}));
  EXPECT_EQ(result.sink->arrays.at("outcome").dimensions, (std::vector<std::string>{"trial"}));
  EXPECT_EQ(result.sink->arrays.at("last_time").dimensions, (std::vector<std::string>{"trial"}));
}

TEST(TrajectoryOutcomes, KeepTheStatesUntilThenAndNothingAfter) {
  const Numbers states = squares().sink->numbers("states");
  for (std::size_t k = 0; k < 11; ++k) {
    const double power = std::ldexp(1.0, static_cast<int>(k));
    EXPECT_DOUBLE_EQ(states[k], std::pow(0.5, power));
    const double x = states[11 + k], exact = std::pow(10.0, power);
    // Each squaring doubles the relative error and adds half an ulp.
    if (k <= 8) {
      EXPECT_NEAR(x / exact, 1.0, std::ldexp(2e-16, static_cast<int>(k)));
    } else {
      EXPECT_TRUE(std::isnan(x));
    }
  }
}

TEST(TrajectoryOutcomes, SayHowManyFailedAndWhereTheFirstDid) {
  const Result result = squares();
  EXPECT_EQ(result.logged, (std::vector<std::string>{
                               "2 of 3 trials did not reach the end; trial 1 ended at t = 8: the "
                               "state is not finite any more; its last known state, at t = 8, is "
                               "(1e+256)"}));
  EXPECT_EQ(result.sink->integers("failed"), (Codes{2}));
  EXPECT_EQ(result.sink->words("reached_end").front(), "1 of 3 trials");
}

TEST(TrajectoryOutcomes, SayWhereNoTrialReachedTheEnd) {
  const Result result = make<Squares>(1, {10.0, 100.0}, {{"samples", integer(11)}});
  ASSERT_EQ(result.logged.size(), 1U);
  EXPECT_EQ(result.logged[0].find("none of 2 trials reached the end; trial 0 ended at t = 8: "), 0U)
      << result.logged[0];
  EXPECT_EQ(result.sink->words("reached_end").front(), "none of 2 trials");
}

TEST(TrajectoryOutcomes, SayNothingWhereAllReachedTheEnd) {
  const Result result = make<Squares>(1, {0.5, 0.7}, {{"samples", integer(11)}});
  EXPECT_TRUE(result.logged.empty());
  EXPECT_EQ(result.sink->tables.count("failures"), 0U);
  EXPECT_EQ(result.sink->integers("outcome"), (Codes{0, 0}));
  EXPECT_EQ(result.sink->words("reached_end").front(), "2 of 2 trials");
}

// The solver goes on beyond the last sample: to the pole at 1 / x0 = 1.75.
TEST(TrajectoryOutcomes, OfAFlowNameTheTimeBetweenSamples) {
  const Result result =
      make<Pole>(2, {4.0 / 7.0, -3.0, -1.0, 5.0}, {{"samples", integer(7)}, {"dt", number(0.5)}});
  const Numbers& states = result.sink->numbers("states");
  EXPECT_NE(result.sink->integers("outcome")[0], DK_REACHED_END);
  EXPECT_NEAR(result.sink->numbers("last_time")[0], 1.75, 1e-4);  // x is above 1e4 from there on
  EXPECT_EQ(result.sink->numbers("last_time")[1], 3.0);
  EXPECT_NEAR(states[2 * 3], 4.0, 1e-3);  // 1 / (1.75 - 1.5), with errors grown by 49
  for (std::size_t k = 4; k < 7; ++k) EXPECT_TRUE(std::isnan(states[2 * k + 1]));
  const auto& row = result.sink->tables.at("failures");
  EXPECT_EQ(row.at("known_time").numbers()[0], 1.5);
  ASSERT_EQ(result.logged.size(), 1U);
  EXPECT_NE(result.logged[0].find("trial 0 ended at t = 1.75: "), std::string::npos);
  EXPECT_NE(result.logged[0].find("at t = 1.5, is (4, -1.5)"), std::string::npos)
      << result.logged[0];
}

// The pole of trial 1 is at 1.75 of a burn-in of 4: at t = -2.25, and no sample is left.
TEST(TrajectoryOutcomes, OfAFlowMayComeInTheBurnIn) {
  const Result result =
      make<Pole>(2, {-1.0, 5.0, 4.0 / 7.0, -3.0},
                 {{"samples", integer(3)}, {"dt", number(0.5)}, {"burn_in", number(4)}});
  const Numbers& states = result.sink->numbers("states");
  EXPECT_NEAR(result.sink->numbers("last_time")[1], -2.25, 1e-4);
  EXPECT_NEAR(states[1], 9.0, 1e-6);  // y of trial 0 after 4
  for (std::size_t i = 6; i < 12; ++i) EXPECT_TRUE(std::isnan(states[i]));
  ASSERT_EQ(result.logged.size(), 1U);
  EXPECT_NE(result.logged[0].find("trial 1 ended in the burn-in, at t = -2.25: "),
            std::string::npos);
  EXPECT_NE(result.logged[0].find("last known state, at t = -4, is (0.57143, -3)"),
            std::string::npos)
      << result.logged[0];
}

// Every step of a burn-in is known: 10^(2^8) is that of t = -20 + 8.
TEST(TrajectoryOutcomes, OfAMapInTheBurnInNameItsLastStep) {
  const Result result = make<Squares>(
      1, {10.0, 0.5}, {{"samples", integer(4)}, {"dt", number(3)}, {"burn_in", number(20)}});
  EXPECT_EQ(result.sink->numbers("last_time"), (Numbers{-12, 9}));
  ASSERT_EQ(result.logged.size(), 1U);
  EXPECT_EQ(result.logged[0],
            "1 of 2 trials did not reach the end; trial 0 ended in the burn-in, at t = -12: the "
            "state is not finite any more; its last known state, at t = -12, is (1e+256)");
}

TEST(TrajectoryOutcomes, LeaveObservationsWhereThereAreStates) {
  const Result result = make<Squares>(
      1, {0.5, 10.0, 100.0}, {{"samples", integer(11)}, {"observation_noise", number(0.1)}});
  const Numbers &states = result.sink->numbers("states"),
                &seen = result.sink->numbers("observations");
  std::size_t lost = 0;
  for (std::size_t i = 0; i < states.size(); ++i) {
    EXPECT_EQ(std::isnan(seen[i]), std::isnan(states[i])) << i;
    lost += std::isnan(seen[i]) ? 1 : 0;
  }
  EXPECT_EQ(lost, 2U + 3U);  // of 11 samples 9 and 8
}

// A spread that leaves the numbers where |xi| > 1.06.
TEST(TrajectoryOutcomes, HaveNoTimeWhereATrialCouldNotStart) {
  const Result result =
      make<Squares>(1, Numbers(20, 0.0), {{"samples", integer(2)}, {"spread", number(1.7e308)}});
  const Numbers &states = result.sink->numbers("states"), &last = result.sink->numbers("last_time");
  std::int64_t idle = 0;
  for (std::size_t s = 0; s < 20; ++s) {
    EXPECT_EQ(std::isnan(last[s]), std::isinf(states[2 * s])) << s;
    idle += std::isnan(last[s]) ? 1 : 0;
  }
  EXPECT_GT(idle, 0);
  EXPECT_LT(idle, 20);
}

// What is put for outcomes with rows of 0, 1, 2, ... at times 0, 0.5, 1.25: [S,3,n].
Result put(const std::vector<std::int32_t>& codes, const Numbers& last_times, std::size_t n) {
  Outcomes outcomes(static_cast<std::int64_t>(codes.size()));
  outcomes.codes = codes;
  outcomes.last_times = last_times;
  const Numbers times = {0.0, 0.5, 1.25};
  Numbers rows(codes.size() * times.size() * n);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t s = i / (3 * n), k = i / n % 3;
    rows[i] = k > 0 && !(times[k] <= last_times[s]) ? std::nan("") : static_cast<double>(i);
  }
  if (std::isnan(last_times[0])) rows[0] = std::nan("");
  testing::TestHost host;
  Result result{std::make_unique<FakeSink>(), {}};
  const dk_job job{&host.table(), nullptr, 0, nullptr, nullptr, &result.sink->table()};
  const std::string refused =
      message_of([&] { put_outcomes(job, outcomes, find_failures(outcomes, times, rows)); });
  result.logged = host.logged;
  if (!refused.empty()) result.logged.push_back(refused);
  return result;
}

TEST(TrajectoryOutcomes, SayThatATrialCouldNotStart) {
  const Result result = put({DK_NOT_FINITE}, {std::nan("")}, 2);
  EXPECT_EQ(result.logged, (std::vector<std::string>{
                               "none of 1 trials reached the end; trial 0 could not start: its "
                               "initial state (nan, 1) is not finite"}));
}

TEST(TrajectoryOutcomes, ShowTheFirstComponentsOfALongState) {
  const Result result = put({DK_REACHED_END, DK_TOO_MANY_STEPS}, {1.25, 0.75}, 7);
  EXPECT_EQ(result.logged, (std::vector<std::string>{
                               "1 of 2 trials did not reach the end; trial 1 ended at t = 0.75: "
                               "too many steps are needed; its last known state, at t = 0.5, is "
                               "(28, 29, 30, 31, ... 3 more)"}));
}

TEST(TrajectoryOutcomes, AreCountedByKindWithTheFirstOfEach) {
  const Result result = put({DK_STEP_TOO_SMALL, DK_REACHED_END, DK_NOT_FINITE, DK_STEP_TOO_SMALL},
                            {0.25, 1.25, 1.0, 0.5}, 1);
  auto& table = result.sink->tables.at("failures");
  using Words = std::vector<std::string>;
  EXPECT_EQ(std::get<Words>(table.at("outcome").values), (Words{"step too small", "not finite"}));
  EXPECT_EQ(std::get<Codes>(table.at("trials").values), (Codes{2, 1}));
  EXPECT_EQ(std::get<Codes>(table.at("first").values), (Codes{0, 2}));
  EXPECT_EQ(table.at("last_time").numbers(), (Numbers{0.25, 1.0}));
  EXPECT_EQ(table.at("known_time").numbers(), (Numbers{0.0, 0.5}));
  EXPECT_EQ(std::get<Words>(table.at("known_state").values), (Words{"(0)", "(7)"}));
  EXPECT_EQ(result.sink->integers("failed"), (Codes{3}));
}

TEST(TrajectoryOutcomes, ArePutBeforeAStopIsPassedOn) {
  const Result result = put({DK_REACHED_END, DK_STOPPED, DK_STOPPED}, {1.25, 0.5, 0.0}, 2);
  EXPECT_EQ(result.sink->integers("outcome"), (Codes{0, 4, 4}));
  EXPECT_EQ(result.sink->numbers("last_time"), (Numbers{1.25, 0.5, 0.0}));
  EXPECT_EQ(result.sink->integers("failed"), (Codes{2}));
  EXPECT_EQ(result.logged, (std::vector<std::string>{"stopped before the last sample"}));
}

}  // namespace
}  // namespace dynkit::trajectories
