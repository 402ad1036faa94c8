// The penalty on a model's Jacobian: its mean over the signs, and its gradient at fixed ones.
#include "jacobian_penalty.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "dynkit/core/random.hpp"
#include "fit_problem.hpp"
#include "support/differences.hpp"

namespace dynkit::training {
namespace {

constexpr std::int64_t kTime = 3;

// At one time of one batch.
template <class Number>
struct PenaltyProblem {
  explicit PenaltyProblem(const testing::PluginSystem& plugin)
      : problem(plugin, 5), penalty(*problem.operations, problem.kSamples) {
    problem.operations->prepare(problem.theta.data());
  }

  struct Result {
    double value;
    std::vector<Number> x_bar, theta_bar;
  };
  Result at(const std::vector<Number>& x, std::int64_t draw = 0, double lambda = 0.7) {
    Result result{0.0, std::vector<Number>(x.size()), std::vector<Number>(problem.theta.size())};
    penalty.begin(split(make_stream(8, "signs"), draw), trials.data(), lambda);
    result.value =
        penalty.add(problem.data, kTime, x.data(), result.x_bar.data(), result.theta_bar.data());
    return result;
  }

  std::vector<std::int64_t> trials = {4, 0, 9, 2, 7, 5};
  Problem<Number> problem;
  JacobianPenalty<Number> penalty;
};

const testing::PluginSystem& node() {
  static const testing::PluginSystem plugin(
      DYNKIT_PLUGINS, "org.dynkit.node",
      table_of({"", "", {{"n", "3"}, {"m", "2"}, {"hidden", "[7, 8]"}}}));
  return plugin;
}
const testing::PluginSystem& rnn() {
  static const testing::PluginSystem plugin(
      DYNKIT_PLUGINS, "org.dynkit.rnn",
      table_of({"", "", {{"n", "5"}, {"m", "3"}, {"alpha", "0.4"}}}));
  return plugin;
}

// By the Jacobian itself.
double norm_of_jacobian(const Problem<double>& problem, const Numbers& x) {
  dk_points points{};
  points.count = problem.kSamples;
  points.x = {x.data(), problem.n};
  points.u = {problem.inputs.data() + kTime * problem.kSamples * problem.m, problem.m};
  Numbers J(static_cast<std::size_t>(problem.kSamples * problem.n * problem.n));
  problem.operations->jacobian(points, DK_WRT_STATE, J.data());
  return inner(J, J);
}

// Signs are independent: the estimate's standard error falls with the root of the draws, and four
// of these errors are not passed but once in 16 000.
TEST(JacobianPenalty, HasTheNormOfTheJacobianAsItsMean) {
  for (const auto* plugin : {&node(), &rnn()}) {
    PenaltyProblem<double> one(*plugin);
    constexpr int kDraws = 2000;
    double sum = 0.0, squares = 0.0;
    for (int draw = 0; draw < kDraws; ++draw) {
      const double value = one.at(one.problem.x0, draw, 2.0).value;  // |J^T w|^2
      sum += value;
      squares += value * value;
    }
    const double mean = sum / kDraws;
    const double error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
    EXPECT_NEAR(mean, norm_of_jacobian(one.problem, one.problem.x0), 4.0 * error);
    EXPECT_LT(error, 0.02 * mean);
  }
}

// Differences of third order in the step of (2) leave some 1e-10 of the gradient.
TEST(JacobianPenalty, HasItsGradientByTheStates) {
  for (const auto* plugin : {&node(), &rnn()}) {
    PenaltyProblem<double> one(*plugin);
    const Numbers x = one.problem.x0;
    const Numbers direction = normal_numbers(static_cast<std::int64_t>(x.size()), "direction");
    const auto result = one.at(x);
    const double slope = testing::slope_at_zero(
        [&](double h) {
          Numbers moved = x;
          for (std::size_t i = 0; i < x.size(); ++i) moved[i] += h * direction[i];
          return one.at(moved).value;
        },
        1e-3);
    EXPECT_NEAR(inner(result.x_bar, direction), slope, 1e-8 * std::abs(slope));
  }
}

TEST(JacobianPenalty, HasItsGradientByTheParameters) {
  for (const auto* plugin : {&node(), &rnn()}) {
    PenaltyProblem<double> one(*plugin);
    const Numbers theta = one.problem.theta;
    const Numbers direction = normal_numbers(static_cast<std::int64_t>(theta.size()), "direction");
    const auto result = one.at(one.problem.x0);
    Numbers moved = theta;
    const double slope = testing::slope_at_zero(
        [&](double h) {
          for (std::size_t i = 0; i < theta.size(); ++i) moved[i] = theta[i] + h * direction[i];
          one.problem.operations->prepare(moved.data());
          return one.at(one.problem.x0).value;
        },
        1e-3);
    EXPECT_NEAR(inner(result.theta_bar, direction), slope, 1e-8 * std::abs(slope));
  }
}

// Single precision leaves some 2e-5 of the differences.
TEST(JacobianPenalty, AgreesInSinglePrecision) {
  PenaltyProblem<double> precise(node());
  PenaltyProblem<float> single(node());
  const auto expected = precise.at(precise.problem.x0);
  const auto found = single.at(single.problem.x0);
  EXPECT_NEAR(found.value, expected.value, 1e-5 * expected.value);
  const double scale = std::sqrt(inner(expected.theta_bar, expected.theta_bar));
  for (std::size_t i = 0; i < expected.theta_bar.size(); ++i) {
    EXPECT_NEAR(double{found.theta_bar[i]}, expected.theta_bar[i], 1e-4 * scale) << i;
  }
}

TEST(JacobianPenalty, AddsNothingWhereTheJacobianVanishes) {
  const testing::PluginSystem plugin(DYNKIT_PLUGINS, "org.dynkit.rnn",
                                     table_of({"", "", {{"n", "5"}, {"m", "3"}}}));
  PenaltyProblem<double> flat(plugin);
  const Numbers none(flat.problem.theta.size());
  flat.problem.operations->prepare(none.data());
  const auto result = flat.at(flat.problem.x0);
  EXPECT_EQ(result.value, 0.0);
  EXPECT_EQ(inner(result.x_bar, result.x_bar), 0.0);
  EXPECT_EQ(inner(result.theta_bar, result.theta_bar), 0.0);
}

// A whole fit: the difference that the penalty makes is the sum over its trials and times.
class PenalizedFit : public ::testing::TestWithParam<bool> {
 protected:
  PenalizedFit()
      : problem({.name = "",
                 .flow = GetParam(),
                 .terms = {{LossKind::squared, false, "states", {}, 0.8}}}) {}

  double gradient(double lambda, const Numbers& values, std::int64_t T, Numbers& gradient,
                  std::int64_t epoch = 4) {
    problem.fit.jacobian_penalty = lambda;
    problem.fit.jacobian_signs = make_stream(5, "signs");
    Variables variables = problem.variables;
    variables.values = values;
    const auto engine = problem.engine(host);
    engine->begin_epoch(epoch);
    return engine->gradient(variables, problem.trials, T, gradient);
  }

  FitProblem problem;
  TestHost host;
};

INSTANTIATE_TEST_SUITE_P(Kinds, PenalizedFit, ::testing::Bool(),
                         [](const auto& is_flow) { return is_flow.param ? "flow" : "map"; });

TEST_P(PenalizedFit, HasAnExactGradientAndIsLinearInLambda) {
  Numbers with, without, moved_gradient;
  const Numbers values = problem.variables.values;
  const Numbers direction = normal_numbers(static_cast<std::int64_t>(values.size()), "way");
  for (const std::int64_t T : {FitProblem::kTimes, std::int64_t{4}}) {
    const double plain = gradient(0.0, values, T, without);
    const double once = gradient(0.6, values, T, with) - plain;
    const double twice = gradient(1.2, values, T, moved_gradient) - plain;
    EXPECT_GT(once, 0.0);
    EXPECT_NEAR(twice, 2.0 * once, 1e-12 * twice);
    const double slope = testing::slope_at_zero(
        [&](double h) {
          Numbers moved = values;
          for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += h * direction[i];
          return gradient(0.6, moved, T, moved_gradient);
        },
        1e-3);
    EXPECT_NEAR(inner(with, direction), slope, 1e-8 * std::abs(slope)) << T;
  }
}

TEST_P(PenalizedFit, DrawsOtherSignsInOtherEpochsAndTheSameOnTwoThreads) {
  Numbers first, other, on_two;
  const Numbers values = problem.variables.values;
  gradient(0.6, values, FitProblem::kTimes, first, 4);
  gradient(0.6, values, FitProblem::kTimes, other, 5);
  EXPECT_NE(first, other);
  const TestHost two(2);
  const auto engine = problem.engine(two);
  engine->begin_epoch(4);
  engine->gradient(problem.variables, problem.trials, FitProblem::kTimes, on_two);
  EXPECT_EQ(first, on_two);
}

TEST_P(PenalizedFit, DependsOnTheTrialsNotOnTheirOrder) {
  Numbers ignored;
  const Numbers values = problem.variables.values;
  const double expected = gradient(5.0, values, FitProblem::kTimes, ignored);
  std::reverse(problem.trials.begin(), problem.trials.end());
  EXPECT_NEAR(gradient(5.0, values, FitProblem::kTimes, ignored), expected, 1e-13 * expected);
}

// Of one unit with x' = w x + b, |J^T w|^2 = w^2 for any sign: the mean over trials and times, also
// where a target that lags behind adds a state.
TEST(PenaltyOfOneUnit, IsKnownExactly) {
  const testing::PluginSystem plugin(
      DYNKIT_PLUGINS, "org.dynkit.rnn",
      table_of({"", "", {{"n", "1"}, {"m", "0"}, {"activation", "identity"}}}));
  TrainingData data{3, 4, {0.0, 1.0, 2.0, 3.0}, {}, "", {}};
  data.series["states"] = {1, normal_numbers(12, "states")};
  Fit fit{plugin.system(),
          nullptr,
          data,
          {{LossKind::squared, false, "states", {}, 1.0, 1}},
          InitialState::data,
          {},
          {},
          {},
          {}};
  const TestHost host;
  const auto loss = [&](double lambda) {
    fit.jacobian_penalty = lambda;
    Variables variables;
    const VariableMap map = add_variables(fit, {0.8, 0.1, 0.0}, {}, variables);
    Numbers gradient;
    return double_engine(fit, map, host)->gradient(variables, {0, 1, 2}, 4, gradient);
  };
  EXPECT_NEAR(loss(3.0) - loss(0.0), 0.5 * 3.0 * 0.8 * 0.8, 1e-13);
}

TEST_P(PenalizedFit, IsJudgedWithoutThePenalty) {
  problem.fit.jacobian_penalty = 0.0;
  const double plain = problem.engine(host)->loss(problem.variables, problem.trials, 6);
  problem.fit.jacobian_penalty = 0.6;
  EXPECT_EQ(problem.engine(host)->loss(problem.variables, problem.trials, 6), plain);
}

}  // namespace
}  // namespace dynkit::training
