#include "train_predictions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace dynkit::training {
namespace {

constexpr std::size_t kShownTrials = 8;

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
void put_extents(const std::vector<double>& data, const std::vector<double>& model,
                 const dk_model_info& info, const Sink& sink) {
  const std::int64_t n = info.n;
  std::vector<std::string> texts;
  std::vector<double> columns[8];
  for (std::int64_t i = 0; i < n; ++i) {
    texts.push_back(info.state_names != nullptr ? info.state_names[i] : std::to_string(i));
    const Extent d = extent_of(data, data, n, i);
    const Extent x = extent_of(model, data, n, i);
    const double row[] = {d.mean,   x.mean,   d.deviation, x.deviation,
                          d.lowest, x.lowest, d.highest,   x.highest};
    for (std::size_t c = 0; c < 8; ++c) columns[c].push_back(row[c]);
  }
  std::vector<const char*> names;
  for (const std::string& text : texts) names.push_back(text.c_str());
  sink.table("extents", "Extents of data and free runs",
             {Sink::column("state", names, "name or number of the state"),
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
  const ObjectiveTerm* term = shown_term(fit.terms, of_readout);
  return term != nullptr && term->components.empty() ? &fit.data.series.at(term->target) : nullptr;
}

}  // namespace

const std::vector<std::int64_t>& judged_trials(const Split& split) {
  if (!split.test.empty()) return split.test;
  return split.validation.empty() ? split.train : split.validation;
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
    put_extents(rows_of(fit.data, *of_states, trials), states, info, sink);
  }
  if (fit.readout == nullptr) return;
  const Series* of_observations = target_of(fit, true);
  put_prediction("observations", "data_observations", "what the readout makes of them",
                 observations, of_observations, fitted, trials, sink);
  put_comparison("observation", "Observations of one trial", "shown_observations",
                 "shown_data_observations", observations, of_observations, fitted, trials.front(),
                 sink);
}

}  // namespace dynkit::training
