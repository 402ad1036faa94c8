// A linear map that is trained on its own trajectories.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "fit_problem.hpp"
#include "trainer.hpp"

namespace dynkit::training {

inline constexpr std::int64_t kStates = 3, kInputs = 2, kTrials = 20, kTimes = 7;
inline const Numbers kW = {0.8, -0.3, 0.1, 0.4, 0.7, 0.0, -0.2, 0.1, 0.5};
inline const Numbers kV = {0.5, -1.0, 0.3, 0.2, -0.4, 0.9};
inline const Numbers kB = {0.1, -0.2, 0.3};

inline double at(const Numbers& values, std::int64_t i) {
  return values[static_cast<std::size_t>(i)];
}

inline TrainingData linear_data(bool same_start) {
  TrainingData data;
  data.trials = kTrials;
  data.T = kTimes;
  for (std::int64_t k = 0; k < kTimes; ++k) data.times.push_back(static_cast<double>(k));
  data.inputs = "inputs";
  const Numbers inputs = normal_numbers(kTrials * kTimes * kInputs, "linear inputs");
  Numbers states = normal_numbers(kTrials * kTimes * kStates, "linear states");
  for (std::int64_t trial = 0; trial < kTrials; ++trial) {
    for (std::int64_t k = 0; k < kTimes; ++k) {
      const std::int64_t row = trial * kTimes + k;
      double* x = states.data() + row * kStates;
      if (k == 0 && same_start) std::copy_n(states.data(), kStates, x);
      if (k == 0) continue;
      for (std::int64_t i = 0; i < kStates; ++i) {
        x[i] = at(kB, i);
        for (std::int64_t j = 0; j < kStates; ++j) {
          x[i] += at(kW, i * kStates + j) * at(states, (row - 1) * kStates + j);
        }
        for (std::int64_t j = 0; j < kInputs; ++j) {
          x[i] += at(kV, i * kInputs + j) * at(inputs, (row - 1) * kInputs + j);
        }
      }
    }
  }
  data.series["states"] = {kStates, states};
  data.series["inputs"] = {kInputs, inputs};
  return data;
}

// An rnn with the activation left out, trained on these.
struct LinearFit {
  LinearFit(InitialState initial, Shooting shooting, const TrainerOptions& options,
            double upper = std::numeric_limits<double>::infinity(), std::int64_t iterations = 300)
      : plugin(DYNKIT_PLUGINS, "org.dynkit.rnn",
               table_of({"", "", {{"n", "3"}, {"m", "2"}, {"activation", "identity"}}})),
        data(linear_data(initial == InitialState::learned)),
        fit{plugin.system(),
            nullptr,
            data,
            {{LossKind::squared, false, "states", {}, 1.0}},
            initial,
            {},
            {},
            shooting,
            {},
            7},
        map(add_variables(fit, plugin.theta(), {}, variables)) {
    for (VariableBlock& block : variables.blocks()) block.upper = upper;
    Split split;
    split.train = trials();
    const auto engine = double_engine(fit, map, host);
    Trainer trainer(*engine, variables, split, options, kTimes, make_stream(1, "order"), host,
                    [](const TrainerState&) {});
    const auto minimizer = make_minimizer({options.optimizer.kind, iterations, 1e-12}, *engine);
    if (minimizer) trainer.use(*minimizer);
    outcome = trainer.run();
    epochs = trainer.state().epoch;
  }

  std::unique_ptr<Minimizer> make_minimizer(const MinimizerOptions& options, Engine& engine) const {
    if (options.kind == "lbfgs") return lbfgs(engine, options);
    if (options.kind == "levenberg_marquardt") return levenberg_marquardt(fit, map, options, host);
    return nullptr;
  }

  Numbers gradient() const {
    Numbers gradient;
    double_engine(fit, map, host)->gradient(variables, trials(), kTimes, gradient);
    return gradient;
  }
  static std::vector<std::int64_t> trials() {
    std::vector<std::int64_t> all;
    for (std::int64_t trial = 0; trial < kTrials; ++trial) all.push_back(trial);
    return all;
  }

  Numbers block(const std::string& name) const {
    for (const VariableBlock& one : variables.blocks()) {
      if (one.name != name) continue;
      const auto first = variables.values.begin() + one.offset;
      return {first, first + one.size};
    }
    return {};
  }
  // PyTorch's two biases count together.
  Numbers bias() const {
    Numbers sum = block("bias_ih_l0");
    const Numbers other = block("bias_hh_l0");
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += other[i];
    return sum;
  }

  TestHost host;
  testing::PluginSystem plugin;
  TrainingData data;
  Fit fit;
  Variables variables;
  VariableMap map;
  TrainingOutcome outcome;
  std::int64_t epochs = 0;
};

inline void expect_near(const Numbers& found, const Numbers& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

/// The loss is zero there.
inline void expect_truth(const LinearFit& fit, double tolerance = 1e-5) {
  expect_near(fit.block("weight_hh_l0"), kW, tolerance);
  expect_near(fit.block("weight_ih_l0"), kV, tolerance);
  expect_near(fit.bias(), kB, tolerance);
  if (fit.fit.initial != InitialState::learned) return;
  const Numbers& states = fit.data.series.at("states").values;
  expect_near(fit.block("initial_state"), {states.begin(), states.begin() + kStates}, tolerance);
}

}  // namespace dynkit::training
