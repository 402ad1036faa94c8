// Minimizers on problems whose least loss is known, and where they cannot find one.
#include "minimizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/error.hpp"
#include "linear_fit.hpp"
#include "training_run.hpp"

namespace dynkit::training {
namespace {

TrainerOptions by(const char* kind, std::int64_t epochs = 40) {
  TrainerOptions options;
  options.epochs = epochs;
  options.optimizer.kind = kind;
  return options;
}

// Where the relative change of a loss of squares is 1e-12, values are known to half its digits.
TEST(Lbfgs, RecoversALinearMap) {
  for (const InitialState initial : {InitialState::data, InitialState::learned}) {
    const LinearFit fit(initial, {}, by("lbfgs"));
    EXPECT_EQ(fit.outcome.end, TrainingEnd::converged);
    expect_truth(fit, 1e-6);
  }
}

TEST(Lbfgs, RecoversALinearMapByMultipleShooting) {
  const LinearFit fit(InitialState::data, {2, 1.0}, by("lbfgs"));
  EXPECT_EQ(fit.outcome.end, TrainingEnd::converged);
  expect_truth(fit, 1e-6);
}

TEST(LevenbergMarquardt, RecoversALinearMap) {
  for (const InitialState initial : {InitialState::data, InitialState::learned}) {
    const LinearFit fit(initial, {}, by("levenberg_marquardt"));
    EXPECT_EQ(fit.outcome.end, TrainingEnd::converged);
    expect_truth(fit, 1e-9);
    EXPECT_LE(fit.epochs, 8) << "some of which find rounding";
  }
}

// The quadratic of FakeEngine has its minimum at the mean of the centers.
TEST(Lbfgs, FindsTheMinimumOfAQuadratic) {
  TrainingRun training(by("lbfgs"));
  EXPECT_EQ(training.run().end, TrainingEnd::converged);
  for (std::size_t i = 0; i < 3; ++i) {
    double mean = 0.0;
    for (std::int64_t trial = 0; trial < 7; ++trial) mean += FakeEngine::center(trial, i) / 7.0;
    EXPECT_NEAR(training.variables.values[i], mean, 1e-12) << i;
  }
  EXPECT_LT(training.fake.calls.size(), 10u);
}

// As of a gaussian with a small deviation.
TEST(Lbfgs, ConvergesWhereTheLossIsNegative) {
  TrainingRun training(by("lbfgs"));
  training.fake.spoil = [](const FakeEngine::Call&, double& loss, std::vector<double>&) {
    loss -= 1000.0;
  };
  EXPECT_EQ(training.run().end, TrainingEnd::converged);
  EXPECT_NEAR(training.variables.values[0], 3.0, 1e-6);
}

// As of data in small units, far from where the slopes are: no step is a small change of the loss.
TEST(Lbfgs, HeedsNoUnits) {
  for (const double unit : {1e-12, 1e12}) {
    TrainingRun training(by("lbfgs"));
    training.fake.spoil = [&](const FakeEngine::Call&, double& loss,
                              std::vector<double>& gradient) {
      loss *= unit;
      for (double& slope : gradient) slope *= unit;
    };
    EXPECT_EQ(training.run().end, TrainingEnd::converged);
    EXPECT_NEAR(training.variables.values[0], 3.0, 1e-6) << unit;
    EXPECT_NEAR(training.variables.values[1], -1.5, 1e-6) << unit;
  }
}

// A loss with a small slope where it begins, at 900 of 1000, beside its value.
TEST(Lbfgs, IsNotDoneAfterASmallStep) {
  TrainingRun training(by("lbfgs"));
  training.variables.values = {900.0, 0.0, 0.0};
  training.fake.spoil = [](const FakeEngine::Call& call, double& loss,
                           std::vector<double>& gradient) {
    const double gap = 1e-3 * call.values[0] - 1.0;
    loss = 0.3 + 1e-4 * gap * gap;
    gradient = {2e-7 * gap, 0.0, 0.0};
  };
  EXPECT_EQ(training.run().end, TrainingEnd::converged);
  EXPECT_NEAR(training.variables.values[0], 1000.0, 1.0);
}

TEST(LevenbergMarquardt, HeedsNoUnits) {
  Numbers expected;
  for (const double weight : {1.0, 1e-18, 1e18}) {
    FitProblem problem({.name = "", .terms = {{LossKind::squared, false, "states", {}, weight}}});
    const TestHost host;
    const auto minimizer =
        levenberg_marquardt(problem.fit, problem.map, {"levenberg_marquardt", 7, 1e-9}, host);
    std::vector<double> memory;
    minimizer->run(problem.variables, problem.trials, FitProblem::kTimes, memory,
                   [](std::int64_t, double) { return true; });
    if (expected.empty()) expected = problem.variables.values;
    expect_near(problem.variables.values, expected, 1e-6);
  }
}

TEST(LevenbergMarquardt, HasNotConvergedWhereARoundTookNoStep) {
  const LinearFit fit(InitialState::data, {}, by("levenberg_marquardt", 400),
                      std::numeric_limits<double>::infinity(), 1);
  expect_truth(fit, 1e-9);
}

TEST(Lbfgs, StaysWithinTheBounds) {
  TrainingRun training(by("lbfgs"));
  VariableBlock& block = training.variables.blocks()[0];
  block.lower = -1.2;  // the minimum is at (3, -1.5, 1.3)
  block.upper = 2.5;
  training.run();
  EXPECT_EQ(training.variables.values[0], 2.5);
  EXPECT_EQ(training.variables.values[1], -1.2);
  EXPECT_NEAR(training.variables.values[2], 1.3, 1e-12);
  for (const FakeEngine::Call& call : training.fake.calls) {
    for (const double value : call.values) {
      EXPECT_GE(value, -1.2);
      EXPECT_LE(value, 2.5);
    }
  }
}

// The valley y = x^2 leads from (3, 9), on the bound, down and up to (-2, 4).
TEST(Lbfgs, LeavesABoundThatItTouchedOnTheWay) {
  TrainingRun training(by("lbfgs"));
  training.iterations = 50;
  training.variables.values = {3.0, 11.0, 0.0};
  training.variables.blocks()[0].lower = -2.5;
  training.variables.blocks()[0].upper = 9.0;
  training.fake.spoil = [](const FakeEngine::Call& call, double& loss,
                           std::vector<double>& gradient) {
    const double x = call.values[0], bend = call.values[1] - x * x;
    loss = bend * bend + 0.1 * (x + 2.0) * (x + 2.0);
    gradient = {-4.0 * x * bend + 0.2 * (x + 2.0), 2.0 * bend, 0.0};
  };
  EXPECT_EQ(training.run().end, TrainingEnd::converged);
  EXPECT_NEAR(training.variables.values[0], -2.0, 1e-4);
  EXPECT_NEAR(training.variables.values[1], 4.0, 1e-4);
}

TEST(Lbfgs, CountsPenaltiesAndLeavesWhatIsFrozen) {
  TrainingRun training(by("lbfgs"));
  training.variables.blocks()[0].penalty = 2.0;  // |v - c|^2 + |v|^2: half way to the center
  training.variables.add("frozen", std::vector<double>{0.25});
  training.variables.blocks()[1].trainable = false;
  training.fake.spoil = [](const FakeEngine::Call& call, double& loss,
                           std::vector<double>& gradient) {
    const double v = call.values[0];
    loss = (v - 3.0) * (v - 3.0);
    gradient = {2.0 * (v - 3.0), 0.0, 0.0, 7.0};
  };
  training.run();
  EXPECT_NEAR(training.variables.values[0], 1.5, 1e-12);
  EXPECT_NEAR(training.variables.values[1], 0.0, 1e-12);
  EXPECT_EQ(training.variables.values[3], 0.25);
}

// A wall of NaN beside the way to the minimum, not across it.
TEST(Lbfgs, TakesShorterStepsWhereTheLossIsNotFinite) {
  TrainingRun training(by("lbfgs"));
  training.fake.spoil = [](const FakeEngine::Call& call, double& loss, std::vector<double>&) {
    if (call.values[2] > 1.4) loss = std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_EQ(training.run().end, TrainingEnd::converged);
  EXPECT_NEAR(training.variables.values[2], 1.3, 1e-6);
}

TEST(Lbfgs, EndsWithTheCauseWhereNothingIsFinite) {
  TrainingRun training(by("lbfgs"));
  training.fake.spoil = [](const FakeEngine::Call&, double&, std::vector<double>& gradient) {
    gradient[1] = std::numeric_limits<double>::infinity();
  };
  const Numbers start = training.variables.values;
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::not_finite);
  EXPECT_NE(outcome.cause.find("not finite where lbfgs begins"), std::string::npos);
  EXPECT_EQ(training.variables.values, start);
}

TEST(Lbfgs, LetsAnErrorThrough) {
  TrainingRun training(by("lbfgs"));
  training.fake.spoil = [](const FakeEngine::Call& call, double&, std::vector<double>&) {
    if (call.values[1] != 1.0) throw Error(DK_INTERNAL, "the model fell over");
  };
  EXPECT_THROW(training.run(), Error);
}

// Interrupted in a round: the better values are returned, those of the last epoch saved.
TEST(Lbfgs, KeepsWhatAnInterruptedRoundFound) {
  TrainingRun training(by("lbfgs"));
  training.iterations = 1000;
  training.fake.spoil = [&](const FakeEngine::Call& call, double& loss,
                            std::vector<double>& gradient) {
    const double x = call.values[0], y = call.values[1], bend = y - x * x;
    loss = 100.0 * bend * bend + (1.0 - x) * (1.0 - x);
    gradient = {-400.0 * x * bend - 2.0 * (1.0 - x), 200.0 * bend, 0.0};
    if (training.fake.calls.size() == 12) training.services.cancel_flag() = true;
  };
  const Numbers start = training.variables.values;
  EXPECT_EQ(training.run().end, TrainingEnd::interrupted);
  EXPECT_LT(training.fake.calls.size(), 20u);
  EXPECT_EQ(training.saved.back().values, start);
  const double x = training.variables.values[0], y = training.variables.values[1];
  EXPECT_LT(std::abs(y - x * x), 1.0) << "from 8 at the start";
}

TEST(Lbfgs, ReportsEveryIteration) {
  TrainingRun training(by("lbfgs"));
  training.run();
  const Numbers& losses = training.state().iteration_losses;
  ASSERT_GT(losses.size(), 2u);
  EXPECT_EQ(losses.back(), training.state().history.back().train_loss);
  EXPECT_TRUE(std::is_sorted(losses.rbegin(), losses.rend()));
  ASSERT_GT(training.progress.size(), 1u);
  EXPECT_EQ(training.progress[1].second.substr(0, 32), "epoch 1 of 40, iteration 1, loss");
}

// Five of the true values are larger than 0.45. W. Karush's conditions: where a value lies on the
// bound the loss falls towards it, elsewhere it has no slope.
TEST(Minimizers, EndWhereNoStepWithinTheBoundsMakesTheLossSmaller) {
  for (const char* kind : {"levenberg_marquardt", "lbfgs"}) {
    const LinearFit fit(InitialState::data, {}, by(kind), 0.45);
    EXPECT_EQ(fit.outcome.end, TrainingEnd::converged) << kind;
    const Numbers gradient = fit.gradient();
    std::int64_t on_bound = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      EXPECT_LE(fit.variables.values[i], 0.45);
      const bool is_free = fit.variables.values[i] < 0.45;
      on_bound += is_free ? 0 : 1;
      EXPECT_LT(is_free ? std::abs(gradient[i]) : gradient[i], 1e-5) << kind << ' ' << i;
    }
    EXPECT_GE(on_bound, 3);
  }
}

// As of a window before the first target.
TEST(LevenbergMarquardt, LeavesValuesWhereNothingIsKnown) {
  FitProblem problem({.name = "", .terms = {{LossKind::squared, false, "states", {}, 1.0}}});
  for (double& value : problem.data.series.at("states").values) {
    value = std::numeric_limits<double>::quiet_NaN();
  }
  const Numbers before = problem.variables.values;
  const TestHost host;
  const auto minimizer =
      levenberg_marquardt(problem.fit, problem.map, {"levenberg_marquardt", 5, 1e-9}, host);
  std::vector<double> memory;
  const MinimizerRound round = minimizer->run(problem.variables, problem.trials, FitProblem::kTimes,
                                              memory, [](std::int64_t, double) { return true; });
  EXPECT_TRUE(round.is_finite);
  EXPECT_FALSE(round.converged);
  EXPECT_EQ(problem.variables.values, before);
}

TEST(LevenbergMarquardt, RefusesAJacobianThatDoesNotFit) {
  FitProblem problem({.name = "", .terms = {{LossKind::squared, false, "states", {}, 1.0}}});
  Variables& variables = problem.variables;
  variables.add("many", Numbers(400'000));
  const TestHost host;
  const auto minimizer =
      levenberg_marquardt(problem.fit, problem.map, {"levenberg_marquardt", 5, 1e-9}, host);
  std::vector<double> memory;
  try {
    minimizer->run(variables, problem.trials, FitProblem::kTimes, memory,
                   [](std::int64_t, double) { return true; });
    FAIL() << "1.4 GB";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_TOO_LARGE);
    EXPECT_NE(std::string(error.what()).find("would keep a Jacobian of"), std::string::npos);
  }
}

TEST(LevenbergMarquardt, GoesOnWithTheTrustRegionOfTheRoundBefore) {
  const FitProblem problem({.name = "", .terms = {{LossKind::squared, false, "states", {}, 1.0}}});
  const TestHost host;
  const auto minimizer =
      levenberg_marquardt(problem.fit, problem.map, {"levenberg_marquardt", 4, 1e-9}, host);
  const auto run = [&](Variables& variables, std::vector<double>& memory) {
    return minimizer->run(variables, problem.trials, FitProblem::kTimes, memory,
                          [](std::int64_t, double) { return true; });
  };
  Variables moved = problem.variables;
  std::vector<double> memory, no_memory;
  const MinimizerRound first = run(moved, memory);
  ASSERT_EQ(memory.size(), 1u);
  EXPECT_NE(memory[0], 1e4) << "where the first round began";
  Variables anew = moved;
  const MinimizerRound with = run(moved, memory), without = run(anew, no_memory);
  EXPECT_LT(with.loss, first.loss);
  EXPECT_NE(moved.values, anew.values);
  EXPECT_LE(without.loss, first.loss);
}

}  // namespace
}  // namespace dynkit::training
