// What a training shows of its attractor: data and free runs in the phase plane, and their extents.
#include "train_results.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "fit_problem.hpp"
#include "problem.hpp"
#include "support/fake_system.hpp"
#include "training_run.hpp"

namespace dynkit::training {
namespace {

constexpr std::int64_t kTrials = 6, kTimes = 5;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Free runs that are 3 - 2 d where the data is d.
class MirrorEngine : public FakeEngine {
 public:
  explicit MirrorEngine(const Series& given) : given_(given) {}

  void predict(const Variables&, const std::vector<std::int64_t>& of, Numbers& states,
               Numbers&) override {
    const auto row = static_cast<std::size_t>(kTimes * given_.width);
    states.clear();
    for (const std::int64_t trial : of) {
      const double* first = given_.values.data() + static_cast<std::size_t>(trial) * row;
      for (std::size_t i = 0; i < row; ++i) states.push_back(3.0 - 2.0 * first[i]);
    }
  }

 private:
  Series given_;
};

/// The results of a fit of a map (rnn) or a flow (neural ODE) with n states; tested are the last
/// two trials. A gap in the data is no gap of the free run.
struct Results {
  Results(const char* component, std::int64_t n)
      : plugin(DYNKIT_PLUGINS, component, table_of({"", "", {{"n", std::to_string(n)}}})),
        whole{n, normal_numbers(kTrials * kTimes * n, "data")},
        data{kTrials, kTimes, {0.0, 0.1, 0.3, 0.4, 0.6}, {{"states", whole}}, "", {}},
        fit{plugin.system(),
            nullptr,
            data,
            {{LossKind::squared, false, "states", {}, 1.0}},
            InitialState::data,
            {},
            {},
            {},
            {}},
        engine(whole) {
    data.series.at("states").values[gap(n)] = kNaN;
    variables.add("v", Numbers{1.0});
    variables.add("w", Numbers{2.5, -3.0});
    state.history.resize(2);
    const Split split{{0, 1, 2}, {3}, {4, 5}};
    state.iteration_losses = {4.0, 0.1};
    put_results({fit, split, variables, first_values, map, state, outcome, "double"}, engine,
                Sink(sink.table()));
  }

  // The last state at the second time of trial 4.
  static std::size_t gap(std::int64_t n) {
    return static_cast<std::size_t>((4 * kTimes + 1) * n + n - 1);
  }
  std::vector<double> column(const char* name) const {
    return std::get<Numbers>(sink.tables.at("extents").at(name).values);
  }

  testing::PluginSystem plugin;
  Series whole;
  TrainingData data;
  Fit fit;
  MirrorEngine engine;
  Variables variables;
  Numbers first_values = {0.5, 0.25, 0.125};
  VariableMap map;
  TrainerState state;
  TrainingOutcome outcome;
  testing::FakeSink sink;
};

void expect_series(const testing::FakeSink::Series& one, const char* kind, const char* array) {
  EXPECT_EQ(one.kind, kind);
  EXPECT_EQ(one.x, std::string(array) + "[0]");
  EXPECT_EQ(one.y, std::string(array) + "[1]");
  EXPECT_EQ(one.z, "");
}

TEST(TrainResults, DrawFlowsInThePhasePlaneAsLines) {
  const Results results("org.dynkit.node", 3);
  const auto& series = results.sink.figures.at("phase_plane").all;
  ASSERT_EQ(series.size(), 2U);
  expect_series(series[0], "line", "data_states");
  expect_series(series[1], "line", "states");
}

TEST(TrainResults, DrawMapsInThePhasePlaneAsPoints) {
  const Results results("org.dynkit.rnn", 4);
  const auto& series = results.sink.figures.at("phase_plane").all;
  ASSERT_EQ(series.size(), 2U);
  expect_series(series[0], "scatter", "data_states");
  expect_series(series[1], "scatter", "states");
}

TEST(TrainResults, PutWhatThePhasePlaneShowsOfTheTestTrials) {
  const Results results("org.dynkit.rnn", 4);
  const std::vector<std::int64_t> shape = {2, kTimes, 4};
  EXPECT_EQ(results.sink.arrays.at("states").shape, shape);
  EXPECT_EQ(results.sink.arrays.at("data_states").shape, shape);
  const Numbers& given = results.whole.values;
  const Numbers& drawn = results.sink.numbers("data_states");
  const Numbers& run = results.sink.numbers("states");
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const std::size_t at = 4 * kTimes * 4 + i;
    EXPECT_TRUE(drawn[i] == given[at] || at == Results::gap(4)) << i;
    EXPECT_EQ(run[i], 3.0 - 2.0 * given[at]);
  }
}

TEST(TrainResults, HaveNoPhasePlaneOfOneState) {
  const Results results("org.dynkit.node", 1);
  EXPECT_EQ(results.sink.figures.count("prediction"), 1U);
  EXPECT_EQ(results.sink.figures.count("phase_plane"), 0U);
}

TEST(TrainResults, ListTheParametersOfASmallModelBesideTheirStart) {
  const Results results("org.dynkit.rnn", 4);
  const auto& table = results.sink.tables.at("parameters");
  EXPECT_EQ(std::get<std::vector<std::string>>(table.at("parameter").values),
            (std::vector<std::string>{"v", "w[0]", "w[1]"}));
  EXPECT_EQ(std::get<Numbers>(table.at("start").values), results.first_values);
  EXPECT_EQ(std::get<Numbers>(table.at("fitted").values), (Numbers{1.0, 2.5, -3.0}));
}

TEST(TrainResults, DrawTheIterationsOfAMinimizer) {
  const Results results("org.dynkit.rnn", 4);
  EXPECT_EQ(results.sink.numbers("iteration_loss"), (Numbers{4.0, 0.1}));
  EXPECT_EQ(results.sink.numbers("log_iteration_loss"), (Numbers{std::log10(4.0), -1.0}));
  EXPECT_EQ(results.sink.figures.at("iterations").all.front().y, "log_iteration_loss");
}

TEST(TrainResults, MeasureTheDataWhereItIsKnown) {
  constexpr std::int64_t n = 3;
  const Results results("org.dynkit.node", n);
  for (std::int64_t i = 0; i < n; ++i) {
    Numbers known;
    for (std::int64_t row = 4 * kTimes; row < kTrials * kTimes; ++row) {
      const auto at = static_cast<std::size_t>(row * n + i);
      if (at != Results::gap(n)) known.push_back(results.whole.values[at]);
    }
    ASSERT_EQ(known.size(), i == n - 1 ? 9U : 10U);
    const auto count = static_cast<double>(known.size());
    const double mean = std::accumulate(known.begin(), known.end(), 0.0) / count;
    double squares = 0.0;
    for (const double value : known) squares += (value - mean) * (value - mean);
    const auto at = static_cast<std::size_t>(i);
    // Ten numbers of size one, summed in another order.
    EXPECT_NEAR(results.column("data_mean")[at], mean, 1e-14);
    EXPECT_NEAR(results.column("data_deviation")[at], std::sqrt(squares / count), 1e-14);
    EXPECT_EQ(results.column("data_lowest")[at], *std::min_element(known.begin(), known.end()));
    EXPECT_EQ(results.column("data_highest")[at], *std::max_element(known.begin(), known.end()));
  }
}

// Free runs are 3 - 2 d, and the gap of the data is left out of both.
TEST(TrainResults, MeasureFreeRunsWhereTheDataIsKnown) {
  const Results results("org.dynkit.node", 3);
  for (std::size_t i = 0; i < 3; ++i) {
    // Rounding of 3 - 2 d, as above.
    EXPECT_NEAR(results.column("model_mean")[i], 3.0 - 2.0 * results.column("data_mean")[i], 3e-14);
    EXPECT_NEAR(results.column("model_deviation")[i], 2.0 * results.column("data_deviation")[i],
                3e-14);
    EXPECT_EQ(results.column("model_lowest")[i], 3.0 - 2.0 * results.column("data_highest")[i]);
    EXPECT_EQ(results.column("model_highest")[i], 3.0 - 2.0 * results.column("data_lowest")[i]);
  }
}

/// Observations that are 0.3 beside their targets -1, 0 and 2, but for those that a test spoils.
class NearEngine : public FakeEngine {
 public:
  explicit NearEngine(Numbers near) : observed(std::move(near)) {}
  void predict(const Variables&, const std::vector<std::int64_t>&, Numbers& states,
               Numbers& observations) override {
    states.assign(static_cast<std::size_t>(FitProblem::kTimes * 5), 0.0);
    observations = observed;
  }
  Numbers observed;  // [1,T,4]
};

TEST(TrainResults, CountPredictionsNearestToTheirTargetsAsCorrect) {
  FitProblem problem({.name = "",
                      .terms = {{LossKind::squared, true, "observations", {}, 1.0}},
                      .readout = "org.dynkit.affine"});
  Numbers& targets = problem.data.series.at("observations").values;
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = std::array{-1.0, 0.0, 2.0}[i % 3];
  problem.data.mask.clear();
  const auto size = static_cast<std::size_t>(FitProblem::kTimes * FitProblem::kObservations);
  NearEngine engine({targets.end() - static_cast<std::ptrdiff_t>(size), targets.end()});
  for (double& y : engine.observed) y += 0.3;
  targets[targets.size() - 5] = kNaN;  // not compared
  engine.observed[7] += 3.0;
  engine.observed[8] -= 3.0;
  engine.observed[9] = kNaN;
  engine.observed[10] = kNaN;
  engine.observed[11] = kNaN;  // of each level one
  TrainerState state;
  state.history.resize(1);
  const Split split{{0, 1}, {}, {FitProblem::kTrials - 1}};
  testing::FakeSink sink;
  put_results({problem.fit,
               split,
               problem.variables,
               problem.variables.values,
               problem.map,
               state,
               {},
               "double"},
              engine, Sink(sink.table()));
  EXPECT_EQ(sink.numbers("correct")[0], (35.0 - 5.0) / 35.0);
}

}  // namespace
}  // namespace dynkit::training
