// Losses and gradients that are not finite.
#include "trainer.hpp"
#include "training_run.hpp"

namespace dynkit::training {
namespace {

using Numbers = std::vector<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Calls of the gradient, from 1, that are spoiled.
void spoil_calls(TrainingRun& training, const std::vector<std::size_t>& calls) {
  training.fake.spoil = [&training, calls](const FakeEngine::Call&, double& loss, Numbers&) {
    const auto number = training.fake.calls.size();
    if (std::find(calls.begin(), calls.end(), number) != calls.end()) loss = kNaN;
  };
}

struct Spoiled {
  double loss, slope;
};

void expect_skipped(TrainingRun& training, const Spoiled& spoiled) {
  training.options.batch = 3;  // three batches
  training.fake.spoil = [&](const FakeEngine::Call&, double& loss, Numbers& gradient) {
    if (training.fake.calls.size() != 2) return;
    loss = spoiled.loss;
    gradient[1] = spoiled.slope;
  };
  training.run();
  const auto& calls = training.fake.calls;
  EXPECT_EQ(calls[2].values, calls[1].values);
  EXPECT_NE(calls[1].values, calls[0].values);
  EXPECT_EQ(training.state().history[0].skipped, 1);
  EXPECT_EQ(training.state().optimizer.steps, 2);
  EXPECT_TRUE(std::isfinite(training.state().history[0].train_loss));
  EXPECT_TRUE(std::isfinite(training.state().history[0].gradient_norm));
}

TEST(SkippedBatches, AreThoseWithALossThatIsNotFinite) {
  for (const double loss : {kNaN, kInfinity, -kInfinity}) {
    TrainingRun training(gradient_descent(1, 0.05));
    expect_skipped(training, {loss, 1.0});
  }
}

TEST(SkippedBatches, AreThoseWithAGradientThatIsNotFinite) {
  for (const double slope : {kNaN, kInfinity, -kInfinity}) {
    TrainingRun training(gradient_descent(1, 0.05));
    expect_skipped(training, {1.0, slope});
  }
}

// An infinite gradient has no direction, however short it is made.
TEST(SkippedBatches, AreThoseWithAGradientThatIsNotFiniteBeforeClipping) {
  for (const double slope : {kNaN, kInfinity, -kInfinity}) {
    TrainingRun by_values(gradient_descent(1, 0.05)), by_norm(gradient_descent(1, 0.05));
    by_values.options.clip_values = 2.0;
    by_norm.options.clip_norm = 2.0;
    expect_skipped(by_values, {1.0, slope});
    expect_skipped(by_norm, {1.0, slope});
  }
}

TEST(SkippedBatches, CountWithoutRollbackUpToFour) {
  TrainingRun training(gradient_descent(10, 0.05));
  spoil_calls(training, {3, 4, 5, 6, 8, 9});
  training.run();
  EXPECT_EQ(training.state().rollbacks, 0);
  EXPECT_EQ(training.state().rate_scale, 1.0);
  EXPECT_EQ(training.state().bad_batches, 0);
  EXPECT_TRUE(training.log.empty());
}

// The second epoch was the best; the five bad ones are 4 to 8.
TEST(Rollback, BringsTheBestValuesBackWithHalfTheRate) {
  TrainingRun training(gradient_descent(10, 0.05));
  training.split.validation = {8};
  training.fake.validation = [](std::size_t n) { return n == 2 ? 1.0 : 2.0; };
  spoil_calls(training, {4, 5, 6, 7, 8});
  training.run();
  const auto& calls = training.fake.calls;
  EXPECT_NE(calls[7].values, calls[2].values);
  EXPECT_EQ(calls[8].values, calls[2].values);
  EXPECT_EQ(training.state().rollbacks, 1);
  EXPECT_EQ(training.state().rate_scale, 0.5);
  EXPECT_EQ(training.state().history[2].learning_rate, 0.05);
  EXPECT_EQ(training.state().history[8].learning_rate, 0.025);
  for (std::size_t bad = 3; bad < 8; ++bad) {
    EXPECT_EQ(training.state().history[bad].skipped, 1);
  }
}

// While the window grows any finite loss counts, but what is not a number never does.
TEST(Rollback, LeavesValuesOfAGrowingWindowThatHaveNoLoss) {
  TrainingRun training(gradient_descent(12, 0.05));
  training.options.window = 2;
  training.options.window_epochs = 11;
  training.split.validation = {8};
  training.fake.validation = [](std::size_t n) { return n <= 2 ? 1.0 : kNaN; };
  spoil_calls(training, {4, 5, 6, 7, 8});
  training.run();
  EXPECT_EQ(training.state().rollbacks, 1);
  EXPECT_EQ(training.fake.calls[8].values, training.fake.calls[2].values);
}

TEST(Rollback, IsLoggedOnceInOneSentence) {
  TrainingRun training(gradient_descent(10, 0.05));
  training.split.validation = {8};
  training.fake.validation = [](std::size_t n) { return n == 2 ? 1.0 : 2.0; };
  spoil_calls(training, {4, 5, 6, 7, 8});
  training.run();
  ASSERT_EQ(training.log.size(), 1u);
  EXPECT_EQ(training.log[0].first, DK_LOG_WARNING);
  EXPECT_EQ(training.log[0].second,
            "epoch 8: the loss or its gradient was not finite in 5 batches in a row: back to the "
            "best parameters, of epoch 2, with half the learning rate");
}

// Moments of before would point to where it failed.
TEST(Rollback, ForgetsTheMoments) {
  TrainingRun training(gradient_descent(9, 0.05));
  training.options.optimizer.kind = "adam";
  spoil_calls(training, {4, 5, 6, 7, 8});
  training.run();
  EXPECT_EQ(training.state().optimizer.steps, 1);
}

TEST(Training, EndsAfterThreeRollbacks) {
  TrainingRun training(gradient_descent(100, 0.08));
  training.fake.spoil = [&](const FakeEngine::Call&, double& loss, Numbers&) {
    if (training.fake.calls.size() > 2) loss = kNaN;
  };
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::not_finite);
  EXPECT_EQ(training.state().rollbacks, 3);
  EXPECT_EQ(training.state().rate_scale, 0.125);
  EXPECT_EQ(training.fake.calls.size(), 2u + 4u * 5u);
  EXPECT_EQ(training.log.size(), 3u);
  EXPECT_EQ(training.variables.values, training.state().best_values);
  EXPECT_EQ(training.state().best_epoch, 2);
}

TEST(Training, SaysWhyItEndedAndAtWhichRate) {
  TrainingRun training(gradient_descent(100, 0.08));
  training.fake.spoil = [&](const FakeEngine::Call&, double& loss, Numbers&) { loss = kNaN; };
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::not_finite);
  EXPECT_EQ(outcome.cause,
            "the loss or its gradient was not finite in 5 batches in a row, for the 4th time, at "
            "learning rate 0.01: try a smaller one, or clip the gradient");
}

TEST(Training, ThatNeverHadAFiniteLossEndsWhereItBegan) {
  TrainingRun training(gradient_descent(100, 0.08));
  training.fake.spoil = [&](const FakeEngine::Call&, double& loss, Numbers&) { loss = kNaN; };
  const Numbers start = training.variables.values;
  training.run();
  EXPECT_EQ(training.variables.values, start);
  EXPECT_EQ(training.state().best_epoch, 0);
}

// Steps that are finite, and lead to where nothing is.
TEST(Training, SaysThatNoEpochEndedWithAFiniteLoss) {
  TrainingRun training(gradient_descent(3, 0.08));
  training.fake.validation = [](std::size_t) { return kNaN; };
  const TrainingOutcome outcome = training.run();
  EXPECT_EQ(outcome.end, TrainingEnd::not_finite);
  EXPECT_EQ(outcome.cause, "the loss was not finite after any of 3 epochs");
}

}  // namespace
}  // namespace dynkit::training
