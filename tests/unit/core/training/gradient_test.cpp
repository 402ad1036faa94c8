// Gradients of losses through many steps of every family of models.
#include <cmath>
#include <numeric>

#include "problem.hpp"
#include "sensitivities.hpp"
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

// The derivative of SquaredLoss by the sensitivities X of the states to parameters and first
// states, summed on the way forwards.
class SensitivityLoss : public Observer<double> {
 public:
  SensitivityLoss(SquaredLoss<double>& loss, std::int64_t n, std::int64_t K)
      : loss_(loss), n_(n), K_(K), by_parameters(static_cast<std::size_t>(K - n)) {}

  double observe(std::int64_t k, const double* rows, double*) override {
    constexpr std::int64_t S = Problem<double>::kSamples;
    Numbers x, x_bar(static_cast<std::size_t>(S * n_));
    const std::int64_t width = n_ * (1 + K_);
    for (std::int64_t s = 0; s < S; ++s) x.insert(x.end(), rows + s * width, rows + s * width + n_);
    const double value = loss_.observe(k, x.data(), x_bar.data());
    by_state.resize(x.size());
    for (std::int64_t s = 0; s < S; ++s) {
      for (std::int64_t i = 0; i < n_; ++i) add(s, x_bar, i, rows + s * width + n_ + i * K_);
    }
    return value;
  }

 private:
  void add(std::int64_t s, const Numbers& x_bar, std::int64_t i, const double* X) {
    const double bar = x_bar[static_cast<std::size_t>(s * n_ + i)];
    const std::int64_t p = K_ - n_;
    for (std::int64_t j = 0; j < p; ++j) by_parameters[static_cast<std::size_t>(j)] += bar * X[j];
    for (std::int64_t j = 0; j < n_; ++j) {
      by_state[static_cast<std::size_t>(s * n_ + j)] += bar * X[p + j];
    }
  }

  SquaredLoss<double>& loss_;
  const std::int64_t n_, K_;

 public:
  Numbers by_parameters, by_state;
};

// The same sums of products in another order, over 50 steps.
TEST_P(Gradients, AgreeWithForwardSensitivities) {
  Problem<double> problem(plugin_, kTimes);
  auto transposed = problem.rollout(rk4());
  const auto expected = problem.gradient(transposed);
  const std::int64_t n = problem.n, K = plugin_.info().p + n, width = n * (1 + K);
  std::vector<std::int64_t> parameters(static_cast<std::size_t>(plugin_.info().p));
  std::iota(parameters.begin(), parameters.end(), 0);
  const Sensitivities sensitivities(*problem.operations, parameters, K);
  Rollout<double> rollout(sensitivities, plugin_.info().time_kind, problem.kSamples, rk4());
  Numbers start(static_cast<std::size_t>(problem.kSamples * width));
  for (std::int64_t s = 0; s < problem.kSamples; ++s) {
    double* row = start.data() + s * width;
    double* X = std::copy_n(problem.x0.data() + s * n, n, row);
    for (std::int64_t i = 0; i < n; ++i) X[i * K + plugin_.info().p + i] = 1.0;
  }
  problem.data.x0 = start.data();
  SensitivityLoss loss(problem.loss, n, K);
  EXPECT_NEAR(rollout.loss(problem.data, loss), expected.loss, 1e-13 * expected.loss);
  const double scale = std::sqrt(inner(expected.theta, expected.theta));
  for (std::size_t i = 0; i < expected.theta.size(); ++i) {
    EXPECT_NEAR(loss.by_parameters[i], expected.theta[i], 1e-11 * scale) << i;
  }
  const double state_scale = std::sqrt(inner(expected.x0, expected.x0));
  for (std::size_t i = 0; i < expected.x0.size(); ++i) {
    EXPECT_NEAR(loss.by_state[i], expected.x0[i], 1e-11 * state_scale) << i;
  }
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
