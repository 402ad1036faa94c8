// Teachers, adaptive steps, order of asking, and memory of rollouts.
#include <algorithm>
#include <cmath>
#include <limits>

#include "powers_problem.hpp"
#include "problem.hpp"
#include "reversal.hpp"
#include "support/differences.hpp"

namespace dynkit::training {
namespace {

const std::string kPlugins = DYNKIT_PLUGINS;
constexpr std::int64_t kTimes = 23;

testing::PluginSystem node_flow(double scale = 1.0) {
  return {kPlugins, "org.dynkit.node",
          table_of({"", "", {{"n", "3"}, {"m", "2"}, {"hidden", "[7, 8]"}}}), scale};
}

testing::PluginSystem rnn_map() {
  return {kPlugins, "org.dynkit.rnn", table_of({"", "", {{"n", "5"}, {"m", "3"}}})};
}

RolloutOptions with_method(Method method, bool adaptive, double tolerance, double step = 0.0) {
  RolloutOptions options;
  options.integration.method = method;
  options.integration.adaptive = adaptive;
  options.integration.rtol = options.integration.atol = tolerance;
  options.integration.step = step;
  return options;
}

// A problem whose states are drawn towards others, all the way at some times.
struct Forced {
  explicit Forced(const testing::PluginSystem& plugin) : problem(plugin, kTimes) {
    const Numbers states =
        normal_numbers(kTimes * static_cast<std::int64_t>(problem.x0.size()), "teacher");
    teacher = states;
    for (std::int64_t k = 0; k < kTimes; ++k)
      alpha.push_back(k % 4 == 1 ? 1.0 : 0.1 * static_cast<double>(k % 4));
    problem.data.forcing = alpha.data();
    problem.data.teacher = teacher.data();
  }
  Problem<double> problem;
  Numbers alpha, teacher;
};

double teacher_slope(Forced& forced, Rollout<double>& rollout, const Numbers& direction) {
  const Numbers start = forced.teacher;
  const double slope = testing::slope_at_zero(
      [&](double h) {
        for (std::size_t i = 0; i < start.size(); ++i) {
          forced.teacher[i] = start[i] + h * direction[i];
        }
        return rollout.loss(forced.problem.data, forced.problem.loss);
      },
      1e-3);
  forced.teacher = start;
  return slope;
}

void expect_forced_gradients(const testing::PluginSystem& plugin, std::int64_t checkpoints) {
  Forced forced(plugin);
  RolloutOptions options = with_method(Method::rk4, false, 0.0, 0.03);
  options.checkpoints = checkpoints;
  auto rollout = forced.problem.rollout(options);
  const auto gradient = forced.problem.gradient(rollout);
  const Numbers along = normal_numbers(plugin.info().p, "along theta");
  const double theta_slope = testing::slope_at_zero(
      [&](double h) { return forced.problem.moved_loss(rollout, along, h); }, 1e-3);
  EXPECT_NEAR(inner(gradient.theta, along), theta_slope, 1e-7 * std::abs(gradient.loss));
  const Numbers direction =
      normal_numbers(static_cast<std::int64_t>(forced.teacher.size()), "along teacher");
  EXPECT_NEAR(inner(gradient.teacher, direction), teacher_slope(forced, rollout, direction),
              1e-7 * std::abs(gradient.loss));
}

TEST(TeacherForcing, HasExactGradientsThroughMaps) {
  expect_forced_gradients(rnn_map(), 0);
  expect_forced_gradients(rnn_map(), 3);
}

TEST(TeacherForcing, HasExactGradientsThroughFlows) {
  expect_forced_gradients(node_flow(), 0);
  expect_forced_gradients(node_flow(), 3);
}

// With alpha = 1 at all times every step begins at the data: the loss of one step ahead.
TEST(TeacherForcing, AtEveryTimeIsPredictionOfOneStep) {
  const testing::PluginSystem plugin = rnn_map();
  Forced forced(plugin);
  std::fill(forced.alpha.begin(), forced.alpha.end(), 1.0);
  Problem<double>& problem = forced.problem;
  auto rollout = problem.rollout();
  problem.operations->prepare(problem.theta.data());
  double expected = problem.loss.observe(0, problem.x0.data(), nullptr);
  for (std::int64_t k = 0; k + 1 < kTimes; ++k) {
    Numbers next(problem.x0.size());
    dk_points points{};
    points.count = Problem<double>::kSamples;
    points.x = {forced.teacher.data() + k * static_cast<std::int64_t>(next.size()), problem.n};
    points.u = {problem.inputs.data() + k * points.count * problem.m, problem.m};
    problem.operations->eval(points, next.data());
    expected += problem.loss.observe(k + 1, next.data(), nullptr);
  }
  EXPECT_NEAR(rollout.loss(problem.data, problem.loss), expected, 1e-12 * expected);
}

// A state that is lost is mended by a teacher that takes over.
TEST(TeacherForcing, ThatTakesOverForgetsStatesThatAreNotNumbers) {
  const testing::PluginSystem plugin = rnn_map();
  Forced forced(plugin);
  forced.alpha.assign(forced.alpha.size(), 1.0);
  forced.problem.x0[2] = std::numeric_limits<double>::quiet_NaN();
  struct Last : Observer<double> {
    double observe(std::int64_t k, const double* x, double*) override {
      return k == kTimes - 1 ? x[2] : 0.0;
    }
  } last;
  auto rollout = forced.problem.rollout();
  forced.problem.operations->prepare(forced.problem.theta.data());
  EXPECT_TRUE(std::isfinite(rollout.loss(forced.problem.data, last)));
}

// Where the tolerance is large every step is accepted and the next one as long as the controller
// allows, whatever the states: the steps do not move with the parameters.
TEST(AdaptiveSteps, HaveExactGradientsForTheStepsThatWereTaken) {
  const testing::PluginSystem plugin = node_flow();
  for (const Method method : {Method::tsit5, Method::dop853}) {
    Problem<double> problem(plugin, kTimes);
    auto rollout = problem.rollout(with_method(method, true, 1e9, 1e-3));
    const auto gradient = problem.gradient(rollout);
    const Numbers along = normal_numbers(plugin.info().p, "along");
    const double slope = testing::slope_at_zero(
        [&](double h) { return problem.moved_loss(rollout, along, h); }, 1e-3);
    EXPECT_NEAR(inner(gradient.theta, along), slope, 1e-9 * std::abs(slope));
  }
}

// Rows reject and arrive at different steps here: many for each time, of a strong field.
TEST(AdaptiveSteps, GiveGradientsThatConvergeWithTheTolerance) {
  const testing::PluginSystem plugin = node_flow(2.5);
  Problem<double> problem(plugin, 5);
  for (double& t : problem.times) t *= 20.0;
  auto fine = problem.rollout(with_method(Method::dop853, false, 0.0, 0.004));
  const auto expected = problem.gradient(fine);
  const double size = std::sqrt(inner(expected.theta, expected.theta));
  double last = 1.0;
  for (const double tolerance : {1e-3, 1e-5, 1e-7, 1e-9}) {
    auto rollout = problem.rollout(with_method(Method::tsit5, true, tolerance));
    const auto found = problem.gradient(rollout);
    double error = 0.0;
    for (std::size_t i = 0; i < expected.theta.size(); ++i) {
      error = std::max(error, std::abs(found.theta[i] - expected.theta[i]) / size);
    }
    EXPECT_LT(error, 100.0 * tolerance);
    EXPECT_LT(error, 0.2 * last) << tolerance;
    last = error;
  }
}

TEST(AdaptiveSteps, RepeatTheSolutionToTheBit) {
  const testing::PluginSystem plugin = node_flow();
  Problem<double> problem(plugin, kTimes);
  RolloutOptions options = with_method(Method::tsit5, true, 1e-6);
  auto whole = problem.rollout(options);
  const auto expected = problem.gradient(whole);
  EXPECT_NEAR(whole.loss(problem.data, problem.loss), expected.loss, 1e-12 * expected.loss);
  options.checkpoints = 2;
  auto rollout = problem.rollout(options);
  const auto found = problem.gradient(rollout);
  EXPECT_EQ(found.loss, expected.loss);
  EXPECT_EQ(found.theta, expected.theta);
}

TEST(AdaptiveSteps, LeaveARowThatCannotGoOnAndKeepTheOthers) {
  const testing::PluginSystem plugin = node_flow();
  Problem<double> problem(plugin, kTimes);
  problem.x0[4] = std::numeric_limits<double>::quiet_NaN();  // of row 1
  struct Rows : Observer<double> {
    double observe(std::int64_t k, const double* x, double*) override {
      if (k == kTimes - 1) last.assign(x, x + 3 * Problem<double>::kSamples);
      return 0.0;
    }
    Numbers last;
  } rows;
  problem.operations->prepare(problem.theta.data());
  auto rollout = problem.rollout(with_method(Method::tsit5, true, 1e-6));
  rollout.loss(problem.data, rows);
  for (std::size_t i = 0; i < rows.last.size(); ++i) {
    EXPECT_EQ(std::isfinite(rows.last[i]), i / 3 != 1) << i;
  }
}

// x' = theta x^2 ends at t - 0.5 = 1 / (0.7 * 0.9) in the last row, between the last two times.
TEST(AdaptiveSteps, LoseARowThatEndsInGradientsAsInLosses) {
  for (const Method method : {Method::tsit5, Method::dop853}) {
    PowersProblem problem(2.0);
    WeightedSum loss;
    Rollout<double> rollout(problem.operations, DK_FLOW, 3, with_method(method, true, 1e-6));
    double theta_bar = 0.0;
    Numbers x0_bar(6);
    EXPECT_TRUE(std::isnan(rollout.loss(problem.data, loss)));
    const double value = rollout.gradient(problem.data, loss, {&theta_bar, x0_bar.data(), nullptr});
    EXPECT_TRUE(std::isnan(value) && std::isnan(theta_bar)) << method_name(method);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(std::isfinite(x0_bar[i]), i < 4) << i;
  }
}

// The last row ends before the third time, where a teacher has taken over.
TEST(AdaptiveSteps, GoOnFromATeacherThatTakesOverFromALostRow) {
  PowersProblem problem(2.0);
  problem.x0 = {0.1, 0.2, 0.3, 0.4, 20.0, 30.0};
  const Numbers alpha = {0.0, 0.0, 0.0, 1.0, 0.0}, teacher(30, 0.1);
  problem.data.forcing = alpha.data();
  problem.data.teacher = teacher.data();
  struct Ends : Observer<double> {
    double observe(std::int64_t k, const double* x, double*) override {
      if (k == 2) before = x[4];
      if (k == 4) last.assign(x, x + 6);
      return 0.0;
    }
    double before = 0.0;
    Numbers last;
  } ends;
  Rollout<double> rollout(problem.operations, DK_FLOW, 3, with_method(Method::tsit5, true, 1e-9));
  rollout.loss(problem.data, ends);
  EXPECT_TRUE(std::isnan(ends.before));
  // x = 1 / (1 / x0 - theta t) of 1.3 time units
  for (const double x : ends.last) EXPECT_NEAR(x, 1.0 / (1.0 / 0.1 - 0.7 * 1.3), 1e-8);
}

TEST(Rollout, AsksEachTimeOnceFromTheLastToTheFirst) {
  const testing::PluginSystem plugin = rnn_map();
  Problem<double> problem(plugin, kTimes);
  RolloutOptions options;
  options.checkpoints = 3;
  auto rollout = problem.rollout(options);
  problem.gradient(rollout);
  ASSERT_EQ(problem.loss.times.size(), static_cast<std::size_t>(kTimes));
  for (std::int64_t k = 0; k < kTimes; ++k) {
    EXPECT_EQ(problem.loss.times[static_cast<std::size_t>(k)], kTimes - 1 - k);
  }
}

TEST(Rollout, OfOneTimeIsTheLossOfTheInitialStates) {
  const testing::PluginSystem plugin = rnn_map();
  Problem<double> problem(plugin, 1);
  auto rollout = problem.rollout();
  const auto gradient = problem.gradient(rollout);
  Numbers expected(problem.x0.size());
  EXPECT_EQ(gradient.loss, problem.loss.observe(0, problem.x0.data(), expected.data()));
  EXPECT_EQ(gradient.x0, expected);
  EXPECT_EQ(gradient.theta, Numbers(gradient.theta.size()));
}

TEST(Rollout, RunsEachStepOnceWhereAllFits) {
  const testing::PluginSystem plugin = rnn_map();
  Problem<double> problem(plugin, kTimes);
  auto rollout = problem.rollout();
  problem.gradient(rollout);
  EXPECT_EQ(rollout.forward_steps(), kTimes - 1);
}

// With c checkpoints and r sweeps C(c + r, r) steps are reversed, none run more than r times before
// it is taped (Griewank 1992).
TEST(Reversal, RunsNoStepMoreOftenThanTheTheoremAllows) {
  const testing::PluginSystem plugin = rnn_map();
  struct Case {
    std::int64_t steps, checkpoints, sweeps;
  };
  for (const auto& [steps, checkpoints, sweeps] :
       {Case{10, 3, 3}, Case{56, 4, 5}, Case{84, 4, 6}, Case{120, 8, 3}}) {
    Problem<double> problem(plugin, steps + 1);
    RolloutOptions options;
    options.checkpoints = checkpoints;
    auto rollout = problem.rollout(options);
    problem.gradient(rollout);
    EXPECT_LE(rollout.forward_steps(), (sweeps + 1) * steps) << steps;
    EXPECT_GT(rollout.forward_steps(), steps);
  }
}

TEST(Reversal, SetsCheckpointsWithinTheSteps) {
  for (std::int64_t count = 2; count < 60; ++count) {
    for (std::int64_t taped = 1; taped < count; ++taped) {
      for (std::int64_t free = 0; free < 5; ++free) {
        const std::int64_t next = next_checkpoint(count, taped, free);
        EXPECT_GT(next, 0);
        EXPECT_LT(next, count);
      }
    }
  }
}

}  // namespace
}  // namespace dynkit::training
