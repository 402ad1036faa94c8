#include "model_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "dynkit/analysis.h"
#include "dynkit/core/config.hpp"
#include "dynkit/core/experiment.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/readout.h"
#include "whole_paths.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

struct Assignment {
  std::string text;  // "dataset.trials=20"
  std::string path;  // "dataset.trials"
  Config value;
};

Assignment parse_assignment(const char* option, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) {
    throw Error(DK_SETTINGS,
                fmt::format("{} {}: is not of the form key=value", option, printable(text)));
  }
  return {text, text.substr(0, equals), parse_value(text.substr(equals + 1))};
}

// Names of parameters have dots.
bool is_parameter(std::string_view text) {
  std::string name(text);
  std::replace(name.begin(), name.end(), '.', '_');
  return is_key(name);
}

void check_key(const char* option, const std::string& text, std::string_view key,
               bool (*is_name)(std::string_view) = is_key) {
  if (is_name(key)) return;
  throw Error(DK_SETTINGS, fmt::format("{} {}: '{}' is no name of a setting", option,
                                       printable(text), printable(std::string(key))));
}

// Names of settings between dots; behind "parameters" stands the name of one.
void check_path(const std::string& text, const std::string& path) {
  std::string_view rest = path;
  while (true) {
    const auto dot = rest.find('.');
    const std::string_view key = rest.substr(0, dot);
    check_key("--set", text, key);
    if (dot == rest.npos) return;
    rest.remove_prefix(dot + 1);
    if (key == "parameters") return check_key("--set", text, rest, is_parameter);
  }
}

// to_text writes keys as they are; a file needs quotes around those with dots.
std::string file_text(const Config& value) {
  if (!value.is_table()) return to_text(value);
  std::string text;
  for (const auto& [key, item] : value.table()) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ",
                        is_key(key) ? key : to_text(Config{key}), file_text(item));
  }
  return "{" + text + "}";
}

// One is the other or stands below it: "parameters" and "parameters.rho", but not two names of
// parameters.
bool overlap(const std::string& a, const std::string& b) {
  if (a.starts_with("parameters.") && b.starts_with("parameters.")) return a == b;
  return (a + ".").starts_with(b + ".") || (b + ".").starts_with(a + ".");
}

// A table of the experiment file. Options are written first; what they give, --set may not give
// again, since neither could be seen to win.
class ComponentTable {
 public:
  /// Of no component: settings of the host's own.
  ComponentTable() = default;
  explicit ComponentTable(const std::string& component) : table_{{"component", {component}}} {}

  void add_option(const std::string& words, const std::string& path, Config value) {
    given_.push_back({words, path});
    assign_setting(table_, path, std::move(value));
  }

  void set(const Assignment& assignment, const std::string& path) {
    const std::string text = printable(assignment.text);
    check_path(assignment.text, path);
    if (path == "component" && !table_.empty()) {
      throw Error(DK_SETTINGS, fmt::format("--set {}: the component is {} already, by the words of "
                                           "the command itself",
                                           text, to_text(table_.front().second)));
    }
    for (const Given& given : given_) {
      if (!overlap(given.path, path)) continue;
      throw Error(DK_SETTINGS, fmt::format("{} and --set {} give the same setting: leave one out",
                                           given.words, text));
    }
    try {
      assign_setting(table_, path, assignment.value);
    } catch (const Error& e) {
      throw Error(e.status(), fmt::format("--set {}: {}", text, e.what()));
    }
  }

  std::string text(const std::string& heading, const std::string& interface_id,
                   Registry& registry) const {
    Config::Table table = table_;
    make_paths_whole(table, interface_id, registry);
    std::string lines = "\n" + heading + "\n";
    for (const auto& [key, value] : table) lines += fmt::format("{} = {}\n", key, file_text(value));
    return lines;
  }

 private:
  struct Given {
    std::string words;  // "--rtol"
    std::string path;
  };

  Config::Table table_;
  std::vector<Given> given_;
};

ComponentTable model_table(const ModelArguments& model) {
  ComponentTable table(model.component);
  if (!model.weights.empty()) {
    table.add_option("--weights", "weights", Config{fs::absolute(model.weights).string()});
  }
  if (!model.prefix.empty()) table.add_option("--prefix", "prefix", Config{model.prefix});
  for (const std::string& text : model.parameters) {
    const Assignment assignment = parse_assignment("--parameter", text);
    check_key("--parameter", text, assignment.path, is_parameter);
    table.add_option("--parameter " + printable(text), "parameters." + assignment.path,
                     assignment.value);
  }
  return table;
}

}  // namespace

void add_model_options(CLI::App& command, ModelArguments& model) {
  command
      .add_option("model", model.component,
                  "component id of the model, or its last part: lorenz63 (see dynkit plugin list)")
      ->required()
      ->type_name("MODEL");
  command.add_option("--weights", model.weights, "file with the model's parameters by name")
      ->type_name("FILE");
  command.add_option("--prefix", model.prefix, "what their names begin with in that file: rnn.");
  command
      .add_option("--parameter", model.parameters, "value of a parameter: rho=20; may be repeated")
      ->type_name("NAME=VALUE");
}

std::string training_text(const std::string& title, const ModelArguments& model,
                          const std::string& dataset, const std::string& readout,
                          Registry& registry) {
  ComponentTable of_model = model_table(model);
  ComponentTable of_dataset(dataset), of_readout(readout), of_training;
  const std::pair<std::string_view, ComponentTable*> targets[] = {
      {"model.", &of_model}, {"dataset.", &of_dataset}, {"readout.", &of_readout}};
  for (const std::string& text : model.settings) {
    const Assignment assignment = parse_assignment("--set", text);
    const auto* target = std::find_if(std::begin(targets), std::end(targets), [&](const auto& one) {
      return assignment.path.starts_with(one.first);
    });
    if (target == std::end(targets)) {
      of_training.set(assignment, assignment.path);
    } else if (target->second == &of_readout && readout.empty()) {
      throw Error(DK_SETTINGS, fmt::format("--set {}: there is no --readout", printable(text)));
    } else {
      target->second->set(assignment, assignment.path.substr(target->first.size()));
    }
  }
  std::string lines = fmt::format("title = {}\n", to_text(Config{title}));
  lines += of_model.text("[model]", DK_MODEL_V1, registry);
  lines += of_dataset.text("[dataset]", DK_DATASET_V1, registry);
  if (!readout.empty()) lines += of_readout.text("[readout]", DK_READOUT_V1, registry);
  return lines + of_training.text("[training]", "", registry);
}

std::string experiment_text(const std::string& title, const ModelArguments& model,
                            const StageOnModel& stage, Registry& registry) {
  const bool is_dataset = stage.heading == "[dataset]";
  const char* kind = is_dataset ? DK_DATASET_V1 : DK_ANALYSIS_V1;
  ComponentTable of_model = model_table(model);
  ComponentTable of_stage(stage.component);
  for (const auto& [option, key, value] : stage.options) {
    of_stage.add_option(option, key, parse_value(value));
  }
  for (const std::string& text : model.settings) {
    const Assignment assignment = parse_assignment("--set", text);
    if (assignment.path.starts_with("model.")) {
      of_model.set(assignment, assignment.path.substr(6));
    } else if (assignment.path == "seed" &&
               !declares_setting(stage.component, kind, "seed", registry)) {
      throw Error(DK_SETTINGS,
                  fmt::format("--set {}: the seed is given by --seed", printable(text)));
    } else {
      of_stage.set(assignment, assignment.path);
    }
  }
  return fmt::format("title = {}\n", to_text(Config{title})) +
         of_model.text("[model]", DK_MODEL_V1, registry) +
         of_stage.text(stage.heading, kind, registry);
}

}  // namespace dynkit
