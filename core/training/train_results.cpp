#include "train_results.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace dynkit::training {
namespace {

constexpr std::size_t kShownTrials = 8;

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
  dk_figure figure{};
  figure.name = "history";
  figure.title = "Loss";
  figure.caption = "Loss over the epochs. The parameters of the best validation loss are kept.";
  figure.x_label = "epoch";
  figure.y_label = "log10 loss";
  figure.series_count = static_cast<std::int64_t>(series.size());
  figure.series = series.data();
  sink.figure(figure);
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

// Trials to judge by: of the test, of the validation, or all that there are.
const std::vector<std::int64_t>& judged_trials(const Split& split) {
  if (!split.test.empty()) return split.test;
  return split.validation.empty() ? split.train : split.validation;
}

void put_losses(const FittedModel& fitted, Engine& engine, const Sink& sink) {
  const auto& [fit, split, variables, map, state, outcome, precision] = fitted;
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

// [trials, T, width] of some trials of a series.
std::vector<double> rows_of(const TrainingData& data, const Series& series,
                            const std::vector<std::int64_t>& trials) {
  std::vector<double> rows;
  for (const std::int64_t trial : trials) {
    const double* first = data.row(series, trial, 0);
    rows.insert(rows.end(), first, first + data.T * series.width);
  }
  return rows;
}

void put_prediction(const char* name, const char* data_name, const char* what,
                    const std::vector<double>& predicted, const Series* target,
                    const FittedModel& fitted, const std::vector<std::int64_t>& trials,
                    const Sink& sink) {
  const TrainingData& data = fitted.fit.data;
  const auto count = static_cast<std::int64_t>(trials.size());
  const std::int64_t width = static_cast<std::int64_t>(predicted.size()) / (count * data.T);
  sink.array(name, {count, data.T, width}, predicted,
             {{"trial", "time", "component"}, nullptr, what});
  if (target == nullptr || target->width != width) return;
  sink.array(data_name, {count, data.T, width}, rows_of(data, *target, trials),
             {{"trial", "time", "component"}, nullptr, "the data beside it"});
}

// One trial, all components, data and prediction.
void put_comparison(const char* figure_name, const char* title, const char* predicted,
                    const char* given, const std::vector<double>& values, const Series* target,
                    const FittedModel& fitted, std::int64_t trial, const Sink& sink) {
  if (target == nullptr) return;
  const TrainingData& data = fitted.fit.data;
  const std::int64_t shown = std::min<std::int64_t>(target->width, 3);
  std::vector<double> rows(values.begin(), values.begin() + data.T * target->width);
  std::vector<std::string> labels;
  std::vector<std::string> columns;
  sink.array(predicted, {data.T, target->width}, rows,
             {{"time", "component"}, nullptr, "prediction of the trial in the figure"});
  sink.array(given, {data.T, target->width}, rows_of(data, *target, {trial}),
             {{"time", "component"}, nullptr, "data of the trial in the figure"});
  for (std::int64_t i = 0; i < shown; ++i) {
    const std::string suffix = "[" + std::to_string(i) + "]";
    labels.push_back("data " + std::to_string(i));
    columns.push_back(given + suffix);
    labels.push_back("model " + std::to_string(i));
    columns.push_back(predicted + suffix);
  }
  std::vector<dk_series> series;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    series.push_back(
        {"line", labels[i].c_str(), "time", columns[i].c_str(), nullptr, nullptr, nullptr});
  }
  dk_figure figure{};
  figure.name = figure_name;
  figure.title = title;
  figure.caption =
      "A trial that was not trained on, where there is one: data and the free run of "
      "the fitted model from its initial state.";
  figure.x_label = "time";
  figure.y_label = "value";
  figure.series_count = static_cast<std::int64_t>(series.size());
  figure.series = series.data();
  sink.figure(figure);
}

// The attractor of the data and that of the model, over the plane of the first two states. Steps of
// a map may be long: points, not lines.
void put_phase_plane(const dk_model_info& info, const Sink& sink) {
  if (info.n < 2) return;
  const char* kind = info.time_kind == DK_FLOW ? "line" : "scatter";
  const bool named = info.state_names != nullptr;
  const std::vector<dk_series> series = {
      {kind, "data", "data_states[0]", "data_states[1]", nullptr, nullptr, nullptr},
      {kind, "model", "states[0]", "states[1]", nullptr, nullptr, nullptr}};
  dk_figure figure{};
  figure.name = "phase_plane";
  figure.title = "Phase plane";
  figure.caption =
      "The first two states of the trials that are predicted: data, and free runs of the fitted "
      "model from their initial states. Where the model has learned the dynamics, both fill the "
      "same region.";
  figure.x_label = named ? info.state_names[0] : "state 0";
  figure.y_label = named ? info.state_names[1] : "state 1";
  figure.series_count = static_cast<std::int64_t>(series.size());
  figure.series = series.data();
  sink.figure(figure);
}

struct Extent {
  double mean, deviation, lowest, highest;
};

// Of component i of `rows` [R,n], over the rows where `data` [R,n] has a value.
Extent extent_of(const std::vector<double>& rows, const std::vector<double>& data, std::int64_t n,
                 std::int64_t i) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Extent extent{0.0, 0.0, kInfinity, -kInfinity};
  double count = 0.0, squares = 0.0;
  for (auto at = static_cast<std::size_t>(i); at < rows.size(); at += static_cast<std::size_t>(n)) {
    if (!std::isfinite(data[at])) continue;
    count += 1.0;
    const double gap = rows[at] - extent.mean;  // Welford's sums
    extent.mean += gap / count;
    squares += gap * (rows[at] - extent.mean);
    extent.lowest = std::min(extent.lowest, rows[at]);
    extent.highest = std::max(extent.highest, rows[at]);
  }
  if (count == 0.0) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    return {kNaN, kNaN, kNaN, kNaN};
  }
  extent.deviation = std::sqrt(squares / count);
  return extent;
}

// Of data and free runs [R,n], side by side.
void put_extents(const std::vector<double>& data, const std::vector<double>& model, std::int64_t n,
                 const Sink& sink) {
  std::vector<std::int64_t> state;
  std::vector<double> columns[8];
  for (std::int64_t i = 0; i < n; ++i) {
    state.push_back(i);
    const Extent d = extent_of(data, data, n, i);
    const Extent x = extent_of(model, data, n, i);
    const double row[] = {d.mean,   x.mean,   d.deviation, x.deviation,
                          d.lowest, x.lowest, d.highest,   x.highest};
    for (std::size_t c = 0; c < 8; ++c) columns[c].push_back(row[c]);
  }
  sink.table("extents", "Extents of data and free runs",
             {Sink::column("state", state, "number of the state"),
              Sink::column("data_mean", columns[0], "over the trials that are predicted"),
              Sink::column("model_mean", columns[1], "of the free runs"),
              Sink::column("data_deviation", columns[2], "standard deviation"),
              Sink::column("model_deviation", columns[3], "of the free runs"),
              Sink::column("data_lowest", columns[4], "smallest value"),
              Sink::column("model_lowest", columns[5], "of the free runs"),
              Sink::column("data_highest", columns[6], "largest value"),
              Sink::column("model_highest", columns[7], "of the free runs")});
}

const Series* target_of(const Fit& fit, bool of_readout) {
  for (const ObjectiveTerm& term : fit.terms) {
    if (term.of_readout == of_readout && term.components.empty()) {
      return &fit.data.series.at(term.target);
    }
  }
  return nullptr;
}

void put_predictions(const FittedModel& fitted, Engine& engine, const Sink& sink) {
  const Fit& fit = fitted.fit;
  std::vector<std::int64_t> trials = judged_trials(fitted.split);
  trials.resize(std::min(trials.size(), kShownTrials));
  std::vector<double> states, observations;
  engine.predict(fitted.variables, trials, states, observations);
  sink.array("time", {fit.data.T}, fit.data.times, {{"time"}, nullptr, "times of the trials"});
  sink.array("trials", {static_cast<std::int64_t>(trials.size())}, trials,
             {{"trial"}, nullptr, "numbers of the trials that are predicted"});
  const Series* of_states = target_of(fit, false);
  put_prediction("states", "data_states", "free runs of the fitted model", states, of_states,
                 fitted, trials, sink);
  put_comparison("prediction", "States of one trial", "shown_states", "shown_data_states", states,
                 of_states, fitted, trials.front(), sink);
  if (of_states != nullptr) {
    const dk_model_info& info = fit.system.model().info();
    put_phase_plane(info, sink);
    put_extents(rows_of(fit.data, *of_states, trials), states, info.n, sink);
  }
  if (fit.readout == nullptr) return;
  const Series* of_observations = target_of(fit, true);
  put_prediction("observations", "data_observations", "what the readout makes of them",
                 observations, of_observations, fitted, trials, sink);
  put_comparison("observation", "Observations of one trial", "shown_observations",
                 "shown_data_observations", observations, of_observations, fitted, trials.front(),
                 sink);
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
  put_history(fitted, sink);
  put_predictions(fitted, engine, sink);
  put_other_variables(fitted, sink);
}

}  // namespace dynkit::training
