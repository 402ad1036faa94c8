// `--set key=value`: values for an experiment that was read.
#include <fmt/format.h>

#include <algorithm>

#include "dynkit/core/experiment.hpp"
#include "dynkit/error.hpp"
#include "nested.hpp"

namespace dynkit {
namespace {

Config* find_key(Config::Table& table, const std::string& key) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  return found == table.end() ? nullptr : &found->second;
}

void replace(Config::Table& table, const std::string& key, Config value) {
  if (Config* item = find_key(table, key)) {
    *item = std::move(value);
  } else {
    table.emplace_back(key, std::move(value));
  }
}

// Ids have dots; "model" has none, and "stage/model" a slash.
bool is_component_id(const std::string& text) {
  return text.find('.') != std::string::npos && text.find('/') == std::string::npos;
}

Config with_line(Config value, int line) {
  value.line = line;
  if (value.is_table()) {
    for (auto& entry : value.table()) entry.second = with_line(std::move(entry.second), line);
  } else if (value.is_list()) {
    Config::List items = value.list();
    for (Config& item : items) item = with_line(std::move(item), line);
    value.value = std::move(items);
  }
  return value;
}

// The settings of the component in the setting `key`, to set one of them; `line`: of a table that
// is made for it.
Config::Table& settings_in(Config::Table& settings, const std::string& key, int line) {
  Config* item = find_key(settings, key);
  if (item == nullptr) {
    return settings.emplace_back(key, Config{Config::Table{}, line}).second.table();
  }
  if (item->is_text() && is_component_id(item->text())) {
    item->value = Config::Table{{"component", {item->text(), item->line}}};
  }
  if (!item->is_table()) {
    throw Error(DK_SETTINGS, fmt::format("'{}' is {}, which has no settings of its own", key,
                                         printable(to_text(*item))));
  }
  item->line = 0;
  return item->table();
}

StagePlan* find_stage(Experiment& experiment, const std::string& name) {
  if (experiment.model && name == "model") return &experiment.model->stage;
  if (experiment.dataset && (name == "dataset" || name == experiment.dataset->name)) {
    return &*experiment.dataset;
  }
  if (experiment.readout && name == "readout") return &experiment.readout->stage;
  if (experiment.training && name == kTrainingStage) return &*experiment.training;
  for (StagePlan& plan : experiment.analyses) {
    if (plan.name == name) return &plan;
  }
  return nullptr;
}

bool is_analysis(const Experiment& experiment, const StagePlan& stage) {
  return std::any_of(experiment.analyses.begin(), experiment.analyses.end(),
                     [&](const StagePlan& plan) { return &plan == &stage; });
}

std::vector<std::string> known_keys(const Experiment& experiment) {
  std::vector<std::string> keys = stages_before(experiment, "");
  if (experiment.model) keys.emplace_back("model");
  if (experiment.dataset) keys.emplace_back("dataset");
  if (experiment.readout) keys.emplace_back("readout");
  keys.emplace_back("seed");
  return keys;
}

std::string text_value(const std::string& key, const Config& value) {
  if (value.is_text()) return value.text();
  throw Error(DK_SETTINGS, fmt::format("'{}' is {} instead of a text; in quotes it would be one",
                                       key, kind_of(value)));
}

std::uint64_t seed(const Config& value) {
  const auto* integer = std::get_if<std::int64_t>(&value.value);
  if (integer == nullptr || *integer < 0) {
    throw Error(DK_SETTINGS, "the seed is no whole number >= 0");
  }
  return static_cast<std::uint64_t>(*integer);
}

// What [model] holds besides the settings of its component. False: `path` is none of it.
bool set_of_model(ModelPlan& model, const std::string& path, const Config& value) {
  constexpr std::string_view kParameters = "parameters.";
  if (path == "weights") {
    model.weights = text_value(path, value);
  } else if (path == "prefix") {
    model.prefix = text_value(path, value);
  } else if (path.starts_with(kParameters) && path.size() > kParameters.size()) {
    replace(model.parameters, path.substr(kParameters.size()), value);
  } else if (path == "parameters") {
    if (!value.is_table()) {
      throw Error(DK_SETTINGS,
                  fmt::format("'parameters' is {} instead of a table", kind_of(value)));
    }
    model.parameters = value.table();
  } else {
    return false;
  }
  return true;
}

void set_in_stage(Experiment& experiment, StagePlan& stage, const std::string& path,
                  const Config& value) {
  for (std::optional<ModelPlan>* plan : {&experiment.model, &experiment.readout}) {
    if (*plan && &stage == &(*plan)->stage && set_of_model(**plan, path, value)) return;
  }
  if (path == "component") {
    stage.component = text_value(path, value);
    stage.component_line = value.line;
  } else if (is_analysis(experiment, stage) && path == "system") {
    stage.system = value;
    const std::string flaw = system_flaw(experiment, stage);
    if (!flaw.empty()) throw Error(DK_SETTINGS, flaw);
  } else {
    assign_setting(stage.settings, path, value);
  }
}

void set_at(Experiment& experiment, const std::string& key, const Config& value) {
  if (key == "seed") {
    experiment.seed = seed(value);
    return;
  }
  const auto dot = key.find('.');
  const std::string name = key.substr(0, dot);
  StagePlan* stage = find_stage(experiment, name);
  if (stage == nullptr) {
    throw Error(DK_SETTINGS, fmt::format("there is no stage '{}'{}", printable(name),
                                         suggest(name, known_keys(experiment))));
  }
  if (dot == std::string::npos) {
    throw Error(DK_SETTINGS, fmt::format("names no setting of the stage '{}'", name));
  }
  set_in_stage(experiment, *stage, key.substr(dot + 1), value);
}

}  // namespace

void assign_setting(Config::Table& settings, const std::string& path, Config value) {
  const auto dot = path.find('.');
  const std::string key = path.substr(0, dot);
  const std::string rest = dot == std::string::npos ? "" : path.substr(dot + 1);
  if (key.empty() || (dot != std::string::npos && rest.empty())) {
    throw Error(DK_SETTINGS, "a part of the name is empty");
  }
  if (rest.empty()) {
    replace(settings, key, std::move(value));
    return;
  }
  Config::Table& inner = settings_in(settings, key, value.line);
  if (key == "parameters") {
    replace(inner, rest, std::move(value));
  } else {
    assign_setting(inner, rest, std::move(value));
  }
}

void set_value(Experiment& experiment, const std::string& assignment, int line) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos) {
    throw Error(DK_SETTINGS,
                fmt::format("--set {}: is not of the form key=value", printable(assignment)));
  }
  try {
    const Config value = with_line(parse_value(assignment.substr(equals + 1)), line);
    set_at(experiment, assignment.substr(0, equals), value);
  } catch (const Error& e) {
    throw Error(e.status(), fmt::format("--set {}: {}", printable(assignment), e.what()));
  }
}

void set_values(Experiment& experiment, const std::vector<std::string>& assignments) {
  int line = kAssignmentLine;
  for (const std::string& assignment : assignments) set_value(experiment, assignment, line++);
  experiment.assignments = assignments;
}

}  // namespace dynkit
