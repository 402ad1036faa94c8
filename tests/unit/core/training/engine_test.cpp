// Loss and gradient of whole fits, against simulations and differences.
#include "engine.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fit_problem.hpp"
#include "support/differences.hpp"

namespace dynkit::training {
namespace {

using Terms = std::vector<ObjectiveTerm>;

Terms states() {
  return {{LossKind::squared, false, "states", {}, 0.8}};
}
Terms observed(LossKind kind, const char* target) {
  return {{kind, true, target, {}, 1.3}};
}
Terms two_terms() {
  return {{LossKind::absolute, false, "positions", {2, 0}, 0.6},
          {LossKind::poisson, true, "counts", {}, 1.7}};
}

const std::vector<FitCase>& cases() {
  static const std::vector<FitCase> all = {
      {.name = "map", .terms = states()},
      {.name = "flow", .flow = true, .terms = states()},
      {.name = "given", .initial = InitialState::given, .terms = states()},
      {.name = "learned", .initial = InitialState::learned, .terms = states()},
      {.name = "forced_map", .forcing = {0.3, 2}, .terms = states()},
      {.name = "forced_flow",
       .flow = true,
       .initial = InitialState::learned,
       .forcing = {1.0, 3},
       .terms = states()},
      // The last time is a node, and is not.
      {.name = "shooting_map", .shooting = {4, 0.7}, .terms = states()},
      {.name = "shooting_flow",
       .flow = true,
       .initial = InitialState::learned,
       .shooting = {3, 2.5},
       .terms = states()},
      {.name = "classes",
       .initial = InitialState::learned,
       .terms = observed(LossKind::cross_entropy, "classes"),
       .readout = "org.dynkit.affine"},
      {.name = "counts",
       .flow = true,
       .terms = observed(LossKind::poisson, "counts"),
       .readout = "org.dynkit.mlp_readout"},
      {.name = "noisy",
       .forcing = {0.2, 1},
       .terms = observed(LossKind::gaussian, "observations"),
       .readout = "org.dynkit.affine"},
      {.name = "lagging",
       .forcing = {0.4, 2},
       .terms = {{LossKind::squared, true, "observations", {}, 0.9, 1}},
       .readout = "org.dynkit.affine"},
      {.name = "lagging_states",
       .flow = true,
       .terms = {{LossKind::squared, false, "states", {}, 0.9, 1}}},
      {.name = "lagging_beside_prompt",
       .flow = true,
       .initial = InitialState::learned,
       .shooting = {4, 0.4},
       .terms = {{LossKind::squared, false, "states", {}, 0.5},
                 {LossKind::cross_entropy, true, "classes", {}, 0.9, 1}},
       .readout = "org.dynkit.mlp_readout"},
      {.name = "two_terms",
       .initial = InitialState::learned,
       .terms = two_terms(),
       .readout = "org.dynkit.mlp_readout"},
      {.name = "two_terms_shooting",
       .flow = true,
       .shooting = {2, 0.4},
       .terms = two_terms(),
       .readout = "org.dynkit.affine"},
  };
  return all;
}

const FitCase& case_named(const std::string& name) {
  for (const FitCase& one : cases()) {
    if (one.name == name) return one;
  }
  throw std::invalid_argument(name);
}

class Fits : public ::testing::TestWithParam<FitCase> {
 protected:
  FitProblem problem{GetParam()};
  TestHost host;
  std::unique_ptr<Engine> engine = problem.engine(host);
  Numbers gradient;

  double loss_along(const Numbers& direction, double h, std::int64_t T) {
    Variables moved = problem.variables;
    for (std::size_t i = 0; i < direction.size(); ++i) moved.values[i] += h * direction[i];
    Numbers ignored;
    return engine->gradient(moved, problem.trials, T, ignored);
  }
  void expect_exact_gradient(const Numbers& direction, std::int64_t T) {
    engine->gradient(problem.variables, problem.trials, T, gradient);
    const double slope =
        testing::slope_at_zero([&](double h) { return loss_along(direction, h, T); }, 1e-3);
    // Rounding of the differences is some 1e-12 of the loss.
    const double scale = std::sqrt(inner(gradient, gradient) * inner(direction, direction));
    EXPECT_NEAR(inner(gradient, direction), slope, 1e-9 * scale + 1e-11);
  }
};

INSTANTIATE_TEST_SUITE_P(Cases, Fits, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

// Windows of all times, of some, and of the first alone.
TEST_P(Fits, HaveTheLossOfTrajectoriesMadeStepByStep) {
  for (const std::int64_t T : {FitProblem::kTimes, std::int64_t{6}, std::int64_t{1}}) {
    const auto expected = static_cast<double>(SlowFit(problem, T, SlowFit::Run::training).loss());
    EXPECT_NEAR(engine->gradient(problem.variables, problem.trials, T, gradient), expected,
                1e-12 * std::abs(expected))
        << T;
  }
}

// After a gradient, whose segments must leave no trace.
TEST_P(Fits, AreJudgedWithTheirTeacherAndWithoutSegments) {
  for (const std::int64_t T : {FitProblem::kTimes, std::int64_t{6}}) {
    engine->gradient(problem.variables, problem.trials, T, gradient);
    const auto expected = static_cast<double>(SlowFit(problem, T, SlowFit::Run::judged).loss());
    EXPECT_NEAR(engine->loss(problem.variables, problem.trials, T), expected,
                1e-12 * std::abs(expected))
        << T;
  }
}

TEST_P(Fits, HaveExactGradientsInAllVariablesAtOnce) {
  for (const char* name : {"one", "two", "three"}) {
    const Numbers direction = normal_numbers(problem.variables.size(), name);
    expect_exact_gradient(direction, FitProblem::kTimes);
    expect_exact_gradient(direction, 6);
  }
}

// So that a small group does not hide among many variables.
TEST_P(Fits, HaveExactGradientsInEachGroup) {
  std::vector<std::int64_t> starts = {problem.map.model, problem.map.readout, problem.map.initial,
                                      problem.map.segments, problem.variables.size()};
  starts.insert(starts.end(), problem.map.log_sigma.begin(), problem.map.log_sigma.end());
  std::sort(starts.begin(), starts.end());
  for (std::size_t g = 0; g + 1 < starts.size(); ++g) {
    if (starts[g] < 0 || starts[g] == starts[g + 1]) continue;
    Numbers direction = normal_numbers(problem.variables.size(), "group");
    for (std::int64_t i = 0; i < problem.variables.size(); ++i) {
      if (i < starts[g] || i >= starts[g + 1]) direction[static_cast<std::size_t>(i)] = 0.0;
    }
    expect_exact_gradient(direction, FitProblem::kTimes);
    EXPECT_NE(inner(gradient, direction), 0.0) << "group at " << starts[g];
  }
}

TEST_P(Fits, HaveTheSameBitsOnAnyNumberOfThreads) {
  const double expected =
      engine->gradient(problem.variables, problem.trials, FitProblem::kTimes, gradient);
  const double free = engine->loss(problem.variables, problem.trials, FitProblem::kTimes);
  for (const std::int32_t threads : {2, 3}) {
    const TestHost other(threads);
    ASSERT_EQ(other.services.worker_count(), threads);
    const auto parallel = problem.engine(other);
    for (int repeat = 0; repeat < 3; ++repeat) {
      Numbers found;
      EXPECT_EQ(parallel->gradient(problem.variables, problem.trials, FitProblem::kTimes, found),
                expected);
      EXPECT_EQ(found, gradient);
      EXPECT_EQ(parallel->loss(problem.variables, problem.trials, FitProblem::kTimes), free);
    }
  }
}

// Sums of the same numbers in another order.
TEST_P(Fits, DoNotDependOnTheirParts) {
  const FitProblem together(GetParam(), 32);
  const auto other = together.engine(host);
  Numbers found;
  const double loss =
      engine->gradient(problem.variables, problem.trials, FitProblem::kTimes, gradient);
  EXPECT_NEAR(other->gradient(problem.variables, problem.trials, FitProblem::kTimes, found), loss,
              1e-12 * std::abs(loss));
  const double scale = std::sqrt(inner(gradient, gradient));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], gradient[i], 1e-12 * scale) << i;
  }
}

// What one batch left must not reach the next, with other trials and another window.
TEST_P(Fits, DoNotRememberOtherBatches) {
  const double expected = engine->gradient(problem.variables, problem.trials, 6, gradient);
  Numbers found;
  engine->gradient(problem.variables, {9, 1, 4, 3, 0, 7}, FitProblem::kTimes, found);
  engine->loss(problem.variables, {5, 6}, 3);
  EXPECT_EQ(engine->gradient(problem.variables, problem.trials, 6, found), expected);
  EXPECT_EQ(found, gradient);
}

TEST_P(Fits, WithoutInputsAreThoseWithInputsOfZero) {
  FitProblem undriven(GetParam());
  undriven.data.inputs.clear();
  for (double& u : problem.data.series.at("inputs").values) u = 0.0;
  Numbers found;
  for (const auto make : {double_engine, float_engine}) {
    const double tolerance = make == float_engine ? 1e-5 : 1e-13;
    const double expected =
        make(problem.fit, problem.map, host)
            ->gradient(problem.variables, problem.trials, FitProblem::kTimes, gradient);
    const double loss =
        make(undriven.fit, undriven.map, host)
            ->gradient(undriven.variables, undriven.trials, FitProblem::kTimes, found);
    EXPECT_NEAR(loss, expected, tolerance * std::abs(expected));
    const double scale = std::sqrt(inner(gradient, gradient));
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], gradient[i], tolerance * scale) << i;
    }
  }
}

TEST_P(Fits, PredictFreeRuns) {
  const SlowFit slow(problem, FitProblem::kTimes, SlowFit::Run::free);
  const ObjectiveTerm& first = problem.fit.terms.front();
  const Numbers expected =
      slow.predicted(slow.states, problem.plugin.info().n, first.of_readout ? 0 : first.lag);
  Numbers found, observations;
  engine->gradient(problem.variables, problem.trials, FitProblem::kTimes, gradient);
  engine->predict(problem.variables, problem.trials, found, observations);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], 1e-13 * (1.0 + std::abs(found[i]))) << i;
  }
}

TEST_P(Fits, PredictObservationsAsTheyAreCompared) {
  const SlowFit slow(problem, FitProblem::kTimes, SlowFit::Run::free);
  Numbers states_found, found;
  engine->predict(problem.variables, problem.trials, states_found, found);
  if (!problem.readout) {
    EXPECT_TRUE(found.empty());
    return;
  }
  const Numbers expected =
      slow.predicted(slow.observations, FitProblem::kObservations, problem.fit.terms.back().lag);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
}

// Sums of some hundred products of single precision.
TEST_P(Fits, InSinglePrecisionAgreeWithThoseInDouble) {
  const auto single = float_engine(problem.fit, problem.map, host);
  ASSERT_NE(single, nullptr);
  Numbers found;
  const double loss =
      engine->gradient(problem.variables, problem.trials, FitProblem::kTimes, gradient);
  const double rounded =
      single->gradient(problem.variables, problem.trials, FitProblem::kTimes, found);
  EXPECT_NEAR(rounded, loss, 1e-5 * std::abs(loss));
  EXPECT_NE(rounded, loss);
  const double scale = std::sqrt(inner(gradient, gradient));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], gradient[i], 2e-5 * scale) << i;
  }
}

// One call for all trials and times, as an analysis would make it.
void expect_simulation(const FitProblem& problem) {
  const std::int64_t n = problem.plugin.info().n, m = problem.plugin.info().m;
  Numbers expected(static_cast<std::size_t>(FitProblem::kTrials * FitProblem::kTimes * n));
  std::vector<std::int32_t> outcomes(FitProblem::kTrials);
  dk_simulation run{};
  run.S = FitProblem::kTrials;
  run.T = FitProblem::kTimes;
  run.times = problem.data.times.data();
  run.x0 = {problem.data.series.at("states").values.data(), FitProblem::kTimes * n};
  run.u = {problem.data.series.at("inputs").values.data(), FitProblem::kTimes * m};
  run.method = method_name(problem.fit.rollout.integration.method);
  run.step = problem.fit.rollout.integration.step;
  run.states = expected.data();
  run.outcomes = outcomes.data();
  const dk_system& system = problem.plugin.system().table();
  dk_error error{};
  ASSERT_EQ(system.simulate(&system, &run, &error), DK_OK) << error.message;
  std::vector<std::int64_t> all(FitProblem::kTrials);
  std::iota(all.begin(), all.end(), 0);
  Numbers found, observations;
  const TestHost host;
  problem.engine(host)->predict(problem.variables, all, found, observations);
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_TRUE(observations.empty());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-13) << i;
}

TEST(Prediction, IsTheSimulationOfAMap) {
  expect_simulation(FitProblem(case_named("map")));
}

TEST(Prediction, IsTheSimulationOfAFlow) {
  expect_simulation(FitProblem(case_named("flow")));
}

TEST(Gradient, IsZeroWhereTheModelMadeTheData) {
  FitProblem problem(case_named("map"));
  const TestHost host;
  const auto engine = problem.engine(host);
  std::vector<std::int64_t> all(FitProblem::kTrials);
  std::iota(all.begin(), all.end(), 0);
  Numbers states, observations, gradient;
  engine->predict(problem.variables, all, states, observations);
  problem.data.series["states"].values = states;
  EXPECT_EQ(engine->gradient(problem.variables, all, FitProblem::kTimes, gradient), 0.0);
  EXPECT_EQ(gradient, Numbers(gradient.size()));
}

// By adams and bdf: the adjoint equation in place of the transposed steps, in double alone.
TEST(Gradient, OfTheContinuousAdjointIsThatOfFineSteps) {
  FitCase one{.name = "", .flow = true, .initial = InitialState::learned, .terms = states()};
  one.method = "dop853";
  const FitProblem fine(one);
  const TestHost host;
  Numbers expected, found;
  const double loss =
      fine.engine(host)->gradient(fine.variables, fine.trials, FitProblem::kTimes, expected);
  for (const char* method : {"adams", "bdf"}) {
    one.method = method;
    FitProblem problem(one);
    problem.fit.rollout.integration.rtol = problem.fit.rollout.integration.atol = 1e-9;
    problem.fit.rollout.integration.step = 0.0;
    EXPECT_EQ(float_engine(problem.fit, problem.map, host), nullptr);
    EXPECT_NEAR(problem.engine(host)->gradient(problem.variables, problem.trials,
                                               FitProblem::kTimes, found),
                loss, 1e-7 * loss);
    const double scale = std::sqrt(inner(expected, expected));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-6 * scale) << method << " " << i;
    }
  }
}

}  // namespace
}  // namespace dynkit::training
