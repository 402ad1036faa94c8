// The variables of a fit, and fits that are refused.
#include "fit.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "dynkit/error.hpp"
#include "fit_problem.hpp"

namespace dynkit::training {
namespace {

Numbers slice(const Numbers& values, std::int64_t first, std::size_t count) {
  const auto begin = values.begin() + first;
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

// Everything that has variables; n = 5, 4 observations, nodes at 3 and 6 of 9 times.
FitCase everything() {
  return {.name = "everything",
          .initial = InitialState::learned,
          .shooting = {3, 1.0},
          .terms = {{LossKind::squared, false, "states", {}, 1.0},
                    {LossKind::gaussian, true, "observations", {}, 1.0}},
          .readout = "org.dynkit.affine"};
}

// As add_variables makes them: a FitProblem moves some.
struct Added {
  explicit Added(const FitProblem& problem)
      : map(add_variables(problem.fit, problem.plugin.theta(), problem.readout->theta(),
                          variables)) {}
  Variables variables;
  VariableMap map;
};

TEST(AddVariables, PlacesGroupsThatTileTheVector) {
  const FitProblem problem(everything());
  const Added added(problem);
  std::int64_t end = 0;
  for (const VariableBlock& block : added.variables.blocks()) {
    EXPECT_EQ(block.offset, end) << block.name;
    end += block.size;
  }
  EXPECT_EQ(added.variables.size(), end);
  const std::int64_t p = problem.plugin.info().p;
  EXPECT_EQ(end, p + (4 * 5 + 4) + 5 + 4 + FitProblem::kTrials * 2 * 5);
}

TEST(AddVariables, StartsFromTheParametersAsGiven) {
  const FitProblem problem(everything());
  const Added added(problem);
  const Numbers& values = added.variables.values;
  const Numbers &theta = problem.plugin.theta(), &readout = problem.readout->theta();
  EXPECT_EQ(slice(values, added.map.model, theta.size()), theta);
  EXPECT_EQ(slice(values, added.map.readout, readout.size()), readout);
  EXPECT_EQ(slice(values, added.map.initial, 5), problem.fit.initial_state);
}

TEST(AddVariables, StartsNoiseAtOne) {
  const FitProblem problem(everything());
  const Added added(problem);
  ASSERT_EQ(added.map.log_sigma.size(), 2u);
  EXPECT_EQ(added.map.log_sigma[0], -1);
  EXPECT_EQ(slice(added.variables.values, added.map.log_sigma[1], 4), Numbers(4, 0.0));
}

TEST(AddVariables, StartsSegmentsFromTheData) {
  const FitProblem problem(everything());
  const Added added(problem);
  const Numbers& states = problem.data.series.at("states").values;
  for (std::int64_t trial = 0; trial < FitProblem::kTrials; ++trial) {
    for (const std::int64_t k : {3, 6}) {
      const std::int64_t at = segment_state(problem.fit, added.map, trial, k);
      EXPECT_EQ(slice(added.variables.values, at, 5),
                slice(states, (trial * FitProblem::kTimes + k) * 5, 5));
    }
  }
}

TEST(AddVariables, LearnsAnInitialStateFromZerosWhereNoneIsGiven) {
  FitProblem problem(everything());
  problem.fit.initial_state.clear();
  const Added added(problem);
  EXPECT_EQ(slice(added.variables.values, added.map.initial, 5), Numbers(5, 0.0));
}

TEST(AddVariables, LeavesOutWhatAFitDoesNotHave) {
  const FitProblem problem(
      {.name = "plain", .terms = {{LossKind::squared, false, "states", {}, 1.0}}});
  EXPECT_EQ(problem.variables.values, problem.plugin.theta());
  EXPECT_EQ(problem.map.readout, -1);
  EXPECT_EQ(problem.map.initial, -1);
  EXPECT_EQ(problem.map.segments, -1);
  EXPECT_EQ(problem.map.log_sigma, std::vector<std::int64_t>{-1});
}

TEST(CheckFit, TakesAFitOfEverything) {
  EXPECT_NO_THROW(FitProblem problem(everything()));
}

struct Refusal {
  std::string name;
  std::function<void(FitProblem&)> spoil;
  dk_status status;
  std::string message;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

std::vector<Refusal> refused_objectives() {
  return {
      {"NoObjective", [](FitProblem& problem) { problem.fit.terms.clear(); }, DK_SETTINGS,
       "there is no objective: nothing to train for"},
      {"UnknownTarget", [](FitProblem& problem) { problem.fit.terms[0].target = "position"; },
       DK_SETTINGS,
       "objective 'squared' needs the array 'position', which the data lack (did you mean "
       "'positions'?)"},
      {"NoReadout", [](FitProblem& problem) { problem.fit.readout = nullptr; }, DK_SETTINGS,
       "objective 'gaussian' compares observations, but there is no readout"},
      {"NegativeComponent",
       [](FitProblem& problem) {
         problem.fit.terms[0].components = {0, 1, 2, -1, 4};
       },
       DK_SETTINGS, "objective 'squared': component -1 is not in [0, 5)"},
      {"LargeComponent",
       [](FitProblem& problem) {
         problem.fit.terms[1].components = {0, 1, 2, 4};
       },
       DK_SETTINGS, "objective 'gaussian': component 4 is not in [0, 4)"},
      {"WidthOfTheTarget", [](FitProblem& problem) { problem.fit.terms[0].target = "positions"; },
       DK_SHAPE_MISMATCH, "'positions' has 2 components, the state has 5"},
      {"WidthOfTheObservations",
       [](FitProblem& problem) { problem.fit.terms[1].target = "positions"; }, DK_SHAPE_MISMATCH,
       "'positions' has 2 components, the readout has 4"},
      {"NumberOfComponents",
       [](FitProblem& problem) {
         problem.fit.terms[0].components = {3, 1};
       },
       DK_SHAPE_MISMATCH, "'states' has 5 components, the choice of components has 2"},
      {"TwoDeviations",
       [](FitProblem& problem) { problem.fit.terms.push_back(problem.fit.terms[1]); }, DK_SETTINGS,
       "objective 'gaussian' stands twice for 'observations'; a deviation is learned once for each "
       "target"},
  };
}

std::vector<Refusal> refused_data() {
  return {
      {"NoFirstStates",
       [](FitProblem& problem) {
         problem.fit.terms = {{LossKind::gaussian, true, "observations", {}, 1.0}};
         problem.fit.initial = InitialState::data;
         problem.data.series.erase("states");
       },
       DK_SETTINGS, "an initial state from the data needs the array 'states', which the data lack"},
      {"NoTeacher",
       [](FitProblem& problem) {
         problem.fit.terms = {{LossKind::gaussian, true, "observations", {}, 1.0}};
         problem.data.series.erase("states");
       },
       DK_SETTINGS, "a teacher needs the array 'states', which the data lack"},
      {"WidthOfTheStates",
       [](FitProblem& problem) {
         problem.fit.terms = {{LossKind::gaussian, true, "observations", {}, 1.0}};
         problem.data.series["states"].width = 3;
       },
       DK_SHAPE_MISMATCH, "'states' has 3 components, the model has 5"},
      {"WidthOfTheInputs", [](FitProblem& problem) { problem.data.inputs = "positions"; },
       DK_SHAPE_MISMATCH, "'positions' has 2 components, the model's input has 3"},
      {"UnknownInputs", [](FitProblem& problem) { problem.data.inputs = "drive"; }, DK_SETTINGS,
       "the model needs the array 'drive', which the data lack"},
      {"OneTime",
       [](FitProblem& problem) {
         problem.fit.terms = {{LossKind::squared, false, "states", {}, 1.0}};
         problem.fit.initial = InitialState::data;
         problem.data.T = 1;
       },
       DK_SETTINGS,
       "trials of one time leave nothing to predict where they begin at the data's states"},
      {"InitialState",
       [](FitProblem& problem) {
         problem.fit.initial_state = {1.0, 2.0};
       },
       DK_SHAPE_MISMATCH, "the initial state has 2 components, the model has 5"},
  };
}

class CheckFits : public ::testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(RefusesObjectives, CheckFits, ::testing::ValuesIn(refused_objectives()),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(RefusesData, CheckFits, ::testing::ValuesIn(refused_data()),
                         [](const auto& one) { return one.param.name; });

TEST_P(CheckFits, SayWhatDoesNotGoTogether) {
  FitProblem problem(everything());
  GetParam().spoil(problem);
  try {
    check_fit(problem.fit);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), GetParam().status);
    EXPECT_EQ(error.what(), GetParam().message);
  }
}

TEST(CheckFit, RefusesStepsWithoutEnd) {
  FitProblem problem(
      {.name = "", .flow = true, .terms = {{LossKind::squared, false, "states", {}, 1.0}}});
  problem.fit.rollout.integration.step = 1e-9;
  try {
    check_fit(problem.fit);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    EXPECT_NE(std::string(error.what()).find("setting 'step': 1e-09 makes"), std::string::npos);
  }
}

TEST(CheckFit, RefusesAReadoutOfAnotherState) {
  FitProblem problem(everything());
  const PluginReadout other("org.dynkit.affine",
                            {{"n", parse_value("3")}, {"o", parse_value("4")}});
  problem.fit.readout = &other.readout();
  try {
    check_fit(problem.fit);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SHAPE_MISMATCH);
    EXPECT_STREQ(error.what(), "the state has 5 components, the readout's input has 3");
  }
}

}  // namespace
}  // namespace dynkit::training
