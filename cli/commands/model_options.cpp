#include "model_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

bool is_key(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

struct Assignment {
  std::string key;
  Config value;
};

Assignment parse_assignment(const char* option, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) {
    throw Error(DK_SETTINGS,
                fmt::format("{} {}: is not of the form key=value", option, printable(text)));
  }
  return {text.substr(0, equals), parse_value(text.substr(equals + 1))};
}

// The later of two values for one key counts.
void assign(Config::Table& table, const char* option, const std::string& key, Config value) {
  if (!is_key(key)) {
    throw Error(DK_SETTINGS, fmt::format("{} {}: '{}' is no name of a setting", option,
                                         printable(key), printable(key)));
  }
  for (auto& [name, item] : table) {
    if (name == key) {
      item = std::move(value);
      return;
    }
  }
  table.emplace_back(key, std::move(value));
}

// The experiment file will stand in another folder: names of files that are there become whole
// paths.
Config with_whole_path(const Config& value) {
  if (!value.is_text()) return value;
  const ArrayPlace place = find_array(value.text());
  std::error_code code;
  if (place.file.empty() || !fs::is_regular_file(place.file, code)) return value;
  const std::string name = place.name.empty() ? "" : ":" + place.name;
  return {fs::absolute(place.file).string() + name};
}

void assign_all(Config::Table& table, const std::vector<std::string>& assignments) {
  for (const std::string& text : assignments) {
    auto [key, value] = parse_assignment("--set", text);
    if (!key.starts_with("model.")) assign(table, "--set", key, with_whole_path(value));
  }
}

Config::Table model_table(const ModelArguments& model) {
  Config::Table table = {{"component", {model.component}}};
  if (!model.weights.empty())
    table.emplace_back("weights", Config{fs::absolute(model.weights).string()});
  if (!model.prefix.empty()) table.emplace_back("prefix", Config{model.prefix});
  for (const std::string& text : model.settings) {
    auto [key, value] = parse_assignment("--set", text);
    if (key == "model.parameters" || key.starts_with("model.parameters.")) {
      throw Error(DK_SETTINGS, fmt::format("--set {}: parameters are given by --parameter "
                                           "NAME=VALUE",
                                           printable(text)));
    }
    if (key.starts_with("model.")) assign(table, "--set", key.substr(6), with_whole_path(value));
  }
  Config::Table parameters;
  for (const std::string& text : model.parameters) {
    auto [key, value] = parse_assignment("--parameter", text);
    assign(parameters, "--parameter", key, std::move(value));
  }
  if (!parameters.empty()) table.emplace_back("parameters", Config{std::move(parameters)});
  return table;
}

std::string lines(const std::string& heading, const Config::Table& table) {
  std::string text = "\n" + heading + "\n";
  for (const auto& [key, value] : table) text += fmt::format("{} = {}\n", key, to_text(value));
  return text;
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

std::string experiment_text(const std::string& title, const ModelArguments& model,
                            const StageOnModel& stage) {
  Config::Table settings = {{"component", {stage.component}}};
  assign_all(settings, stage.settings);
  assign_all(settings, model.settings);
  return fmt::format("title = {}\n", to_text(Config{title})) +
         lines("[model]", model_table(model)) + lines(stage.heading, settings);
}

}  // namespace dynkit
