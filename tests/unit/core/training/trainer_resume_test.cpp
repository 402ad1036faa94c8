// A training that was interrupted goes on to the same bits, from memory and from a file.
#include <unistd.h>

#include <fstream>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/error.hpp"
#include "trainer_file.hpp"
#include "training_run.hpp"

namespace dynkit::training {
namespace {

namespace fs = std::filesystem;

// Everything that remembers something.
TrainerOptions rich(const char* optimizer) {
  TrainerOptions options;
  options.epochs = 10;
  options.batch = 3;
  options.patience = 6;
  options.window = 4;
  options.window_epochs = 3;
  options.clip_norm = 4.0;
  options.optimizer.kind = optimizer;
  options.optimizer.momentum = 0.5;
  options.optimizer.weight_decay = 0.1;
  options.schedule.rate = 0.1;
  options.schedule.kind = "plateau";
  options.schedule.patience = 1;
  options.schedule.warm_up = 1.5;
  return options;
}

void prepare(TrainingRun& training) {
  training.split.validation = {0};  // whose loss falls, and then grows
  training.variables.blocks()[0].penalty = 0.02;
}

// Batches that are not finite: most of them, with others between.
void prepare_failing(TrainingRun& training) {
  training.options.batch = 1;
  training.options.epochs = 7;
  training.fake.spoil = [](const FakeEngine::Call& call, double& loss, std::vector<double>&) {
    const std::int64_t trial = call.trials.front();
    if (trial != 1 && trial != 5) loss = std::numeric_limits<double>::quiet_NaN();
  };
}

using Preparation = std::function<void(TrainingRun&)>;
using Transfer = std::function<TrainerState(const TrainerState&)>;

TrainerState keep(const TrainerState& state) {
  return state;
}

// Stops after each call of the engine in turn, takes what was saved through `transfer`, and goes
// on.
void expect_same_bits(const TrainerOptions& options, const Preparation& prepare_run,
                      const Transfer& transfer = keep) {
  TrainingRun whole(options);
  prepare_run(whole);
  const TrainingOutcome expected = whole.run();
  const std::size_t calls = whole.fake.calls.size();
  ASSERT_GT(calls, 10u);
  for (std::size_t stop = 1; stop <= calls; ++stop) {
    TrainingRun first(options), second(options);
    prepare_run(first);
    prepare_run(second);
    const auto spoil = first.fake.spoil;
    first.fake.spoil = [&](const FakeEngine::Call& call, double& loss,
                           std::vector<double>& gradient) {
      if (first.fake.calls.size() == stop) first.services.cancel_flag() = true;
      if (spoil) spoil(call, loss, gradient);
    };
    first.run();
    const TrainingOutcome outcome = second.resume(transfer(first.saved.back()));
    EXPECT_EQ(outcome.end, expected.end) << stop;
    ASSERT_TRUE(same_bits(numbers_of(second.state()), numbers_of(whole.state()))) << stop;
    EXPECT_EQ(second.variables.values, whole.variables.values) << stop;
  }
}

TEST(Resuming, GivesTheBitsOfAnUninterruptedTraining) {
  for (const char* optimizer : {"sgd", "adam", "adamw", "radam"}) {
    expect_same_bits(rich(optimizer), prepare);
  }
}

// H. H. Rosenbrock's valley in two of the variables, which takes L-BFGS several rounds.
void prepare_valley(TrainingRun& training) {
  training.fake.spoil = [](const FakeEngine::Call& call, double& loss,
                           std::vector<double>& gradient) {
    const double x = call.values[0], y = call.values[1], bend = y - x * x;
    loss = 100.0 * bend * bend + (1.0 - x) * (1.0 - x);
    gradient = {-400.0 * x * bend - 2.0 * (1.0 - x), 200.0 * bend, 0.0};
  };
}

TEST(Resuming, GivesTheBitsOfAnUninterruptedTrainingByRounds) {
  TrainerOptions options;
  options.epochs = 30;
  options.optimizer.kind = "lbfgs";
  expect_same_bits(options, prepare_valley);
}

TEST(Resuming, GivesTheBitsOfAnUninterruptedTrainingThatFails) {
  TrainingRun whole(rich("adam"));
  prepare_failing(whole);
  whole.run();
  ASSERT_GE(whole.state().rollbacks, 1);
  expect_same_bits(rich("adam"), prepare_failing);
}

TEST(Resuming, BeginsTheEpochsThatAreLeft) {
  for (const char* optimizer : {"adam", "lbfgs"}) {
    TrainerOptions options;
    options.epochs = 3;
    options.optimizer.kind = optimizer;
    TrainingRun first(options), second(options);
    prepare_valley(first);
    prepare_valley(second);
    first.run();
    EXPECT_EQ(first.fake.epochs, (std::vector<std::int64_t>{0, 1, 2})) << optimizer;
    second.options.epochs = 5;
    second.resume(first.saved.back());
    EXPECT_EQ(second.fake.epochs, (std::vector<std::int64_t>{3, 4})) << optimizer;
  }
}

TEST(Resuming, IsTestedWhereTheRateHasFallen) {
  TrainingRun training(rich("sgd"));
  prepare(training);
  training.run();
  EXPECT_LT(training.state().schedule.scale, 1.0);
}

TEST(Resuming, OfATrainingThatIsDoneChangesNothing) {
  TrainingRun whole(rich("adam")), again(rich("adam"));
  prepare(whole);
  prepare(again);
  whole.run();
  again.resume(whole.saved.back());
  EXPECT_TRUE(again.fake.calls.empty());
  EXPECT_EQ(again.variables.values, whole.variables.values);
}

constexpr std::int64_t kValues = 3;

// A folder of its own, gone with it.
class TrainerFile : public ::testing::Test {
 protected:
  TrainerFile() { fs::create_directories(folder_); }
  ~TrainerFile() override { fs::remove_all(folder_); }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) / ("dynkit_trainer_" + std::to_string(::getpid()));
  const fs::path path_ = folder_ / "training.npz";

  static TrainerState some_state() {
    TrainingRun training(rich("adam"));
    prepare_failing(training);
    training.run();
    TrainerState state = training.state();
    // No two numbers are equal, and none is what a new state has.
    state.epoch = 12;
    state.best_epoch = 11;
    state.optimizer.steps = 31;
    state.schedule = {0.25, 2, 0.125};
    state.rollbacks = 3;
    state.bad_batches = 4;
    state.best_loss = 0.75;
    state.rate_scale = 0.0625;
    return state;
  }
};

TEST_F(TrainerFile, BringsAStateBack) {
  const TrainerState state = some_state();
  ASSERT_FALSE(state.history.empty());
  save_trainer(path_, "this training", state);
  TrainerState found;
  ASSERT_TRUE(load_trainer(path_, "this training", kValues, found));
  EXPECT_TRUE(same_bits(numbers_of(found), numbers_of(state)));
}

TEST_F(TrainerFile, BringsANewStateBackOverAnother) {
  save_trainer(path_, "key", {});
  TrainerState found = some_state();
  ASSERT_TRUE(load_trainer(path_, "key", 0, found));
  EXPECT_EQ(numbers_of(found), numbers_of({}));
}

TEST_F(TrainerFile, ReplacesWhatWasThere) {
  TrainerState state = some_state();
  save_trainer(path_, "key", state);
  state.epoch = 13;
  save_trainer(path_, "key", state);
  TrainerState found;
  ASSERT_TRUE(load_trainer(path_, "key", kValues, found));
  EXPECT_EQ(found.epoch, 13);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);  // nothing else is left
}

TEST_F(TrainerFile, OfAnotherTrainingIsNotLoaded) {
  save_trainer(path_, "another", some_state());
  TrainerState found;
  EXPECT_FALSE(load_trainer(path_, "this training", kValues, found));
  EXPECT_EQ(numbers_of(found), numbers_of({}));
}

TEST_F(TrainerFile, MayBeMissing) {
  TrainerState found;
  EXPECT_FALSE(load_trainer(path_, "key", kValues, found));
}

TEST_F(TrainerFile, OfSomethingElseIsNoTraining) {
  save_arrays(path_, {{"weights", {{2}, std::vector<double>{1.0, 2.0}, {}, {}, {}}}});
  TrainerState found;
  EXPECT_FALSE(load_trainer(path_, "key", kValues, found));
}

TEST_F(TrainerFile, ThatIsDamagedIsAnError) {
  save_trainer(path_, "key", some_state());
  fs::resize_file(path_, fs::file_size(path_) / 2);
  TrainerState found;
  try {
    load_trainer(path_, "key", kValues, found);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_IO);
  }
}

// Arrays of other lengths or types: nothing that is read from the file is trusted.
TEST_F(TrainerFile, ThatWasChangedIsAnError) {
  const TrainerState state = some_state();
  const std::map<std::string, Array> changes = {
      {"values", {{2}, std::vector<double>{1.0, 2.0}, {}, {}, {}}},
      {"best_values", {{3}, std::vector<std::int64_t>{1, 2, 3}, {}, {}, {}}},
      {"counts", {{1}, std::vector<std::int64_t>{1}, {}, {}, {}}},
      {"scalars", {{0}, std::vector<double>{}, {}, {}, {}}},
      {"key", {{2}, std::vector<std::string>{"key", "key"}, {}, {}, {}}}};
  for (const auto& [name, array] : changes) {
    save_trainer(path_, "key", state);
    ArrayMap arrays = load_arrays(path_);
    arrays[name] = array;
    save_arrays(path_, arrays);
    TrainerState found;
    try {
      load_trainer(path_, "key", kValues, found);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), DK_IO);
      EXPECT_NE(std::string(error.what()).find("'" + name + "' is not that of a training"),
                std::string::npos);
    }
  }
}

TEST_F(TrainerFile, WithMomentsOfAnotherOptimizerIsAnError) {
  TrainingRun training(rich("adam"));
  TrainerState state = some_state();
  state.optimizer.second.pop_back();
  EXPECT_THROW(training.resume(state), Error);
}

TEST_F(TrainerFile, OfAnInterruptedTrainingGoesOnWithTheSameBits) {
  for (const char* optimizer : {"sgd", "radam"}) {
    expect_same_bits(rich(optimizer), prepare, [&](const TrainerState& state) {
      save_trainer(path_, "key", state);
      TrainerState found;
      EXPECT_TRUE(load_trainer(path_, "key", kValues, found));
      return found;
    });
  }
}

}  // namespace
}  // namespace dynkit::training
