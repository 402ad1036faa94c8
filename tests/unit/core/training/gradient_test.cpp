// Gradients of losses through many steps of every family of models.
#include <cmath>

#include "problem.hpp"
#include "support/differences.hpp"

namespace dynkit::training {
namespace {

const std::string kPlugins = DYNKIT_PLUGINS;
constexpr std::int64_t kTimes = 51;  // 50 steps of a map

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"rnn_map", "org.dynkit.rnn", {{"n", "5"}, {"m", "3"}, {"alpha", "0.4"}}},
      {"rnn_flow", "org.dynkit.rnn", {{"n", "5"}, {"m", "3"}, {"time", "flow"}, {"tau", "0.7"}}},
      {"gru", "org.dynkit.gru", {{"n", "5"}, {"m", "3"}}},
      {"lstm", "org.dynkit.lstm", {{"n", "5"}, {"m", "3"}}},
      {"node_flow", "org.dynkit.node", {{"n", "3"}, {"m", "2"}, {"hidden", "[7, 8]"}}},
      {"node_map",
       "org.dynkit.node",
       {{"n", "3"}, {"m", "2"}, {"hidden", "[7, 8]"}, {"time", "map"}, {"step", "0.1"}}},
      {"node_second_order",
       "org.dynkit.node",
       {{"n", "4"}, {"m", "2"}, {"hidden", "[7]"}, {"second_order", "true"}}},
      {"gated_node_flow",
       "org.dynkit.gated_node",
       {{"n", "5"}, {"m", "3"}, {"hidden", "[7]"}, {"activation", "tanh"}, {"time", "flow"}}},
      {"gated_node_map",
       "org.dynkit.gated_node",
       {{"n", "5"}, {"m", "3"}, {"hidden", "[7]"}, {"activation", "tanh"}, {"alpha", "0.5"}}},
      {"low_rank", "org.dynkit.low_rank_rnn", {{"n", "7"}, {"rank", "2"}, {"m", "3"}}},
      {"low_rank_reduced",
       "org.dynkit.low_rank_rnn",
       {{"n", "7"}, {"rank", "2"}, {"m", "3"}, {"form", "reduced"}}},
      {"langevin_flow",
       "org.dynkit.langevin",
       {{"k", "2"}, {"m", "3"}, {"potential", "mlp"}, {"hidden", "[7, 8]"}}},
      {"langevin_map",
       "org.dynkit.langevin",
       {{"k", "2"}, {"m", "3"}, {"hidden", "[7]"}, {"time", "map"}, {"step", "0.1"}}},
      {"oscillators",
       "org.dynkit.langevin",
       {{"k", "8"}, {"m", "3"}, {"potential", "oscillators"}}},
      {"double_well", "org.dynkit.langevin", {{"k", "2"}, {"potential", "double_well"}}},
      {"lorenz", "org.dynkit.lorenz63", {}},
  };
  return all;
}

class Gradients : public ::testing::TestWithParam<Family> {
 protected:
  testing::PluginSystem plugin_{kPlugins, GetParam().component, table_of(GetParam()),
                                GetParam().scale};
};

INSTANTIATE_TEST_SUITE_P(Families, Gradients, ::testing::ValuesIn(families()),
                         [](const auto& family) { return family.param.name; });

RolloutOptions rk4() {
  RolloutOptions options;
  options.integration.method = Method::rk4;
  options.integration.step = 0.03;
  return options;
}

// The loss has rounding errors of some 1e-15 of its value, so the extrapolated differences some
// 1e-12; 1e-7 leaves room for their truncation.
TEST_P(Gradients, AgreeWithDifferencesAlongParameters) {
  Problem<double> problem(plugin_, kTimes);
  auto rollout = problem.rollout(rk4());
  const auto gradient = problem.gradient(rollout);
  for (const char* name : {"one", "two", "three"}) {
    const Numbers direction = normal_numbers(plugin_.info().p, name);
    const double expected = testing::slope_at_zero(
        [&](double h) { return problem.moved_loss(rollout, direction, h); }, 1e-3);
    const double scale =
        std::sqrt(inner(gradient.theta, Numbers(gradient.theta)) * inner(direction, direction));
    EXPECT_NEAR(inner(gradient.theta, direction), expected, 1e-7 * scale) << name;
  }
}

TEST_P(Gradients, AgreeWithDifferencesAlongTheInitialStates) {
  Problem<double> problem(plugin_, kTimes);
  auto rollout = problem.rollout(rk4());
  const auto gradient = problem.gradient(rollout);
  const Numbers direction = normal_numbers(static_cast<std::int64_t>(problem.x0.size()), "states");
  const Numbers start = problem.x0;
  const double expected = testing::slope_at_zero(
      [&](double h) {
        for (std::size_t i = 0; i < start.size(); ++i) problem.x0[i] = start[i] + h * direction[i];
        return rollout.loss(problem.data, problem.loss);
      },
      1e-3);
  const double scale =
      std::sqrt(inner(gradient.x0, Numbers(gradient.x0)) * inner(direction, direction));
  EXPECT_NEAR(inner(gradient.x0, direction), expected, 1e-7 * scale);
}

TEST_P(Gradients, HaveTheSameBitsFromAnyNumberOfCheckpoints) {
  Problem<double> problem(plugin_, kTimes);
  RolloutOptions options = rk4();
  auto whole = problem.rollout(options);
  const auto expected = problem.gradient(whole);
  for (const std::int64_t checkpoints : {1, 2, 4, 11}) {
    options.checkpoints = checkpoints;
    auto rollout = problem.rollout(options);
    const auto found = problem.gradient(rollout);
    EXPECT_EQ(found.loss, expected.loss) << checkpoints;
    EXPECT_EQ(found.theta, expected.theta) << checkpoints;
    EXPECT_EQ(found.x0, expected.x0) << checkpoints;
  }
}

TEST_P(Gradients, GiveTheLossThatGoingForwardsGives) {
  Problem<double> problem(plugin_, kTimes);
  auto rollout = problem.rollout(rk4());
  const auto gradient = problem.gradient(rollout);
  EXPECT_NEAR(rollout.loss(problem.data, problem.loss), gradient.loss, 1e-12 * gradient.loss);
}

// Terms of a sum of some hundred products of single precision.
TEST_P(Gradients, InSinglePrecisionAgreeWithThoseInDouble) {
  if (plugin_.model().extension<dk_f32_v1>(DK_F32_V1) == nullptr) {
    EXPECT_EQ(float_operations(plugin_.system()), nullptr);
    return;
  }
  Problem<double> precise(plugin_, kTimes);
  Problem<float> problem(plugin_, kTimes);
  auto precise_rollout = precise.rollout(rk4());
  auto rollout = problem.rollout(rk4());
  const auto expected = precise.gradient(precise_rollout);
  const auto found = problem.gradient(rollout);
  EXPECT_NEAR(found.loss, expected.loss, 1e-5 * expected.loss);
  const double scale = std::sqrt(inner(expected.theta, expected.theta));
  for (std::size_t i = 0; i < expected.theta.size(); ++i) {
    EXPECT_NEAR(double{found.theta[i]}, expected.theta[i], 2e-5 * scale) << i;
  }
}

}  // namespace
}  // namespace dynkit::training
