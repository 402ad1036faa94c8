#include "train_results.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <type_traits>

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

// A loss over the epochs or iterations, as an array and as a line of a figure.
struct LossCurve {
  const char* label;  // "train"
  const char* array;  // "epoch_train_loss"
  const char* log_array;
  const char* help;
  std::vector<double> values;
};

// Likelihoods may be negative, and are then shown as they are.
bool have_logarithms(const std::vector<LossCurve>& curves) {
  return std::all_of(curves.begin(), curves.end(), [](const LossCurve& curve) {
    return std::none_of(curve.values.begin(), curve.values.end(),
                        [](double loss) { return loss < 0.0; });
  });
}

void put_curves(const char* figure_name, const char* title, const char* caption, const char* axis,
                std::int64_t first, const std::vector<LossCurve>& curves, const Sink& sink) {
  const bool logarithmic = have_logarithms(curves);
  const auto count = static_cast<std::int64_t>(curves.front().values.size());
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  sink.array(axis, {count}, numbers, {{axis}, nullptr, "number"});
  std::vector<dk_series> series;
  for (const LossCurve& curve : curves) {
    sink.array(curve.array, {count}, curve.values, {{axis}, nullptr, curve.help});
    if (logarithmic) {
      std::vector<double> logarithms = curve.values;
      for (double& value : logarithms) value = std::log10(value);
      sink.array(curve.log_array, {count}, logarithms,
                 {{axis}, nullptr, "log10 of the loss of the same name"});
    }
    series.push_back({"line", curve.label, axis, logarithmic ? curve.log_array : curve.array,
                      nullptr, nullptr, nullptr});
  }
  dk_figure figure{};
  figure.name = figure_name;
  figure.title = title;
  figure.caption = caption;
  figure.x_label = axis;
  figure.y_label = logarithmic ? "log10 loss" : "loss";
  figure.series_count = static_cast<std::int64_t>(series.size());
  figure.series = series.data();
  sink.figure(figure);
}

void put_history(const FittedModel& fitted, const Sink& sink) {
  const std::vector<EpochRecord>& history = fitted.state.history;
  if (history.empty()) return;
  const auto column = [&](auto EpochRecord::*member) {
    std::vector<std::decay_t<decltype(history[0].*member)>> values;
    for (const EpochRecord& one : history) values.push_back(one.*member);
    return values;
  };
  const auto put = [&](const char* name, const auto& values, const char* help) {
    sink.array(name, {static_cast<std::int64_t>(values.size())}, values,
               {{"epoch"}, nullptr, help});
  };
  put("epoch_gradient_norm", column(&EpochRecord::gradient_norm), "mean norm of the gradients");
  put("epoch_learning_rate", column(&EpochRecord::learning_rate),
      "of the epoch's last step; not known for lbfgs and levenberg_marquardt");
  put("epoch_skipped", column(&EpochRecord::skipped),
      "batches with a loss or gradient that was not finite");
  std::vector<LossCurve> curves = {
      {"train", "epoch_train_loss", "log_train_loss",
       "mean loss of the epoch's batches, with penalties, each before its step; of lbfgs and "
       "levenberg_marquardt that at the end of the epoch",
       column(&EpochRecord::train_loss)}};
  const bool has_validation = !fitted.split.validation.empty();
  curves.push_back({has_validation ? "validation" : "train, after the epoch",
                    "epoch_validation_loss", "log_validation_loss",
                    "validation loss after the epoch; of the training trials where there are no "
                    "others",
                    column(&EpochRecord::validation_loss)});
  put_curves("history", "Loss",
             "Loss over the epochs. The parameters of the least loss after an epoch are kept.",
             "epoch", 1, curves, sink);
}

// Of a minimizer, which takes many iterations in an epoch.
void put_iterations(const std::vector<double>& losses, const Sink& sink) {
  if (losses.empty()) return;
  put_curves("iterations", "Loss by iteration", "Loss with penalties after each iteration.",
             "iteration", 0,
             {{"train", "iteration_loss", "log_iteration_loss",
               "loss with penalties after the iteration", losses}},
             sink);
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
  const ObjectiveTerm* term = shown_term(fit.terms, true);
  const bool compares_values =
      term != nullptr && term->components.empty() &&
      (term->kind == LossKind::squared || term->kind == LossKind::absolute);
  if (!compares_values) return;
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
        correct += std::isfinite(y[i]) && nearest(levels, y[i]) == d[i] ? 1.0 : 0.0;
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
  std::int64_t trained = 0;
  for (const VariableBlock& block : variables.blocks()) trained += block.trainable ? block.size : 0;
  sink.value("parameters", trained, "numbers that were trained");
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
  const auto put = [&](const char* name, std::int64_t first, std::int64_t count, const char* axis,
                       const char* help) {
    const auto begin = fitted.variables.values.begin() + first;
    sink.array(name, {count}, std::vector<double>(begin, begin + count), {{axis}, nullptr, help});
  };
  if (fitted.map.initial >= 0) {
    put("initial_state", fitted.map.initial, fitted.fit.system.model().info().n, "state",
        "where trajectories begin, learned");
  }
  for (const VariableBlock& block : fitted.variables.blocks()) {
    if (!block.name.starts_with("log_sigma.")) continue;
    std::string name = block.name;
    std::replace(name.begin(), name.end(), '.', '_');
    put(name.c_str(), block.offset, block.size, "component",
        "logarithm of the standard deviation, learned");
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
