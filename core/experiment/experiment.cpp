#include "dynkit/core/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "nested.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestExperiment = 16 << 20;

// Reads the parts of an experiment; every message begins with file and line, without a path with
// "line 7".
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  [[noreturn]] void refuse(int line, const std::string& reason) const {
    std::string place = line > 0 ? fmt::format("{}:{}: ", path_, line) : path_ + ": ";
    if (path_.empty()) place = line > 0 ? fmt::format("line {}: ", line) : "";
    throw Error(DK_SETTINGS, place + reason);
  }

  std::string text(const std::string& key, const Config& value) const {
    if (!value.is_text()) {
      refuse(value.line, fmt::format("'{}' is {} instead of a text", key, kind_of(value)));
    }
    return value.text();
  }

  const Config::Table& table(const std::string& key, const Config& value) const {
    if (!value.is_table()) {
      refuse(value.line, fmt::format("'{}' is {} instead of a table", key, kind_of(value)));
    }
    return value.table();
  }

  std::uint64_t seed(const Config& value) const {
    const auto* integer = std::get_if<std::int64_t>(&value.value);
    if (integer == nullptr || *integer < 0) {
      refuse(value.line,
             fmt::format("'seed' is {} instead of a whole number >= 0", to_text(value)));
    }
    return static_cast<std::uint64_t>(*integer);
  }

  // Takes the component out of a table; the rest are its settings.
  StagePlan component(const std::string& heading, const Config& value) const {
    StagePlan plan;
    plan.line = value.line;
    for (const auto& [key, item] : table(heading, value)) {
      if (key == "component") {
        plan.component = text(key, item);
        plan.component_line = item.line;
      } else {
        plan.settings.emplace_back(key, item);
      }
    }
    if (plan.component.empty()) refuse(value.line, fmt::format("{} names no component", heading));
    return plan;
  }

  // Takes out the name as well.
  StagePlan stage(const std::string& heading, const Config& value) const {
    StagePlan plan = component(heading, value);
    if (const auto name = take(plan.settings, "name")) plan.name = text("name", *name);
    if (plan.name.empty()) plan.name = default_name(plan.component);
    check_name(plan);
    return plan;
  }

  StagePlan training(const Config& value) const {
    StagePlan plan;
    plan.name = plan.component = kTrainingStage;
    plan.line = value.line;
    plan.settings = table("[training]", value);
    return plan;
  }

  StagePlan analysis(const Config& value) const {
    StagePlan plan = stage("[[analysis]]", value);
    plan.system = take(plan.settings, "system");
    return plan;
  }

  ModelPlan model(const std::string& heading, const Config& value) const {
    ModelPlan plan;
    plan.stage = component(heading, value);
    Config::Table settings;
    for (auto& [key, item] : plan.stage.settings) {
      if (key == "weights") {
        plan.weights = text(key, item);
      } else if (key == "prefix") {
        plan.prefix = text(key, item);
      } else if (key == "parameters") {
        plan.parameters = table(key, item);
      } else {
        settings.emplace_back(key, std::move(item));
      }
    }
    plan.stage.settings = std::move(settings);
    return plan;
  }

 private:
  static std::optional<Config> take(Config::Table& table, const std::string& key) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    if (found == table.end()) return std::nullopt;
    Config value = std::move(found->second);
    table.erase(found);
    return value;
  }

  static std::string default_name(const std::string& component) {
    const std::string id = component.substr(0, component.find('@'));
    return id.substr(id.rfind('.') + 1);
  }

  void check_name(const StagePlan& plan) const {
    const bool word =
        !plan.name.empty() && std::all_of(plan.name.begin(), plan.name.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        });
    if (!word) {
      refuse(plan.line,
             fmt::format("stage name '{}' is not in lower_snake_case", printable(plan.name)));
    }
  }

  std::string path_;
};

void check_unique_names(const Experiment& experiment, const Reader& reader) {
  std::set<std::string> names = {"model", kTrainingStage};
  const auto add = [&](const StagePlan& plan) {
    if (names.insert(plan.name).second) return;
    reader.refuse(plan.line, fmt::format("two stages are named '{}': give one of them another name "
                                         "(name = \"...\")",
                                         plan.name));
  };
  if (experiment.dataset) add(*experiment.dataset);
  for (const StagePlan& plan : experiment.analyses) add(plan);
}

void check_training(const Experiment& experiment, const Reader& reader) {
  if (!experiment.training) {
    if (experiment.readout) {
      reader.refuse(experiment.readout->stage.line,
                    "a [readout] serves a [training]: there is none");
    }
    return;
  }
  if (!experiment.model || !experiment.dataset) {
    reader.refuse(experiment.training->line, "a [training] needs a [model] and a [dataset]");
  }
}

}  // namespace

Experiment parse_experiment(const std::string& text, const std::string& path,
                            const std::string& directory) {
  static const std::vector<std::string> kKeys = {"title",   "seed",     "model",   "dataset",
                                                 "readout", "training", "analysis"};
  const Config root = parse_toml(text, path);
  const Reader reader(path);
  Experiment experiment;
  experiment.text = text;
  experiment.path = path;
  experiment.directory = directory;
  experiment.title = fs::path(path).stem().string();
  for (const auto& [key, value] : root.table()) {
    if (key == "title") {
      experiment.title = reader.text(key, value);
    } else if (key == "seed") {
      experiment.seed = reader.seed(value);
    } else if (key == "model") {
      experiment.model = reader.model("[model]", value);
      experiment.model->stage.name = "model";
    } else if (key == "dataset") {
      experiment.dataset = reader.stage("[dataset]", value);
    } else if (key == "readout") {
      experiment.readout = reader.model("[readout]", value);
      experiment.readout->stage.name = "readout";
    } else if (key == "training") {
      experiment.training = reader.training(value);
    } else if (key == "analysis") {
      if (!value.is_list()) {
        reader.refuse(value.line, "analyses are written [[analysis]], with two brackets");
      }
      for (const Config& item : value.list()) {
        experiment.analyses.push_back(reader.analysis(item));
      }
    } else {
      reader.refuse(value.line, fmt::format("unknown key '{}'{}", key, suggest(key, kKeys)));
    }
  }
  check_unique_names(experiment, reader);
  if (!experiment.model && !experiment.dataset) {
    reader.refuse(0, "there is neither a [model] nor a [dataset]: nothing to run");
  }
  check_training(experiment, reader);
  for (const StagePlan& analysis : experiment.analyses) {
    const std::string flaw = system_flaw(experiment, analysis);
    if (!flaw.empty()) reader.refuse(analysis.system->line, flaw);
  }
  return experiment;
}

Experiment read_experiment(const std::string& path) {
  const auto bytes = read_file(path, kLargestExperiment);
  return parse_experiment(std::string(as_text(bytes)), path,
                          fs::absolute(path).parent_path().string());
}

std::vector<std::string> stages_before(const Experiment& experiment, const std::string& stage) {
  std::vector<std::string> names;
  if (experiment.dataset) {
    if (experiment.dataset->name == stage) return names;
    names.push_back(experiment.dataset->name);
  }
  if (experiment.training) {
    if (stage == kTrainingStage) return names;
    names.emplace_back(kTrainingStage);
  }
  for (const StagePlan& plan : experiment.analyses) {
    if (plan.name == stage) break;
    names.push_back(plan.name);
  }
  return names;
}

std::string system_flaw(const Experiment& experiment, const StagePlan& analysis) {
  if (!analysis.system) return "";
  if (!analysis.system->is_text()) {
    return fmt::format("'system' is {} instead of a text", kind_of(*analysis.system));
  }
  const std::string& text = analysis.system->text();
  if (text == "model" && experiment.model) return "";
  const auto slash = text.find('/');
  const std::string model = slash == std::string::npos ? "system" : text.substr(slash + 1);
  std::vector<std::string> candidates;
  if (experiment.model) candidates.emplace_back("model");
  for (const std::string& stage : stages_before(experiment, analysis.name)) {
    if (text == stage + "/" + model && !model.empty()) return "";
    candidates.push_back(stage + "/" + model);
  }
  return fmt::format(
      "system = \"{}\" is neither \"model\"{} nor \"stage/model\" of an earlier "
      "stage{}",
      printable(text), experiment.model ? "" : " (there is no [model])", suggest(text, candidates));
}

ModelPlan model_in_setting(const Config& value) {
  if (value.is_table()) return Reader("").model("the table", value);
  ModelPlan plan;
  plan.stage.component = Reader("").text("component", value);
  plan.stage.line = plan.stage.component_line = value.line;
  return plan;
}

StagePlan dataset_in_setting(const Config& value) {
  return Reader("").component("the table", value);
}

}  // namespace dynkit
