// The loop of training: epochs of batches, what is best so far, and what goes wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "dynkit/host.h"
#include "engine.hpp"
#include "minimizer.hpp"
#include "optimizer.hpp"
#include "schedule.hpp"

namespace dynkit::training {

/// Which trials serve for what.
struct Split {
  std::vector<std::int64_t> train, validation, test;
};

struct TrainerOptions {
  std::int64_t epochs = 100;
  std::int64_t batch = 0;          // trials, 0: all
  std::int64_t patience = 0;       // epochs without a better loss before the end; 0: never
  std::int64_t window = 0;         // times at first, of a window that grows to all; 0: all at once
  std::int64_t window_epochs = 0;  // in which it grows
  double clip_norm = 0.0, clip_values = 0.0;  // 0: not clipped
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
};

/// One epoch: the mean loss of its batches with penalties, or that at the end of a minimizer's
/// round, and the validation loss behind it without them; without validation trials it is that of
/// the training trials.
struct EpochRecord {
  double train_loss, validation_loss, gradient_norm;
  double learning_rate;  // NaN: a minimizer chooses its own steps
  std::int64_t skipped;  // batches whose loss or gradient was not finite
};

/// All that the rest of a training depends on: it goes on from here to the same bits.
struct TrainerState {
  std::int64_t epoch = 0;  // epochs that are done
  std::vector<double> values, best_values;
  double best_loss = std::numeric_limits<double>::infinity();
  std::int64_t best_epoch = 0;
  Optimizer::Memory optimizer;
  Schedule::Memory schedule;
  double rate_scale = 1.0;       // halved by each return to the best values
  std::int64_t rollbacks = 0;    // such returns
  std::int64_t bad_batches = 0;  // skipped in a row
  std::vector<EpochRecord> history;
  std::vector<double> iteration_losses;  // of a minimizer, all rounds
};

enum class TrainingEnd { epochs_done, early_stop, converged, interrupted, not_finite };

struct TrainingOutcome {
  TrainingEnd end = TrainingEnd::epochs_done;
  std::string cause;  // one sentence
};

class Trainer {
 public:
  /// `stream` orders the trials. `save` is called after epochs, at most
  /// once a second, and at the end.
  Trainer(Engine& engine, Variables& variables, const Split& split, const TrainerOptions& options,
          std::int64_t T, const dk_stream& stream, const dk_host& host,
          std::function<void(const TrainerState&)> save);

  /// An epoch is a round of this minimizer over all trials, in place of first-order steps.
  void use(Minimizer& minimizer) { minimizer_ = &minimizer; }

  /// Goes on from a state of the same variables. Throws Error (DK_IO) if its moments are others.
  void resume(TrainerState state);

  /// Ends with the best values in the variables. Batches that compare nothing are left out. Batches
  /// with a loss or gradient that is not finite are skipped and counted; after five in a row the
  /// best values come back and the rate is halved, and after three such returns training ends.
  TrainingOutcome run();

  const TrainerState& state() const { return state_; }

 private:
  struct Epoch;

  bool stops();
  double judge(std::int64_t T);
  void run_epoch();
  bool run_batches(std::int64_t T, Epoch& sums);
  bool run_round(std::int64_t T, Epoch& sums);
  bool watch(std::int64_t iteration, double loss);
  void run_batch(const std::vector<std::int64_t>& trials, double epoch, std::int64_t T,
                 Epoch& sums);
  void skip_batch(Epoch& sums);
  void end_epoch(const Epoch& sums, std::int64_t T);
  void save(bool is_last);
  void report(const EpochRecord& record) const;
  std::vector<std::int64_t> shuffled_trials() const;
  std::int64_t window() const;

  Engine& engine_;
  Variables& variables_;
  const Split& split_;
  const TrainerOptions options_;
  const std::int64_t T_;
  const dk_stream stream_;
  const dk_host& host_;
  std::function<void(const TrainerState&)> save_;
  std::unique_ptr<Optimizer> optimizer_;
  Minimizer* minimizer_ = nullptr;
  Schedule schedule_;
  TrainerState state_;
  TrainingOutcome outcome_;
  bool ended_ = false;
  std::vector<double> gradient_, decayed_;
  std::vector<double> unfinished_;  // values of a round that was interrupted, if they are the best
  std::vector<double> round_losses_;
  std::vector<std::int64_t> batch_;
  double saved_at_ = 0.0;
  double seconds_ = 0.0;  // of this process
  std::int64_t trials_ = 0;
};

}  // namespace dynkit::training
