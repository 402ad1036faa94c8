#include "plugins/datasets/trajectories/trajectories.hpp"

#include <algorithm>
#include <cmath>

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

constexpr std::int64_t kS = 4, kT = 7, kn = 2;

// Trajectories of a linear system; `arrays` are what settings name.
template <class Author>
std::unique_ptr<FakeSink> make(const Config::Table& more, ArrayMap arrays = {},
                               std::int32_t threads = 1, bool with_step = true) {
  testing::TestHost host(threads);
  const auto system = host.system<Author>();
  testing::TestSource source;
  source.model = &system->table();
  source.arrays = std::move(arrays);
  Config::Table settings = more;  // the first value of a key counts
  if (with_step) settings.emplace_back("dt", number(0.5));
  if (system->model().info().time_kind == DK_FLOW) {
    settings.insert(settings.end(), {{"rtol", number(1e-10)}, {"atol", number(1e-12)}});
  }
  settings.insert(
      settings.end(),
      {{"model", testing::text("given")}, {"trials", integer(kS)}, {"samples", integer(kT)}});
  return testing::generate<Trajectories>(host, source, settings);
}

const Numbers kEach = {1, 2, 3, 4, 5, 6, 7, 8};  // [S,n]

TEST(Trajectories, FollowTheClosedFormFromEachInitialState) {
  const auto sink = make<testing::LinearFlow>({{"initial", testing::text("each")}},
                                              {{"each", array_of({kS, kn}, kEach)}});
  const Numbers& states = sink->numbers("states");
  ASSERT_EQ(sink->arrays.at("states").shape, (Shape{kS, kT, kn}));
  for (std::size_t s = 0; s < kS; ++s) {
    for (std::size_t k = 0; k < kT; ++k) {
      const double t = 0.5 * static_cast<double>(k);
      const double* x = &states[(s * kT + k) * kn];
      EXPECT_NEAR(x[0], kEach[2 * s] * std::exp(-0.5 * t), 1e-8);  // the tolerance, amplified
      EXPECT_NEAR(x[1], kEach[2 * s + 1] * std::exp(0.25 * t), 1e-7);
    }
  }
}

TEST(Trajectories, BeginAfterTheBurnIn) {
  const auto sink =
      make<testing::LinearFlow>({{"initial", testing::text("one")}, {"burn_in", number(3)}},
                                {{"one", array_of({kn}, {2, -1})}});
  const Numbers& states = sink->numbers("states");
  EXPECT_NEAR(states[0], 2 * std::exp(-1.5), 1e-8);
  EXPECT_NEAR(states[1], -std::exp(0.75), 1e-8);
  EXPECT_NEAR(states[2], 2 * std::exp(-1.75), 1e-8);  // one dt later
  EXPECT_EQ(sink->numbers("time")[0], 0.0);
}

TEST(Trajectories, CountTheBurnInOfAMapInSteps) {
  const auto sink = make<testing::LinearMap>(
      {{"initial", testing::text("one")}, {"burn_in", number(3)}, {"dt", number(1)}},
      {{"one", array_of({1}, {16})}});
  const Numbers& states = sink->numbers("states");
  for (std::size_t k = 0; k < kT; ++k) EXPECT_EQ(states[k], std::ldexp(2.0, -static_cast<int>(k)));
}

TEST(Trajectories, StepOnceAtATimeInAMapAndFinelyInAFlow) {
  const auto map = make<testing::LinearMap>({}, {}, 1, false);
  const auto flow = make<testing::LinearFlow>({}, {}, 1, false);
  for (std::size_t k = 0; k < kT; ++k) {
    EXPECT_EQ(map->numbers("time")[k], static_cast<double>(k));
    EXPECT_EQ(flow->numbers("time")[k], static_cast<double>(k) * 0.01);
  }
}

TEST(Trajectories, ComeWithTheRangeOfEachState) {
  const auto sink = make<testing::LinearFlow>({{"initial", testing::text("one")}},
                                              {{"one", array_of({kn}, {2, -1})}});
  auto& ranges = sink->tables.at("ranges");
  EXPECT_NEAR(ranges.at("most").numbers()[0], 2, 1e-15);
  EXPECT_NEAR(ranges.at("least").numbers()[0], 2 * std::exp(-1.5), 1e-8);
  EXPECT_NEAR(ranges.at("most").numbers()[1], -1, 1e-15);
  EXPECT_NEAR(ranges.at("least").numbers()[1], -std::exp(0.75), 1e-7);
  // Sums of powers of r = exp(dt c): mean of -(1 + r + ... + r^6), and of the squares.
  const double r = std::exp(0.125), mean = -(std::pow(r, 7) - 1) / (r - 1) / 7;
  const double square = (std::pow(r, 14) - 1) / (r * r - 1) / 7;
  EXPECT_NEAR(ranges.at("mean").numbers()[1], mean, 1e-8);
  EXPECT_NEAR(ranges.at("standard_deviation").numbers()[1], std::sqrt(square - mean * mean), 1e-8);
}

TEST(Trajectories, AreDrivenByTheInputOfTheirTrial) {
  const auto sink = make<testing::LinearFlow>(
      {{"initial", testing::text("one")}, {"input", testing::text("u")}},
      {{"one", array_of({kn}, {0, 0})}, {"u", array_of({kS, 1}, {1, -2, 0, 3})}});
  const Numbers &states = sink->numbers("states"), &inputs = sink->numbers("inputs");
  for (std::size_t s = 0; s < kS; ++s) {
    // x = (b u / -a) (1 - exp(a t)) with a = -1/2, b = 2.
    const double u = Numbers{1, -2, 0, 3}[s];
    EXPECT_NEAR(states[(s * kT + 6) * kn], 4 * u * (1 - std::exp(-1.5)), 1e-7);
    EXPECT_EQ(inputs[s * kT + 3], u);
  }
}

TEST(Trajectories, SpreadInitialStatesNormally) {
  const auto sink = make<testing::LinearFlow>({{"initial", testing::text("one")},
                                               {"spread", number(0.3)},
                                               {"trials", integer(3000)},
                                               {"samples", integer(1)}},
                                              {{"one", array_of({kn}, {5, 5})}});
  const Numbers& x = sink->numbers("states");
  ASSERT_EQ(x.size(), 6000U);
  EXPECT_NEAR(testing::mean(x), 5.0, 5 * 0.3 / std::sqrt(6000));
  EXPECT_NEAR(testing::spread(x, 5.0), 0.09, 5 * 0.09 * std::sqrt(2.0 / 6000));
}

TEST(Trajectories, AddObservationNoiseOfTheGivenSize) {
  const auto sink =
      make<testing::LinearFlow>({{"observation_noise", number(0.2)}, {"trials", integer(500)}});
  const Numbers &states = sink->numbers("states"), &seen = sink->numbers("observations");
  Numbers noise;
  for (std::size_t i = 0; i < states.size(); ++i) noise.push_back(seen[i] - states[i]);
  const auto n = static_cast<double>(noise.size());
  EXPECT_NEAR(testing::mean(noise), 0.0, 5 * 0.2 / std::sqrt(n));
  EXPECT_NEAR(testing::spread(noise, 0.0), 0.04, 5 * 0.04 * std::sqrt(2 / n));
  EXPECT_EQ(make<testing::LinearFlow>({})->arrays.count("observations"), 0U);
}

TEST(Trajectories, SplitTrialsInTheirOrder) {
  const auto sink = make<testing::LinearFlow>(
      {{"trials", integer(10)}, {"validation", number(0.3)}, {"test", number(0.2)}});
  EXPECT_EQ(sink->integers("split"), (std::vector<std::int64_t>{0, 0, 0, 0, 0, 1, 1, 1, 2, 2}));
}

TEST(Trajectories, GiveTheSameBytesOnAnyNumberOfThreads) {
  const Config::Table settings = {
      {"trials", integer(70)}, {"observation_noise", number(0.1)}, {"spread", number(1)}};
  const auto one = make<testing::LinearFlow>(settings, {}, 1);
  const auto two = make<testing::LinearFlow>(settings, {}, 2);
  EXPECT_EQ(one->numbers("states"), two->numbers("states"));
  EXPECT_EQ(one->numbers("observations"), two->numbers("observations"));
}

TEST(Trajectories, RefuseInitialStatesOfAnotherShape) {
  EXPECT_EQ(message_of([] {
              make<testing::LinearFlow>({{"initial", testing::text("bad")}},
                                        {{"bad", array_of({3, kn}, Numbers(6))}});
            }),
            "setting 'initial': shape [3,2] is neither [2] nor [4,2]");
}

TEST(Trajectories, RefuseInputsOfAnotherShape) {
  EXPECT_EQ(message_of([] {
              make<testing::LinearFlow>({{"input", testing::text("bad")}},
                                        {{"bad", array_of({kS, 6, 1}, Numbers(24))}});
            }),
            "setting 'input': shape [4,6,1] is none of [1], [4,1], [4,7,1]");
}

// Also the values that would be chosen otherwise.
TEST(Trajectories, OfAMapRefuseTheSettingsOfASolver) {
  const Config::Table each = {{"method", testing::text("dop853")},
                              {"rtol", number(1e-6)},
                              {"atol", number(1e-9)},
                              {"step", number(0.0)}};
  for (const auto& setting : each) {
    EXPECT_EQ(message_of([&] { make<testing::LinearMap>({setting}); }),
              "setting '" + setting.first +
                  "': org.test.system is a map, which takes no method, tolerance or step of a "
                  "solver");
  }
}

TEST(Trajectories, OfAFlowTakeTheToleranceOfTheHostUnlessGiven) {
  testing::TestHost host;
  const auto system = host.system<testing::LinearFlow>();
  testing::TestSource source;
  source.model = &system->table();
  source.arrays.emplace("one", array_of({kn}, {2, -1}));
  const auto states = [&](Config::Table more) {
    more.insert(more.end(), {{"model", testing::text("given")},
                             {"initial", testing::text("one")},
                             {"duration", number(3.5)},
                             {"dt", number(0.7)}});
    return testing::generate<Trajectories>(host, source, more)->numbers("states");
  };
  EXPECT_EQ(states({}), states({{"rtol", number(1e-6)}, {"atol", number(1e-9)}}));
  EXPECT_NE(states({}), states({{"rtol", number(1e-5)}}));
  EXPECT_NE(states({}), states({{"atol", number(1e-3)}}));
}

TEST(Trajectories, RefuseSharesAboveOne) {
  EXPECT_EQ(message_of([] {
              make<testing::LinearFlow>({{"validation", number(0.7)}, {"test", number(0.4)}});
            }),
            "settings 'validation' and 'test' are together more than 1");
}

}  // namespace
}  // namespace dynkit::trajectories
