// Trainings of an objective with a known course, and of real fits.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/random.hpp"
#include "dynkit/core/services.hpp"
#include "trainer.hpp"

namespace dynkit::training {

/// Losses of trial i about its own center: |v - c_i|^2 with c_i = (i, -i/2, i^2/10), and what a
/// test puts in their place. `gradient` and `loss` are asked of `calls` and `free_runs`.
class FakeEngine : public Engine {
 public:
  struct Call {
    std::vector<std::int64_t> trials;
    std::int64_t T;
    std::vector<double> values;
  };

  void begin_epoch(std::int64_t epoch) override { epochs.push_back(epoch); }

  std::int64_t compared(const std::vector<std::int64_t>& trials, std::int64_t) const override {
    const auto count = static_cast<std::int64_t>(trials.size());
    return unknown >= 0 ? count - std::count(trials.begin(), trials.end(), unknown) : count;
  }

  double gradient(const Variables& variables, const std::vector<std::int64_t>& trials,
                  std::int64_t T, std::vector<double>& gradient) override {
    calls.push_back({trials, T, variables.values});
    gradient.assign(variables.values.size(), 0.0);
    double loss = quadratic(variables.values, trials, &gradient);
    if (spoil) spoil(calls.back(), loss, gradient);
    return loss;
  }

  double loss(const Variables& variables, const std::vector<std::int64_t>& trials,
              std::int64_t T) override {
    free_runs.push_back({trials, T, variables.values});
    if (validation) return validation(free_runs.size());
    std::vector<double> ignored(variables.values.size());
    double loss = quadratic(variables.values, trials, nullptr);
    if (spoil) spoil(free_runs.back(), loss, ignored);
    return loss;
  }

  void predict(const Variables&, const std::vector<std::int64_t>&, std::vector<double>&,
               std::vector<double>&) override {}

  std::vector<Call> calls, free_runs;
  std::vector<std::int64_t> epochs;  // that were begun
  std::int64_t unknown = -1;         // a trial without targets
  /// May change what a call gives.
  std::function<void(const Call&, double& loss, std::vector<double>& gradient)> spoil;
  /// The loss of the n-th free run, n = 1, 2, ...
  std::function<double(std::size_t n)> validation;

  static double center(std::int64_t trial, std::size_t i) {
    const auto x = static_cast<double>(trial);
    return i == 0 ? x : i == 1 ? -0.5 * x : 0.1 * x * x;
  }

 private:
  static double quadratic(const std::vector<double>& v, const std::vector<std::int64_t>& trials,
                          std::vector<double>* gradient) {
    const auto count = static_cast<double>(trials.size());
    double loss = 0.0;
    for (const std::int64_t trial : trials) {
      for (std::size_t i = 0; i < v.size(); ++i) {
        const double gap = v[i] - center(trial, i);
        loss += gap * gap / count;
        if (gradient != nullptr) (*gradient)[i] += 2.0 * gap / count;
      }
    }
    return loss;
  }
};

/// A training with all that it refers to; run it once.
class TrainingRun {
 public:
  static constexpr std::int64_t kTimes = 20;

  explicit TrainingRun(TrainerOptions given = {})
      : options(std::move(given)), services(reporting()) {
    options.schedule.epochs = options.epochs;
    variables.add("v", std::vector<double>{3.0, 1.0, -2.0});
    split.train = {0, 1, 2, 3, 4, 5, 6};
  }

  TrainingOutcome run() {
    make();
    return trainer_->run();
  }
  TrainingOutcome resume(TrainerState from) {
    make();
    trainer_->resume(std::move(from));
    return trainer_->run();
  }
  const TrainerState& state() const { return trainer_->state(); }

  TrainerOptions options;
  Variables variables;
  Split split;
  FakeEngine fake;
  Engine* engine = &fake;
  std::uint64_t seed = 1;
  std::int64_t iterations = 3;  // of a round of lbfgs

  std::vector<std::pair<std::int32_t, std::string>> log;
  std::vector<std::pair<double, std::string>> progress;
  std::vector<TrainerState> saved;

 private:
  ServicesOptions reporting() {
    ServicesOptions made;
    made.threads = 1;
    made.progress_interval = std::chrono::milliseconds(0);
    made.log = [this](std::int32_t level, std::string_view text) { log.emplace_back(level, text); };
    made.progress = [this](double fraction, std::string_view text) {
      progress.emplace_back(fraction, text);
    };
    return made;
  }
  void make() {
    trainer_ = std::make_unique<Trainer>(*engine, variables, split, options, kTimes,
                                         make_stream(seed, "order"), host.table(),
                                         [this](const TrainerState& one) { saved.push_back(one); });
    if (options.optimizer.kind != "lbfgs") return;
    minimizer_ = lbfgs(*engine, {"lbfgs", iterations, 1e-12});
    trainer_->use(*minimizer_);
  }

  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Minimizer> minimizer_;

 public:
  Services services;
  HostTable host{services, "."};
};

inline TrainerOptions gradient_descent(std::int64_t epochs, double rate) {
  TrainerOptions options;
  options.epochs = epochs;
  options.optimizer.kind = "sgd";
  options.schedule.rate = rate;
  return options;
}

/// As ==, with NaN equal to NaN.
inline bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

inline std::vector<double> numbers_of(const TrainerState& state) {
  std::vector<double> all = {state.best_loss, state.schedule.best, state.schedule.scale,
                             state.rate_scale};
  for (const std::int64_t count : {state.epoch, state.best_epoch, state.optimizer.steps,
                                   state.schedule.waited, state.rollbacks, state.bad_batches}) {
    all.push_back(static_cast<double>(count));
  }
  for (const auto* part : {&state.values, &state.best_values, &state.optimizer.first,
                           &state.optimizer.second, &state.iteration_losses}) {
    all.push_back(static_cast<double>(part->size()));
    all.insert(all.end(), part->begin(), part->end());
  }
  for (const EpochRecord& one : state.history) {
    all.insert(all.end(), {one.train_loss, one.validation_loss, one.gradient_norm,
                           one.learning_rate, static_cast<double>(one.skipped)});
  }
  return all;
}

}  // namespace dynkit::training
