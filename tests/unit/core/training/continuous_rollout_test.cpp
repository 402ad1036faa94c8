// Gradients of rollouts by the continuous adjoint.
#include "continuous_rollout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "powers_problem.hpp"
#include "problem.hpp"

namespace dynkit::training {
namespace {

const std::string kPlugins = DYNKIT_PLUGINS;
constexpr std::int64_t kTimes = 23;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

RolloutOptions solved_by(Method method, double tolerance) {
  RolloutOptions options;
  options.integration.method = method;
  options.integration.rtol = options.integration.atol = tolerance;
  return options;
}

// A problem whose states are drawn towards others at two times of three, all the way at some.
struct Forced {
  explicit Forced(const testing::PluginSystem& plugin)
      : problem(plugin, kTimes),
        teacher(normal_numbers(kTimes * static_cast<std::int64_t>(problem.x0.size()), "teacher")) {
    for (std::int64_t k = 0; k < kTimes; ++k) {
      alpha.push_back(k % 7 == 4 ? 1.0 : 0.2 * static_cast<double>(k % 3));
    }
    problem.data.forcing = alpha.data();
    problem.data.teacher = teacher.data();
  }
  Problem<double> problem;
  Numbers teacher, alpha;
};

Problem<double>::Gradient continuous_gradient(Problem<double>& problem, Method method,
                                              double tolerance) {
  constexpr std::int64_t kSamples = Problem<double>::kSamples;
  ContinuousRollout rollout(*problem.operations, kSamples, solved_by(method, tolerance));
  problem.operations->prepare(problem.theta.data());
  Problem<double>::Gradient result{0.0, Numbers(problem.theta.size()), Numbers(problem.x0.size()),
                                   Numbers(kTimes * problem.x0.size(), kNaN)};
  result.loss = rollout.gradient(problem.data, problem.loss,
                                 {result.theta.data(), result.x0.data(), result.teacher.data()});
  return result;
}

// By the transpose of the steps of a method of order 8: errors of some (0.004 / 0.1)^8.
Problem<double>::Gradient discrete_gradient(Problem<double>& problem) {
  RolloutOptions options = solved_by(Method::dop853, 0.0);
  options.integration.adaptive = false;
  options.integration.step = 0.004;
  auto rollout = problem.rollout(options);
  return problem.gradient(rollout);
}

// The largest difference of an element, relative to the length of the whole.
double distance(const Numbers& found, const Numbers& expected) {
  double largest = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(found[i] - expected[i]);
    if (!(difference <= largest)) largest = difference;  // NaN too
  }
  const double length = std::sqrt(inner(expected, expected));
  return length > 0.0 ? largest / length : largest;
}

double distance(const Problem<double>::Gradient& found, const Problem<double>::Gradient& expected) {
  return std::max({distance(found.theta, expected.theta), distance(found.x0, expected.x0),
                   distance(found.teacher, expected.teacher)});
}

class ContinuousGradients : public ::testing::TestWithParam<Family> {
 protected:
  testing::PluginSystem plugin_{kPlugins, GetParam().component, table_of(GetParam()),
                                GetParam().scale};
};

INSTANTIATE_TEST_SUITE_P(
    Flows, ContinuousGradients,
    ::testing::Values(
        Family{"node", "org.dynkit.node", {{"n", "3"}, {"m", "2"}, {"hidden", "[7, 8]"}}, 1.0},
        Family{"rnn",
               "org.dynkit.rnn",
               {{"n", "5"}, {"m", "3"}, {"time", "flow"}, {"tau", "0.7"}},
               1.0},
        Family{"lorenz", "org.dynkit.lorenz63", {}, 1.0}),
    [](const auto& family) { return family.param.name; });

TEST_P(ContinuousGradients, AgreeWithTheTransposedSteps) {
  Problem<double> problem(plugin_, kTimes);
  const auto expected = discrete_gradient(problem);
  for (const Method method : {Method::adams, Method::bdf}) {
    const auto found = continuous_gradient(problem, method, 1e-9);
    EXPECT_NEAR(found.loss, expected.loss, 1e-6 * expected.loss) << method_name(method);
    EXPECT_LT(distance(found, expected), 1e-6) << method_name(method);
  }
}

TEST_P(ContinuousGradients, AgreeWithTheTransposedStepsUnderATeacher) {
  Forced forced(plugin_);
  const auto expected = discrete_gradient(forced.problem);
  for (const Method method : {Method::adams, Method::bdf}) {
    const auto found = continuous_gradient(forced.problem, method, 1e-9);
    EXPECT_NEAR(found.loss, expected.loss, 1e-6 * expected.loss) << method_name(method);
    EXPECT_LT(distance(found, expected), 1e-6) << method_name(method);
  }
}

TEST_P(ContinuousGradients, ConvergeWithTheTolerance) {
  Problem<double> free(plugin_, kTimes);
  Forced forced(plugin_);
  for (Problem<double>* problem : {&free, &forced.problem}) {
    const auto expected = discrete_gradient(*problem);
    double last = 1.0;
    for (const double tolerance : {1e-4, 1e-6, 1e-8}) {
      const double error =
          distance(continuous_gradient(*problem, Method::adams, tolerance), expected);
      EXPECT_LT(error, 100.0 * tolerance);
      EXPECT_LT(error, 0.2 * last) << tolerance;
      last = error;
    }
  }
}

ContinuousRollout rollout_of(const PowersProblem& problem, double tolerance = 1e-10) {
  return {problem.operations, 3, solved_by(Method::adams, tolerance)};
}

// x = x0 e^(theta t), dx/dtheta = t x. Some tens of steps have errors of 1e-10.
TEST(ContinuousRollout, OfAnExponentialIsItsClosedForm) {
  PowersProblem problem(1.0);
  WeightedSum loss;
  auto rollout = rollout_of(problem);
  double theta_bar = 10.0, expected_loss = 0.0, expected_theta = 10.0, growth = 0.0;  // accumulates
  Numbers x0_bar(6);
  for (std::size_t k = 0; k < 5; ++k) {
    const double t = problem.times[k] - 0.5, w = 1.0 + static_cast<double>(k);
    for (const double x : problem.x0) {
      expected_loss += w * x * std::exp(problem.theta * t);
      expected_theta += w * t * x * std::exp(problem.theta * t);
    }
    growth += w * std::exp(problem.theta * t);
  }
  EXPECT_NEAR(rollout.gradient(problem.data, loss, {&theta_bar, x0_bar.data(), nullptr}),
              expected_loss, 1e-8 * expected_loss);
  EXPECT_NEAR(theta_bar, expected_theta, 1e-8 * expected_theta);
  for (const double x_bar : x0_bar) EXPECT_NEAR(x_bar, growth, 1e-8 * growth);
}

// x' = theta x^2 ends at t - 0.5 = 1 / (0.7 * 0.9) in the last row, between the last two times.
TEST(ContinuousRollout, OfARowThatEndsIsNotANumber) {
  PowersProblem problem(2.0);
  WeightedSum loss;
  auto rollout = rollout_of(problem, 1e-6);
  double theta_bar = 0.0;
  Numbers x0_bar(6);
  EXPECT_TRUE(std::isnan(rollout.loss(problem.data, loss)));
  const double value = rollout.gradient(problem.data, loss, {&theta_bar, x0_bar.data(), nullptr});
  EXPECT_TRUE(std::isnan(value) && std::isnan(theta_bar));
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(std::isfinite(x0_bar[i]), i < 4) << i;
}

// The teacher takes over at the time before the row would end.
TEST(ContinuousRollout, GoesOnFromATeacherThatTakesOver) {
  PowersProblem problem(2.0);
  const Numbers alpha = {0.0, 0.0, 0.0, 1.0, 0.0};
  const Numbers teacher(30, 0.1);
  problem.data.forcing = alpha.data();
  problem.data.teacher = teacher.data();
  problem.x0[0] = kNaN;
  struct Last : Observer<double> {
    double observe(std::int64_t k, const double* x, double*) override {
      return k == 4 ? x[0] + x[4] : 0.0;
    }
  } last;
  auto rollout = rollout_of(problem);
  // x = 1 / (1 / x0 - theta t) of 1.3 time units
  EXPECT_NEAR(rollout.loss(problem.data, last), 2.0 / (1.0 / 0.1 - 0.7 * 1.3), 1e-8);
}

TEST(ContinuousRollout, KeepsWhatTheLossAddsToTheTeachersGradient) {
  PowersProblem problem(1.0);
  const Numbers alpha = {0.0, 0.0, 0.25, 0.0, 0.0}, teacher(30, 0.1);
  problem.data.forcing = alpha.data();
  problem.data.teacher = teacher.data();
  struct Ties : WeightedSum {
    double observe(std::int64_t k, const double* x, double* x_bar) override {
      if (teacher_bar != nullptr) teacher_bar[k * 6 + 1] += 3.0;
      return WeightedSum::observe(k, x, x_bar);
    }
    double* teacher_bar = nullptr;
  } loss;
  Numbers teacher_bar(30, kNaN);
  loss.teacher_bar = teacher_bar.data();
  double theta_bar = 0.0;
  auto rollout = rollout_of(problem);
  rollout.gradient(problem.data, loss, {&theta_bar, nullptr, teacher_bar.data()});
  const double later = 4.0 * std::exp(0.7 * 0.1) + 5.0 * std::exp(0.7 * 1.4);
  EXPECT_NEAR(teacher_bar[12], 0.25 * later, 1e-7);
  EXPECT_NEAR(teacher_bar[13], 0.25 * later + 3.0, 1e-7);
  EXPECT_EQ(teacher_bar[7], 3.0);
  EXPECT_EQ(teacher_bar[24], 0.0);
}

TEST(ContinuousRollout, AsksEachTimeOnceFromTheLastToTheFirst) {
  PowersProblem problem(1.0);
  WeightedSum loss;
  auto rollout = rollout_of(problem);
  double theta_bar = 0.0;
  const double value = rollout.gradient(problem.data, loss, {&theta_bar, nullptr, nullptr});
  EXPECT_EQ(loss.times, (std::vector<std::int64_t>{4, 3, 2, 1, 0}));
  loss.times.clear();
  EXPECT_NEAR(rollout.loss(problem.data, loss), value, 1e-14 * value);  // another order of sums
  EXPECT_EQ(loss.times, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

TEST(ContinuousRollout, OfOneTimeIsTheLossOfTheInitialStates) {
  PowersProblem problem(1.0);
  problem.data.T = 1;
  WeightedSum loss;
  auto rollout = rollout_of(problem);
  double theta_bar = 0.0;
  Numbers x0_bar(6);
  EXPECT_NEAR(rollout.gradient(problem.data, loss, {&theta_bar, x0_bar.data(), nullptr}), 2.5,
              1e-15);
  EXPECT_EQ(x0_bar, Numbers(6, 1.0));
  EXPECT_EQ(theta_bar, 0.0);
}

// A restart begins with small steps of order 1.
TEST(ContinuousRollout, RestartsOnlyWhereAnInputChanges) {
  Numbers inputs(15, 0.4);
  std::int64_t asked[3] = {};
  for (const std::size_t change : {0u, 1u, 2u}) {
    PowersProblem problem(1.0);
    if (change > 0) problem.data.inputs = inputs.data();
    if (change == 2) inputs[2 * 3 + 1] = 0.5;  // row 1 at time 2
    WeightedSum loss;
    auto rollout = rollout_of(problem);
    rollout.loss(problem.data, loss);
    asked[change] = problem.operations.evaluations;
  }
  EXPECT_EQ(asked[1], asked[0]);
  EXPECT_GT(asked[2], asked[1] + 20);
}

TEST(ContinuousRollout, TakesTheMethodsThatHaveAnAdjoint) {
  const Powers operations(1.0);
  EXPECT_THROW(ContinuousRollout(operations, 3, solved_by(Method::dop853, 1e-6)), Error);
}

}  // namespace
}  // namespace dynkit::training
