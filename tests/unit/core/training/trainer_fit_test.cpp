// Trainings whose answer is known, and the bits of real ones.
#include <algorithm>
#include <cmath>

#include "fit_problem.hpp"
#include "linear_fit.hpp"
#include "training_run.hpp"

namespace dynkit::training {
namespace {

// Until nothing is left but its last steps.
TrainerOptions slow_adam() {
  TrainerOptions options;
  options.epochs = 2500;
  options.schedule.kind = "cosine";
  options.schedule.rate = 0.03;
  options.schedule.epochs = options.epochs;
  return options;
}

TEST(Training, RecoversALinearMapFromItsTrajectories) {
  const LinearFit fit(InitialState::data, {}, slow_adam());
  EXPECT_EQ(fit.outcome.end, TrainingEnd::epochs_done);
  expect_truth(fit);
}

TEST(Training, RecoversALinearMapByMultipleShooting) {
  expect_truth(LinearFit(InitialState::data, {2, 1.0}, slow_adam()));
}

TEST(Training, RecoversTheInitialStateToo) {
  const LinearFit fit(InitialState::learned, {}, slow_adam());
  expect_truth(fit);
}

constexpr std::int64_t kObserved = 4, kRows = 30;

// Of `kind` on targets [30,4]; `states` of 3 components.
struct ReadoutFit {
  ReadoutFit(LossKind kind, Numbers states, Numbers targets)
      : plugin(DYNKIT_PLUGINS, "org.dynkit.rnn", table_of({"", "", {{"n", "3"}}})),
        readout("org.dynkit.affine", {{"n", parse_value("3")}, {"o", parse_value("4")}}),
        data{kRows, 1, {0.0}, {}, "", {}},
        fit{plugin.system(),
            &readout.readout(),
            data,
            {{kind, true, "targets", {}, 1.0}},
            InitialState::data,
            {},
            {},
            {},
            {},
            32} {
    data.series["states"] = {kStates, std::move(states)};
    data.series["targets"] = {kObserved, std::move(targets)};
    for (std::int64_t i = 0; i < kRows; ++i) data.mask.push_back(i % 6 == 2 ? 0.0 : 1.0);
    map = add_variables(fit, plugin.theta(), readout.theta(), variables);
    for (VariableBlock& block : variables.blocks()) {
      block.trainable = block.name.starts_with("readout.") || block.name.starts_with("log_sigma");
    }
  }

  VariableBlock& block(const std::string& name) {
    const auto found = std::find_if(variables.blocks().begin(), variables.blocks().end(),
                                    [&](const VariableBlock& one) { return one.name == name; });
    return found != variables.blocks().end() ? *found
                                             : throw std::invalid_argument("no block " + name);
  }
  double value(const std::string& name, std::int64_t i) {
    return at(variables.values, block(name).offset + i);
  }

  void train() {
    TrainerOptions options = gradient_descent(4000, 0.4);
    options.optimizer.momentum = 0.9;
    Split split;
    for (std::int64_t row = 0; row < kRows; ++row) split.train.push_back(row);
    const auto engine = double_engine(fit, map, host);
    Trainer trainer(*engine, variables, split, options, 1, make_stream(1, "order"), host,
                    [](const TrainerState&) {});
    trainer.run();
    // Where the loss no longer falls by rounding, the last values are the answer.
    variables.values = trainer.state().values;
  }

  TestHost host;
  testing::PluginSystem plugin;
  PluginReadout readout;
  TrainingData data;
  Fit fit;
  Variables variables;
  VariableMap map;
};

Numbers targets_with_gaps() {
  Numbers targets = normal_numbers(kRows * kObserved, "regression targets");
  for (std::size_t i = 5; i < targets.size(); i += 19) {
    targets[i] = std::numeric_limits<double>::quiet_NaN();
  }
  return targets;
}

// A c = r by elimination with pivots.
Numbers solve(std::vector<Numbers> A, Numbers r) {
  const std::size_t N = r.size();
  for (std::size_t column = 0; column < N; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column; row < N; ++row) {
      if (std::abs(A[row][column]) > std::abs(A[pivot][column])) pivot = row;
    }
    std::swap(A[pivot], A[column]);
    std::swap(r[pivot], r[column]);
    for (std::size_t row = 0; row < N; ++row) {
      if (row == column) continue;
      const double factor = A[row][column] / A[column][column];
      for (std::size_t j = 0; j < N; ++j) A[row][j] -= factor * A[column][j];
      r[row] -= factor * r[column];
    }
  }
  for (std::size_t i = 0; i < N; ++i) r[i] /= A[i][i];
  return r;
}

// 2/count sum z (z^T c - d) + lambda (w, 0) = 0 for z = (x, 1), one output after the other.
void expect_regression(double lambda) {
  const Numbers states = normal_numbers(kRows * kStates, "regression states");
  const Numbers targets = targets_with_gaps();
  ReadoutFit fit(LossKind::squared, states, targets);
  fit.block("readout.weight").penalty = lambda;
  fit.train();
  const auto known = [&](std::int64_t row, std::int64_t i) {
    return row % 6 != 2 && !std::isnan(at(targets, row * kObserved + i));
  };
  double count = 0.0;
  for (std::int64_t i = 0; i < kRows * kObserved; ++i) {
    count += known(i / kObserved, i % kObserved) ? 1.0 : 0.0;
  }
  for (std::int64_t i = 0; i < kObserved; ++i) {
    std::vector<Numbers> A(4, Numbers(4));
    Numbers r(4);
    for (std::size_t a = 0; a < 3; ++a) A[a][a] = lambda;
    for (std::int64_t row = 0; row < kRows; ++row) {
      if (!known(row, i)) continue;
      const double z[] = {at(states, row * 3), at(states, row * 3 + 1), at(states, row * 3 + 2), 1};
      for (std::size_t a = 0; a < 4; ++a) {
        for (std::size_t b = 0; b < 4; ++b) A[a][b] += 2.0 / count * z[a] * z[b];
        r[a] += 2.0 / count * z[a] * at(targets, row * kObserved + i);
      }
    }
    const Numbers expected = solve(A, r);
    for (std::int64_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(fit.value("readout.weight", i * 3 + j), at(expected, j), 1e-10);
    }
    EXPECT_NEAR(fit.value("readout.bias", i), expected[3], 1e-10);
  }
}

TEST(Training, SolvesTheNormalEquations) {
  expect_regression(0.0);
}

TEST(Training, ShrinksWeightsAsRidgeRegressionDoes) {
  expect_regression(0.3);
}

TEST(Training, LeavesTheParametersThatAreNotTrained) {
  ReadoutFit fit(LossKind::squared, normal_numbers(kRows * kStates, "states"), targets_with_gaps());
  fit.train();
  const Numbers& theta = fit.plugin.theta();
  EXPECT_EQ(Numbers(fit.variables.values.begin(),
                    fit.variables.values.begin() + static_cast<std::ptrdiff_t>(theta.size())),
            theta);
}

// At states of zero an observation is its bias.
TEST(Training, FindsTheLogarithmOfTheMeanCount) {
  Numbers counts = targets_with_gaps();
  for (double& count : counts) count = std::floor(3.0 * count * count);
  ReadoutFit fit(LossKind::poisson, Numbers(kRows * kStates), counts);
  fit.train();
  for (std::int64_t i = 0; i < kObserved; ++i) {
    double sum = 0.0, known = 0.0;
    for (std::int64_t row = 0; row < kRows; ++row) {
      const double count = at(counts, row * kObserved + i);
      if (row % 6 == 2 || std::isnan(count)) continue;
      sum += count;
      known += 1.0;
    }
    EXPECT_NEAR(std::exp(fit.value("readout.bias", i)), sum / known, 1e-9);
  }
}

TEST(Training, FindsTheSharesOfClasses) {
  Numbers classes(kRows * kObserved), shares(kObserved);
  double rows = 0.0;
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::size_t hot = row % 11 % kObserved;
    classes[row * kObserved + hot] = 1.0;
    if (row % 6 == 2) continue;
    shares[hot] += 1.0;
    rows += 1.0;
  }
  ReadoutFit fit(LossKind::cross_entropy, Numbers(kRows * kStates), classes);
  fit.train();
  Numbers weights;
  double total = 0.0;
  for (std::int64_t i = 0; i < kObserved; ++i) {
    weights.push_back(std::exp(fit.value("readout.bias", i)));
    total += weights.back();
  }
  for (std::size_t i = 0; i < kObserved; ++i) {
    ASSERT_GT(shares[i], 0.0);
    EXPECT_NEAR(weights[i] / total, shares[i] / rows, 1e-9);
  }
}

TEST(Training, FindsMeanAndSpreadOfNoise) {
  const Numbers targets = targets_with_gaps();
  ReadoutFit fit(LossKind::gaussian, Numbers(kRows * kStates), targets);
  fit.train();
  for (std::int64_t i = 0; i < kObserved; ++i) {
    double sum = 0.0, squares = 0.0, known = 0.0;
    for (std::int64_t row = 0; row < kRows; ++row) {
      const double d = at(targets, row * kObserved + i);
      if (row % 6 == 2 || std::isnan(d)) continue;
      sum += d;
      squares += d * d;
      known += 1.0;
    }
    const double mean = sum / known, variance = squares / known - mean * mean;
    EXPECT_NEAR(fit.value("readout.bias", i), mean, 1e-9);
    EXPECT_NEAR(std::exp(2.0 * fit.value("log_sigma.targets", i)), variance, 1e-9);
  }
}

FitCase several_groups() {
  return {.name = "several_groups",
          .flow = true,
          .initial = InitialState::learned,
          .shooting = {3, 0.4},
          .terms = {{LossKind::squared, false, "states", {}, 1.0},
                    {LossKind::gaussian, true, "observations", {}, 0.5}},
          .readout = "org.dynkit.affine"};
}

// Six epochs of batches of 6 and 3 trials in parts of 4, from `from` unless NULL, stopped on
// request after the epoch `stop_epoch`.
struct RealRun {
  RealRun(std::int32_t threads, const TrainerState* from = nullptr, std::int64_t stop_epoch = 6)
      : host(threads), problem(several_groups()) {
    TrainerOptions options;
    options.epochs = 6;
    options.batch = 6;
    options.schedule.rate = 0.01;
    Split split{{0, 2, 3, 4, 6, 7, 8, 9, 10}, {1, 5}, {}};
    const auto engine = problem.engine(host);
    Trainer trainer(*engine, problem.variables, split, options, FitProblem::kTimes,
                    make_stream(1, "order"), host, [&](const TrainerState& one) {
                      if (one.epoch == stop_epoch) host.services.cancel_flag() = true;
                    });
    if (from != nullptr) trainer.resume(*from);
    trainer.run();
    state = trainer.state();
  }

  TestHost host;
  FitProblem problem;
  TrainerState state;
};

TEST(Training, HasTheSameBitsOnAnyNumberOfThreads) {
  const RealRun expected(1);
  EXPECT_LT(expected.state.history.back().train_loss, expected.state.history.front().train_loss);
  for (const std::int32_t threads : {2, 3}) {
    const RealRun found(threads);
    EXPECT_EQ(numbers_of(found.state), numbers_of(expected.state));
    EXPECT_EQ(found.problem.variables.values, expected.problem.variables.values);
  }
}

// The first epoch is always saved.
TEST(Training, OfARealFitGoesOnWithTheSameBits) {
  const RealRun expected(2), first(2, nullptr, 1);
  ASSERT_EQ(first.state.epoch, 1);
  const RealRun second(1, &first.state);
  EXPECT_EQ(numbers_of(second.state), numbers_of(expected.state));
  EXPECT_EQ(second.problem.variables.values, expected.problem.variables.values);
}

}  // namespace
}  // namespace dynkit::training
