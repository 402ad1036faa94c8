#include "train_results.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "train_predictions.hpp"

namespace dynkit::training {
namespace {

const char* end_name(TrainingEnd end) {
  switch (end) {
    case TrainingEnd::epochs_done:
      return "epochs done";
    case TrainingEnd::early_stop:
      return "early stop";
    case TrainingEnd::converged:
      return "converged";
    case TrainingEnd::interrupted:
      return "interrupted";
    case TrainingEnd::not_finite:
      return "not finite";
  }
  return "";
}

struct Columns {
  std::vector<std::int64_t> epoch, skipped;
  std::vector<double> train_loss, validation_loss, gradient_norm, learning_rate;
  std::vector<double> log_train_loss, log_validation_loss;
};

Columns columns_of(const std::vector<EpochRecord>& history) {
  Columns columns;
  for (const EpochRecord& one : history) {
    columns.epoch.push_back(static_cast<std::int64_t>(columns.epoch.size()) + 1);
    columns.train_loss.push_back(one.train_loss);
    columns.validation_loss.push_back(one.validation_loss);
    columns.gradient_norm.push_back(one.gradient_norm);
    columns.learning_rate.push_back(one.learning_rate);
    columns.skipped.push_back(one.skipped);
    columns.log_train_loss.push_back(std::log10(one.train_loss));
    columns.log_validation_loss.push_back(std::log10(one.validation_loss));
  }
  return columns;
}

void put_losses_figure(const char* name, const char* title, const char* caption,
                       const char* x_label, const std::vector<dk_series>& series,
                       const Sink& sink) {
  dk_figure figure{};
  figure.name = name;
  figure.title = title;
  figure.caption = caption;
  figure.x_label = x_label;
  figure.y_label = "log10 loss";
  figure.series_count = static_cast<std::int64_t>(series.size());
  figure.series = series.data();
  sink.figure(figure);
}

void put_history(const FittedModel& fitted, const Sink& sink) {
  const Columns columns = columns_of(fitted.state.history);
  const auto count = static_cast<std::int64_t>(columns.epoch.size());
  const auto put = [&](const char* name, const auto& values, const char* help) {
    sink.array(name, {count}, values, {{"epoch"}, nullptr, help});
  };
  put("epoch_train_loss", columns.train_loss,
      "mean loss of the epoch's batches, with penalties, each before its step; of lbfgs and "
      "levenberg_marquardt that at the end of the epoch");
  put("epoch_validation_loss", columns.validation_loss, "validation loss after the epoch");
  put("epoch_gradient_norm", columns.gradient_norm, "mean norm of the gradients");
  put("epoch_learning_rate", columns.learning_rate,
      "of the epoch's last step; not known for lbfgs and levenberg_marquardt");
  put("epoch_skipped", columns.skipped, "batches with a loss or gradient that was not finite");
  sink.array("epoch", {count}, columns.epoch, {{"epoch"}, nullptr, "number of the epoch"});
  sink.array("log_train_loss", {count}, columns.log_train_loss,
             {{"epoch"}, nullptr, "log10 of the mean loss of the epoch's batches"});
  sink.array("log_validation_loss", {count}, columns.log_validation_loss,
             {{"epoch"}, nullptr, "log10 of the validation loss after the epoch"});
  std::vector<dk_series> series = {
      {"line", "train", "epoch", "log_train_loss", nullptr, nullptr, nullptr}};
  if (!fitted.split.validation.empty()) {
    series.push_back(
        {"line", "validation", "epoch", "log_validation_loss", nullptr, nullptr, nullptr});
  }
  put_losses_figure("history", "Loss",
                    "Loss over the epochs. The parameters of the best validation loss are kept.",
                    "epoch", series, sink);
}

// Of a minimizer, which takes many iterations in an epoch.
void put_iterations(const std::vector<double>& losses, const Sink& sink) {
  if (losses.empty()) return;
  const auto count = static_cast<std::int64_t>(losses.size());
  std::vector<std::int64_t> iteration;
  std::vector<double> logarithm;
  for (const double loss : losses) {
    iteration.push_back(static_cast<std::int64_t>(iteration.size()));
    logarithm.push_back(std::log10(loss));
  }
  sink.array("iteration", {count}, iteration, {{"iteration"}, nullptr, "number of the iteration"});
  sink.array("iteration_loss", {count}, losses,
             {{"iteration"}, nullptr, "loss with penalties after the iteration"});
  sink.array("log_iteration_loss", {count}, logarithm, {{"iteration"}, nullptr, "log10 of it"});
  put_losses_figure(
      "iterations", "Loss by iteration", "Loss with penalties after each iteration.", "iteration",
      {{"line", "train", "iteration", "log_iteration_loss", nullptr, nullptr, nullptr}}, sink);
}

// Up to `most` different values of a series, in order; more: none.
std::vector<double> levels_of(const Series& series, std::size_t most) {
  std::set<double> levels;
  for (const double value : series.values) {
    if (std::isfinite(value)) levels.insert(value);
    if (levels.size() > most) return {};
  }
  return {levels.begin(), levels.end()};
}

double nearest(const std::vector<double>& levels, double value) {
  return *std::min_element(levels.begin(), levels.end(), [value](double a, double b) {
    return std::abs(a - value) < std::abs(b - value);
  });
}

// Of targets that take few values: the share of elements whose prediction is nearest to theirs.
void put_correct(const FittedModel& fitted, Engine& engine, const std::vector<std::int64_t>& trials,
                 const Sink& sink) {
  constexpr std::size_t kMostLevels = 16;
  const Fit& fit = fitted.fit;
  const auto term = std::find_if(fit.terms.begin(), fit.terms.end(), [](const ObjectiveTerm& one) {
    return one.of_readout && one.components.empty() &&
           (one.kind == LossKind::squared || one.kind == LossKind::absolute);
  });
  if (term == fit.terms.end()) return;
  const Series& target = fit.data.series.at(term->target);
  const std::vector<double> levels = levels_of(target, kMostLevels);
  if (levels.size() < 2) return;
  std::vector<double> states, observations;
  engine.predict(fitted.variables, trials, states, observations);
  double correct = 0.0, compared = 0.0;
  const double* y = observations.data();
  for (const std::int64_t trial : trials) {
    for (std::int64_t k = 0; k < fit.data.T; ++k, y += target.width) {
      if (fit.data.mask_at(trial, k) == 0.0) continue;
      const double* d = fit.data.row(target, trial, k);
      for (std::int64_t i = 0; i < target.width; ++i) {
        if (!std::isfinite(d[i])) continue;
        compared += 1.0;
        correct += nearest(levels, y[i]) == d[i] ? 1.0 : 0.0;
      }
    }
  }
  if (compared > 0.0) {
    sink.value("correct", correct / compared,
               "share of the targets that the predictions are nearest to, of trials that were not "
               "trained on where there are any");
  }
}

void put_losses(const FittedModel& fitted, Engine& engine, const Sink& sink) {
  const auto& [fit, split, variables, first_values, map, state, outcome, precision] = fitted;
  const std::int64_t T = fit.data.T;
  sink.value("outcome", end_name(outcome.end), "how training ended");
  sink.value("epochs", state.epoch, "epochs that were run");
  sink.value("best_epoch", state.best_epoch, "epoch whose parameters are kept");
  sink.value("train_loss", engine.loss(variables, split.train, T),
             "objective of the training trials, without penalties");
  if (!split.validation.empty()) {
    sink.value("validation_loss", engine.loss(variables, split.validation, T),
               "the same of the validation trials");
  }
  if (!split.test.empty()) {
    sink.value("test_loss", engine.loss(variables, split.test, T), "the same of the test trials");
  }
  put_correct(fitted, engine, judged_trials(split), sink);
  sink.value("parameters", variables.size(), "numbers that were trained");
  sink.value("precision", precision, "of the kernels");
}

// Of models that are equations, whose parameters have a meaning each.
void put_parameters(const FittedModel& fitted, const Sink& sink) {
  constexpr std::int64_t kMostShown = 32;
  const Variables& variables = fitted.variables;
  if (variables.size() > kMostShown) return;
  std::vector<std::string> texts;
  for (const VariableBlock& block : variables.blocks()) {
    for (std::int64_t i = 0; i < block.size; ++i) {
      texts.push_back(block.size == 1 ? block.name : block.name + "[" + std::to_string(i) + "]");
    }
  }
  std::vector<const char*> names;
  for (const std::string& text : texts) names.push_back(text.c_str());
  sink.table("parameters", "Fitted parameters",
             {Sink::column("parameter", names, "block, and element of a larger one"),
              Sink::column("start", fitted.first_values, "where training began"),
              Sink::column("fitted", variables.values, "what is kept")});
}

void put_other_variables(const FittedModel& fitted, const Sink& sink) {
  const auto& values = fitted.variables.values;
  const std::int64_t n = fitted.fit.system.model().info().n;
  if (fitted.map.initial >= 0) {
    const auto first = values.begin() + fitted.map.initial;
    sink.array("initial_state", {n}, std::vector<double>(first, first + n),
               {{"state"}, nullptr, "where trajectories begin, learned"});
  }
}

}  // namespace

void put_results(const FittedModel& fitted, Engine& engine, const Sink& sink) {
  put_losses(fitted, engine, sink);
  put_parameters(fitted, sink);
  put_history(fitted, sink);
  put_iterations(fitted.state.iteration_losses, sink);
  put_predictions(fitted, engine, sink);
  put_other_variables(fitted, sink);
}

}  // namespace dynkit::training
