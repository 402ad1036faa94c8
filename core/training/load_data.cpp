#include "load_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "dynkit/core/array.hpp"
#include "dynkit/error.hpp"
#include "shuffle.hpp"

namespace dynkit::training {
namespace {

std::optional<Array> find_array(const dk_data& data, const std::string& name) {
  dk_array view{};
  dk_error error{};
  if (data.find(&data, name.c_str(), &view, &error) != DK_OK) return std::nullopt;
  return to_numbers(copy_array(view), name);
}

[[noreturn]] void refuse_shape(const std::string& name, const Array& array,
                               const std::string& rule) {
  throw Error(DK_SHAPE_MISMATCH, fmt::format("the dataset's '{}' is {}, training needs {}", name,
                                             describe(array), rule));
}

// [trials, T, width]; the first one decides on trials and T.
void add_series(const dk_data& data, const std::string& name, const std::string& what,
                TrainingData& loaded) {
  if (loaded.series.count(name) != 0) return;
  std::optional<Array> array = find_array(data, name);
  if (!array) {
    throw Error(DK_SETTINGS,
                fmt::format("{} needs the array '{}', which the dataset has not put", what, name));
  }
  if (array->shape.size() != 3) refuse_shape(name, *array, "[trials, times, components]");
  if (loaded.series.empty()) {
    loaded.trials = array->shape[0];
    loaded.T = array->shape[1];
  }
  if (array->shape[0] != loaded.trials || array->shape[1] != loaded.T) {
    refuse_shape(name, *array,
                 fmt::format("{} trials of {} times, as in '{}'", loaded.trials, loaded.T,
                             loaded.series.begin()->first));
  }
  loaded.series[name] = {array->shape[2], std::move(array->numbers())};
}

void add_times(const dk_data& data, TrainingData& loaded) {
  loaded.times.resize(static_cast<std::size_t>(loaded.T));
  std::iota(loaded.times.begin(), loaded.times.end(), 0.0);
  const std::optional<Array> time = find_array(data, "time");
  if (!time) return;
  if (time->shape != std::vector<std::int64_t>{loaded.T}) {
    refuse_shape("time", *time, fmt::format("{} times", loaded.T));
  }
  loaded.times = time->numbers();
  for (std::size_t k = 1; k < loaded.times.size(); ++k) {
    if (loaded.times[k] > loaded.times[k - 1]) continue;
    throw Error(DK_SETTINGS,
                fmt::format("the dataset's 'time' does not grow at index {}: {} after {}", k,
                            loaded.times[k], loaded.times[k - 1]));
  }
}

void add_mask(const dk_data& data, TrainingData& loaded) {
  std::optional<Array> mask = find_array(data, "mask");
  if (!mask) return;
  const bool fits = mask->shape == std::vector<std::int64_t>{loaded.trials, loaded.T} ||
                    mask->shape == std::vector<std::int64_t>{loaded.trials, loaded.T, 1};
  if (!fits) refuse_shape("mask", *mask, fmt::format("[{},{}]", loaded.trials, loaded.T));
  for (const double weight : mask->numbers()) {
    if (std::isfinite(weight) && weight >= 0.0) continue;
    throw Error(DK_SETTINGS,
                fmt::format("the dataset's 'mask' holds {}: its weights must be finite and not "
                            "below 0",
                            weight));
  }
  loaded.mask = std::move(mask->numbers());
}

bool needs_states(const TrainingPlan& plan) {
  return plan.initial == InitialState::data || plan.forcing.alpha > 0.0 ||
         plan.shooting.interval > 0;
}

// Of a model with m inputs.
void add_inputs(const dk_data& data, const TrainingPlan& plan, std::int64_t m,
                TrainingData& loaded) {
  if (plan.inputs.empty()) return;
  dk_array view{};
  dk_error error{};
  const bool is_there = data.find(&data, plan.inputs.c_str(), &view, &error) == DK_OK;
  if (m == 0 && is_there && view.rank == 3 && view.shape[2] > 0) {
    throw Error(DK_SHAPE_MISMATCH,
                fmt::format("the dataset's '{}' has {} components, the model no input (m = 0): "
                            "give it as many, or leave them out by inputs = \"\"",
                            plan.inputs, view.shape[2]));
  }
  if (m == 0) return;
  if (!is_there) {
    throw Error(DK_SETTINGS,
                fmt::format("the model's input needs the array '{}', which the dataset has not "
                            "put; by inputs = \"\" it is zero",
                            plan.inputs));
  }
  add_series(data, plan.inputs, "the model's input", loaded);
  loaded.inputs = plan.inputs;
}

// Targets that the loss has no meaning for.
void check_target_values(const TrainingData& data, const ObjectiveTerm& term) {
  const Series& target = data.series.at(term.target);
  if (term.kind == LossKind::cross_entropy && target.width < 2) {
    throw Error(DK_SHAPE_MISMATCH,
                fmt::format("objective 'cross_entropy': '{}' has {} component: it needs one for "
                            "each of two classes or more, their probabilities",
                            term.target, target.width));
  }
  const bool is_poisson = term.kind == LossKind::poisson;
  if (term.kind != LossKind::cross_entropy && !is_poisson) return;
  for (std::int64_t row = 0; row < data.trials * data.T; ++row) {
    if (data.mask_at(row / data.T, row % data.T) == 0.0) continue;
    const double* d = target.values.data() + row * target.width;
    const double* stray = std::find_if(d, d + target.width, [](double v) { return v < 0.0; });
    if (stray == d + target.width) continue;
    throw Error(DK_SETTINGS,
                fmt::format("objective '{}': '{}' holds {} at time {} of trial {}: {} are not "
                            "below 0",
                            loss_name(term.kind), term.target, *stray, row % data.T, row / data.T,
                            is_poisson ? "counts" : "probabilities"));
  }
}

// The values of a series at time k of all trials.
void check_finite(const TrainingData& data, const std::string& name, std::int64_t k,
                  const char* where) {
  const Series& series = data.series.at(name);
  for (std::int64_t trial = 0; trial < data.trials; ++trial) {
    const double* row = data.row(series, trial, k);
    const double* end = row + series.width;
    const double* stray = std::find_if_not(row, end, [](double v) { return std::isfinite(v); });
    if (stray == end) continue;
    throw Error(DK_SETTINGS, fmt::format("the dataset's '{}' holds {} at time {} of trial {}, "
                                         "where {}",
                                         name, *stray, k, trial, where));
  }
}

void check_inputs(const TrainingData& data) {
  if (data.inputs.empty()) return;
  for (std::int64_t k = 0; k < data.T; ++k) {
    check_finite(data, data.inputs, k, "the model needs it");
  }
}

// Those that are used: targets may have gaps elsewhere.
void check_states(const TrainingData& data, const TrainingPlan& plan) {
  if (plan.initial == InitialState::data) check_finite(data, "states", 0, "a trajectory begins");
  const bool shoots = plan.shooting.interval > 0;
  if (!shoots && plan.forcing.alpha == 0.0) return;
  const std::int64_t interval = shoots ? plan.shooting.interval : plan.forcing.interval;
  // Nothing goes on from the last state, but the last segment is tied to it.
  const std::int64_t end = shoots ? data.T : data.T - 1 + largest_lag(plan.terms);
  for (std::int64_t k = interval; k < end; k += interval) {
    check_finite(data, "states", k, "a trajectory goes on");
  }
}

}  // namespace

TrainingData load_data(const dk_data& data, const TrainingPlan& plan, std::int64_t inputs) {
  TrainingData loaded;
  for (const ObjectiveTerm& term : plan.terms) {
    add_series(data, term.target, fmt::format("objective '{}'", loss_name(term.kind)), loaded);
  }
  add_inputs(data, plan, inputs, loaded);
  if (needs_states(plan)) {
    add_series(data, "states", "an initial state or a teacher from the data", loaded);
  }
  if (loaded.trials < 1 || loaded.T < 1) {
    throw Error(DK_SETTINGS, fmt::format("the dataset has {} trials of {} times: nothing to train "
                                         "on",
                                         loaded.trials, loaded.T));
  }
  check_inputs(loaded);
  check_states(loaded, plan);
  add_times(data, loaded);
  add_mask(data, loaded);
  for (const ObjectiveTerm& term : plan.terms) check_target_values(loaded, term);
  return loaded;
}

Split load_split(const dk_data& data, const TrainingPlan& plan, std::int64_t trials,
                 const dk_stream& stream, const dk_host& host) {
  Split split;
  if (const std::optional<Array> given = find_array(data, "split")) {
    if (given->shape != std::vector<std::int64_t>{trials}) {
      refuse_shape("split", *given, fmt::format("{} trials", trials));
    }
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const double part = given->numbers()[static_cast<std::size_t>(trial)];
      if (part != 0.0 && part != 1.0 && part != 2.0) {
        throw Error(DK_SETTINGS, fmt::format("the dataset's 'split' holds {} for trial {}: it is "
                                             "0 (train), 1 (validation) or 2 (test)",
                                             part, trial));
      }
      (part == 0.0 ? split.train : part == 1.0 ? split.validation : split.test).push_back(trial);
    }
  } else {
    std::vector<std::int64_t> order(static_cast<std::size_t>(trials));
    std::iota(order.begin(), order.end(), 0);
    shuffle(order, stream, host);
    const auto share = [&](double part) {
      return static_cast<std::int64_t>(part * static_cast<double>(trials));
    };
    const std::int64_t test = share(plan.test);
    const std::int64_t validation = std::min(share(plan.validation), trials - test);
    if (validation == 0 && plan.validation > 0.0) {
      const std::string text = fmt::format(
          "training: setting 'validation': {} of {} trials is none: the loss of the "
          "training trials says which parameters are best",
          plan.validation, trials);
      host.log(&host, DK_LOG_WARNING, text.c_str());
    }
    split.test.assign(order.begin(), order.begin() + test);
    split.validation.assign(order.begin() + test, order.begin() + test + validation);
    split.train.assign(order.begin() + test + validation, order.end());
    for (auto* part : {&split.train, &split.validation, &split.test}) {
      std::sort(part->begin(), part->end());
    }
  }
  if (split.train.empty()) {
    throw Error(DK_SETTINGS, fmt::format("none of the {} trials is left to train on", trials));
  }
  return split;
}

}  // namespace dynkit::training
