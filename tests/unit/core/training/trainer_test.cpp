// The loop of training on an objective whose course is known.
#include "trainer.hpp"

#include <algorithm>
#include <set>

#include "training_run.hpp"

namespace dynkit::training {
namespace {

using Numbers = std::vector<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// |v - c|^2 with the mean of all centers: one step of 1/2 leads there.
TEST(Trainer, TakesTheStepsOfItsOptimizer) {
  TrainingRun training(gradient_descent(1, 0.5));
  training.run();
  for (std::size_t i = 0; i < 3; ++i) {
    double mean = 0.0;
    for (std::int64_t trial = 0; trial < 7; ++trial) mean += FakeEngine::center(trial, i) / 7.0;
    EXPECT_NEAR(training.variables.values[i], mean, 1e-14);
  }
}

TEST(Trainer, VisitsEachTrialOnceInAnEpoch) {
  TrainingRun training(gradient_descent(4, 0.01));
  training.options.batch = 3;
  training.run();
  ASSERT_EQ(training.fake.calls.size(), 12u);
  std::set<std::vector<std::int64_t>> orders;
  for (std::size_t epoch = 0; epoch < 4; ++epoch) {
    std::vector<std::int64_t> order;
    for (std::size_t batch = 0; batch < 3; ++batch) {
      const auto& trials = training.fake.calls[3 * epoch + batch].trials;
      EXPECT_EQ(trials.size(), batch == 2 ? 1u : 3u);
      order.insert(order.end(), trials.begin(), trials.end());
    }
    orders.insert(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, training.split.train);
  }
  EXPECT_EQ(orders.size(), 4u);
}

TEST(Trainer, OrdersTrialsByItsStream) {
  TrainingRun one(gradient_descent(2, 0.01)), same(one.options), other(one.options);
  other.seed = 2;
  for (TrainingRun* training : {&one, &same, &other}) {
    training->options.batch = 7;
    training->run();
  }
  EXPECT_EQ(one.fake.calls[0].trials, same.fake.calls[0].trials);
  EXPECT_NE(one.fake.calls[0].trials, other.fake.calls[0].trials);
}

TEST(Trainer, RecordsTheMeanOverTrialsWithThePenalty) {
  TrainingRun training(gradient_descent(1, 0.01));
  training.options.batch = 4;  // 4 and 3 trials
  training.variables.blocks()[0].penalty = 0.3;
  training.run();
  double expected = 0.0;
  for (const auto& call : training.fake.calls) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (const std::int64_t trial : call.trials) {
        expected += std::pow(call.values[i] - FakeEngine::center(trial, i), 2) / 7.0;
      }
      expected +=
          0.15 * call.values[i] * call.values[i] * static_cast<double>(call.trials.size()) / 7.0;
    }
  }
  ASSERT_EQ(training.state().history.size(), 1u);
  EXPECT_NEAR(training.state().history[0].train_loss, expected, 1e-13 * expected);
}

// A gradient of ones adds up the rates.
TEST(Trainer, AsksItsScheduleForEachBatch) {
  TrainerOptions options = gradient_descent(5, 0.4);
  options.batch = 2;  // at 0, 2/7, 4/7 and 6/7 of an epoch
  options.schedule.kind = "cosine";
  options.schedule.warm_up = 1.5;
  TrainingRun training(options);
  training.fake.spoil = [](const FakeEngine::Call&, double& loss, Numbers& gradient) {
    loss = 1.0;
    gradient = {1.0, 1.0, 1.0};
  };
  training.run();
  const Schedule schedule(training.options.schedule);
  double expected = training.fake.calls[0].values[0];
  for (std::size_t epoch = 0; epoch < 5; ++epoch) {
    for (const double share : {0.0, 2.0 / 7.0, 4.0 / 7.0, 6.0 / 7.0}) {
      const double rate = schedule.rate(static_cast<double>(epoch) + share);
      expected -= rate;
    }
    const double last = schedule.rate(static_cast<double>(epoch) + 6.0 / 7.0);
    EXPECT_NEAR(training.state().history[epoch].learning_rate, last, 1e-15);
  }
  EXPECT_NEAR(training.state().values[0], expected, 1e-14);
}

// Of a loss that stays: two epochs after the best the rate is halved, then after two more.
TEST(Trainer, TellsItsScheduleTheLossOfValidation) {
  TrainingRun training(gradient_descent(6, 0.1));
  training.options.schedule.kind = "plateau";
  training.options.schedule.patience = 1;
  training.split.validation = {8};
  training.fake.validation = [](std::size_t) { return 3.0; };
  training.run();
  const Numbers expected = {0.1, 0.1, 0.1, 0.05, 0.05, 0.025};
  for (std::size_t epoch = 0; epoch < 6; ++epoch) {
    EXPECT_DOUBLE_EQ(training.state().history[epoch].learning_rate, expected[epoch]) << epoch;
  }
}

TEST(Trainer, ClipsTheWholeGradientByItsNorm) {
  TrainingRun training(gradient_descent(1, 0.25));
  training.options.clip_norm = 2.0;
  const Numbers start = training.variables.values;
  training.run();
  double square = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    square += std::pow(training.state().values[i] - start[i], 2);
  }
  EXPECT_NEAR(std::sqrt(square), 0.25 * 2.0, 1e-14);
  EXPECT_GT(training.state().history[0].gradient_norm, 2.5);  // as it was
}

TEST(Trainer, ClipsTheElementsOfTheGradient) {
  TrainingRun training(gradient_descent(1, 0.25));
  training.options.clip_values = 1.5;
  training.run();
  // The gradient at (3, 1, -2) is (0, 5, -6.6).
  EXPECT_EQ(training.state().values, (Numbers{3.0, 1.0 - 0.25 * 1.5, -2.0 + 0.25 * 1.5}));
}

TEST(Trainer, KeepsValuesInTheirBounds) {
  TrainingRun training(gradient_descent(30, 0.1));
  training.variables.blocks()[0].lower = -1.25;
  training.variables.blocks()[0].upper = 2.5;
  training.run();
  for (const auto& call : training.fake.calls) {
    for (const double value : call.values) {
      EXPECT_GE(value, -1.25);
      EXPECT_LE(value, 2.5);
    }
  }
  // The best are (3, -1.5, 1.3).
  EXPECT_EQ(training.variables.values[0], 2.5);
  EXPECT_EQ(training.variables.values[1], -1.25);
  EXPECT_NEAR(training.variables.values[2], 1.3, 0.01);
}

// Two more blocks: one is fixed, one is trained without decay. All gradients are zero.
TEST(Trainer, ShrinksWhatDecaysAndNothingElse) {
  TrainingRun training;
  training.options.epochs = 3;
  training.options.optimizer.kind = "adamw";
  training.options.optimizer.weight_decay = 0.5;
  training.options.schedule.rate = 0.2;
  training.variables.add("fixed", {4.0});
  training.variables.add("kept", {5.0, 6.0});
  training.variables.blocks()[1].trainable = false;
  training.variables.blocks()[2].decays = false;
  training.fake.spoil = [](const FakeEngine::Call&, double&, Numbers& gradient) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
  };
  training.run();
  const double shrunk = 0.9 * 0.9 * 0.9;
  const Numbers expected = {3.0 * shrunk, shrunk, -2.0 * shrunk, 4.0, 5.0, 6.0};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(training.state().values[i], expected[i], 1e-14) << i;
  }
}

TEST(Trainer, LeavesWhatIsNotTrained) {
  TrainingRun training;
  training.options.epochs = 5;
  training.variables.blocks()[0].trainable = false;
  const Numbers start = training.variables.values;
  training.run();
  EXPECT_EQ(training.variables.values, start);
  EXPECT_EQ(training.state().history[0].gradient_norm, 0.0);
}

TEST(Trainer, EndsAfterItsEpochs) {
  TrainingRun training(gradient_descent(3, 0.1));
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::epochs_done);
  EXPECT_EQ(outcome.cause, "all 3 epochs");
  EXPECT_EQ(training.state().epoch, 3);
  EXPECT_EQ(training.fake.calls.size(), 3u);
}

TEST(Trainer, SavesItsLastState) {
  TrainingRun training(gradient_descent(3, 0.1));
  training.run();
  ASSERT_FALSE(training.saved.empty());
  EXPECT_LE(training.saved.size(), 2u);  // the first epoch's and the last, within a second
  EXPECT_EQ(numbers_of(training.saved.back()), numbers_of(training.state()));
}

// Losses of validation 5, 3, 4, 2, 6, 7: the fourth epoch was the best.
TEST(BestValues, AreThoseOfTheLowestValidationLoss) {
  TrainingRun training(gradient_descent(6, 0.05));
  training.split.validation = {8, 9};
  const Numbers losses = {5.0, 3.0, 4.0, 2.0, 6.0, 7.0};
  training.fake.validation = [&](std::size_t n) { return losses.at(n - 1); };
  training.run();
  EXPECT_EQ(training.state().best_epoch, 4);
  EXPECT_EQ(training.state().best_loss, 2.0);
  EXPECT_EQ(training.variables.values, training.fake.free_runs[3].values);
  EXPECT_NE(training.variables.values, training.state().values);
  for (std::size_t i = 0; i < losses.size(); ++i) {
    EXPECT_EQ(training.state().history[i].validation_loss, losses[i]);
    EXPECT_EQ(training.fake.free_runs[i].trials, training.split.validation);
  }
}

// Judged by what an epoch ends with, not by the loss that its last step began with.
TEST(BestValues, AreThoseOfTheLowestLossOfTheTrainingTrialsWithoutOthers) {
  TrainingRun training(gradient_descent(6, 0.05));
  const Numbers losses = {5.0, 3.0, 2.0, 4.0, 6.0, 7.0};
  training.fake.validation = [&](std::size_t n) { return losses.at(n - 1); };
  training.run();
  EXPECT_EQ(training.state().best_epoch, 3);
  EXPECT_EQ(training.state().best_loss, 2.0);
  EXPECT_EQ(training.variables.values, training.fake.free_runs[2].values);
  for (const FakeEngine::Call& call : training.fake.free_runs) {
    EXPECT_EQ(call.trials, training.split.train);
  }
}

TEST(Batches, ThatCompareNothingAreLeftOut) {
  TrainingRun training(gradient_descent(1, 0.05));
  training.options.batch = 1;
  training.fake.unknown = 4;
  training.run();
  EXPECT_EQ(training.fake.calls.size(), 6u);
  for (const FakeEngine::Call& call : training.fake.calls) EXPECT_NE(call.trials.front(), 4);
  EXPECT_EQ(training.state().history[0].skipped, 0);
}

// The loss of more times is larger, which is no plateau.
TEST(Window, IsNoPlateauWhileItGrows) {
  TrainingRun training(gradient_descent(8, 0.01));
  training.options.window = 2;
  training.options.window_epochs = 6;
  training.options.schedule.kind = "plateau";
  training.options.schedule.patience = 1;
  training.fake.validation = [](std::size_t n) { return static_cast<double>(n); };
  training.run();
  for (std::size_t epoch = 0; epoch < 8; ++epoch) {
    EXPECT_EQ(training.state().history[epoch].learning_rate, 0.01) << epoch;
  }
}

TEST(BestValues, AreNotThoseOfALossThatIsNoNumber) {
  TrainingRun training(gradient_descent(3, 0.05));
  training.split.validation = {8};
  const Numbers losses = {kNaN, 3.0, kNaN};
  training.fake.validation = [&](std::size_t n) { return losses.at(n - 1); };
  training.run();
  EXPECT_EQ(training.state().best_epoch, 2);
}

TEST(EarlyStop, ComesAfterPatienceWithoutABetterLoss) {
  TrainingRun training(gradient_descent(50, 0.05));
  training.options.patience = 4;
  training.split.validation = {8, 9};
  const Numbers losses = {5.0, 3.0, 4.0, 3.0, 3.5, 2.0, 6.0, 2.0, 7.0, 2.1, 0.1};
  training.fake.validation = [&](std::size_t n) { return losses.at(n - 1); };
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::early_stop);
  EXPECT_EQ(outcome.cause, "no better loss in 4 epochs since epoch 6");
  EXPECT_EQ(training.state().epoch, 10);
  EXPECT_EQ(training.variables.values, training.fake.free_runs[5].values);
}

// From 5 of 20 times by 15/6 in each of 6 epochs.
TEST(Window, GrowsToAllTimes) {
  TrainingRun training(gradient_descent(9, 0.01));
  training.options.window = 5;
  training.options.window_epochs = 6;
  training.split.validation = {8};
  training.run();
  const std::int64_t expected[] = {5, 7, 10, 12, 15, 17, 20, 20, 20};
  for (std::size_t epoch = 0; epoch < 9; ++epoch) {
    EXPECT_EQ(training.fake.calls[epoch].T, expected[epoch]) << epoch;
    EXPECT_EQ(training.fake.free_runs[epoch].T, expected[epoch]) << epoch;
  }
}

TEST(Window, IsAtMostAllTimes) {
  TrainingRun training(gradient_descent(3, 0.01));
  training.options.window = 33;
  training.options.window_epochs = 2;
  training.run();
  for (const auto& call : training.fake.calls) EXPECT_EQ(call.T, TrainingRun::kTimes);
}

// A short window is easier: its losses must neither win nor wear out the patience.
TEST(Window, LetsLossesOfAllTimesAloneDecide) {
  TrainingRun training(gradient_descent(9, 0.01));
  training.options.window = 5;
  training.options.window_epochs = 6;
  training.options.patience = 2;
  training.split.validation = {8};
  const Numbers losses = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 9.0, 8.0, 8.5};
  training.fake.validation = [&](std::size_t n) { return losses.at(n - 1); };
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::epochs_done);
  EXPECT_EQ(training.state().best_epoch, 8);
  EXPECT_EQ(training.state().best_loss, 8.0);
}

TEST(Cancellation, EndsWithTheBestValues) {
  TrainingRun training(gradient_descent(50, 0.05));
  training.options.batch = 3;
  training.split.validation = {8};
  training.fake.validation = [](std::size_t n) { return n == 2 ? 1.0 : 2.0; };
  training.fake.spoil = [&](const FakeEngine::Call&, double&, Numbers&) {
    if (training.fake.calls.size() == 13) training.services.cancel_flag() = true;  // in epoch 5
  };
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::interrupted);
  EXPECT_EQ(outcome.cause, "stopped on request in epoch 5");
  EXPECT_EQ(training.fake.calls.size(), 13u);
  EXPECT_EQ(training.state().epoch, 4);
  EXPECT_EQ(training.variables.values, training.fake.free_runs[1].values);
  EXPECT_EQ(training.saved.back().epoch, 4);
}

TEST(Progress, TellsHowFarItIs) {
  TrainingRun training(gradient_descent(3, 0.5));
  training.split.validation = {8};
  training.fake.validation = [](std::size_t n) { return 0.125 * static_cast<double>(n); };
  training.run();
  ASSERT_EQ(training.progress.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(training.progress[i].first, static_cast<double>(i + 1) / 3.0);
  }
  const std::string& text = training.progress[1].second;
  EXPECT_TRUE(text.starts_with("epoch 2 of 3, loss ")) << text;
  EXPECT_NE(text.find(" (validation 0.25), gradient "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" s left")) << text;
}

TEST(Progress, IsSilentOfValidationWhereThereIsNone) {
  TrainingRun training(gradient_descent(2, 0.5));
  training.run();
  ASSERT_EQ(training.progress.size(), 2u);
  EXPECT_EQ(training.progress[0].second.find("validation"), std::string::npos);
  EXPECT_TRUE(training.log.empty());
}

}  // namespace
}  // namespace dynkit::training
