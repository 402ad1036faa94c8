#include "run_record.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "dynkit/core/files.hpp"
#include "dynkit/core/hdf5.hpp"
#include "dynkit/error.hpp"
#include "nested.hpp"
#include "result_files.hpp"

namespace dynkit {
namespace {

using Json = nlohmann::ordered_json;

std::string machine() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Json object_of(const std::vector<NamedText>& texts) {
  Json object = Json::object();
  for (const NamedText& text : texts) object[text.name] = text.value;
  return object;
}

Json stage_json(const StageEntry& entry) {
  const StageResult& result = entry.result;
  return {{"component", result.component},
          {"version", result.version},
          {"status", to_text(result.status)},
          {"message", result.message},
          {"seconds", result.seconds},
          {"reused", entry.reused},
          {"settings", object_of(result.settings)},
          {"files_sha256", object_of(entry.files)},
          {"summary", summary_json(result)}};
}

// Arrays of a stage below a group of results.h5.
void add_stage(const std::string& group, const std::string& run_folder, const StageResult& result,
               ArrayMap& merged, GroupAttributes& attributes) {
  FileContent own = load_hdf5(stage_files(run_folder, result.name).arrays);
  for (auto& [name, array] : own.arrays)
    merged.emplace(fmt::format("{}/{}", group, name), std::move(array));
  attributes[group] = {{"component", result.component},
                       {"version", result.version},
                       {"status", std::string(to_text(result.status))}};
}

// The model of a stage, and the readout that was fitted with it, of the results so far.
void write_model(const RunSummary& summary, const StageResult& result, const ArrayMap& results) {
  if (result.models.empty()) return;
  const StoredModel& model = result.models.front();
  ArrayMap arrays;
  for (const auto& [block, array] : model.parameters) {
    arrays.emplace("parameters/" + block, array);
  }
  const std::string below = result.name + "/", readout = below + "readout/";
  for (const auto& [name, array] : results) {
    if (name.starts_with(readout)) arrays.emplace(name.substr(below.size()), array);
  }
  GroupAttributes attributes;
  attributes[""] = {{"component", model.component}, {"version", model.version}};
  for (const NamedText& setting : model.settings) {
    attributes["settings"][setting.name] = setting.value;
  }
  save_hdf5(summary.folder + "/model.h5", arrays, attributes);
}

// Each file that a stage read, once.
std::vector<NamedText> files_of(const Json& run) {
  std::vector<NamedText> files;
  const auto add = [&](const Json& stage) {
    for (const auto& [file, hash] : stage.at("files_sha256").items()) {
      NamedText row{file, fmt::format("SHA-256 {}", hash.get<std::string>())};
      const bool known = std::any_of(files.begin(), files.end(), [&](const NamedText& one) {
        return one.name == row.name && one.value == row.value;
      });
      if (!known) files.push_back(std::move(row));
    }
  };
  if (run.contains("model")) add(run.at("model"));
  if (run.contains("dataset")) add(run.at("dataset"));
  if (run.contains("analyses")) {
    for (const Json& stage : run.at("analyses")) add(stage);
  }
  return files;
}

std::vector<NamedText> provenance_rows(const Json& run) {
  const Json& host = run.at("host");
  std::vector<NamedText> rows = {
      {"dynkit", run.at("dynkit")},
      {"started", run.at("started")},
      {"wall time", fmt::format("{:.2f} s", run.at("seconds").get<double>())},
      {"seed", run.at("seed").dump()},
      {"threads", run.at("threads").dump()},
      {"machine",
       host.at("processor").get<std::string>() + ", " + host.at("system").get<std::string>()},
      {"experiment SHA-256", run.at("experiment_sha256")}};
  for (const Json& assignment : run.at("assignments")) {
    rows.push_back({"set on the command line", assignment});
  }
  for (const auto& [component, library] : run.at("plugins").items()) {
    rows.push_back({component, library});
  }
  for (const NamedText& file : files_of(run)) rows.push_back(file);
  return rows;
}

}  // namespace

std::string results_group(const Experiment& experiment, const std::string& stage) {
  if (stage == "model" && experiment.model) return "model";
  if (stage == kTrainingStage && experiment.training) return kTrainingStage;
  const bool is_dataset = experiment.dataset && experiment.dataset->name == stage;
  return is_dataset ? "dataset" : "analyses/" + stage;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string run_json(const RunSummary& summary) {
  Json json = {{"run", std::filesystem::absolute(summary.folder).lexically_normal().string()},
               {"title", summary.experiment.title},
               {"status", summary.status},
               {"dynkit", DK_VERSION},
               {"started", summary.started},
               {"seconds", summary.seconds},
               {"seed", summary.experiment.seed},
               {"threads", summary.threads},
               {"host", {{"name", host_name()}, {"system", machine()}, {"processor", processor()}}},
               {"experiment_sha256", sha256(as_bytes(summary.experiment.text))},
               {"assignments", summary.experiment.assignments},
               {"plugins", object_of(summary.plugins)}};
  for (const StageEntry& entry : summary.stages) {
    const std::string group = results_group(summary.experiment, entry.result.name);
    if (group.starts_with("analyses/")) {
      json["analyses"][entry.result.name] = stage_json(entry);
    } else {
      json[group] = stage_json(entry);
    }
  }
  json["report"] = json["run"].get<std::string>() + "/report.html";
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<NamedText> provenance(const RunSummary& summary) {
  return provenance_rows(Json::parse(run_json(summary)));
}

std::vector<NamedText> read_provenance(const std::string& run_folder) {
  const std::string path = run_folder + "/run.json";
  const auto bytes = read_file(path);
  try {
    return provenance_rows(Json::parse(as_text(bytes)));
  } catch (const Json::exception& e) {
    throw Error(DK_IO, fmt::format("{}: is damaged: {}", path, e.what()));
  }
}

void merge_results(const RunSummary& summary) {
  ArrayMap merged;
  GroupAttributes attributes;
  for (const StageEntry& entry : summary.stages) {
    if (!entry.has_results) continue;
    if (!std::filesystem::exists(stage_files(summary.folder, entry.result.name).arrays)) continue;
    add_stage(results_group(summary.experiment, entry.result.name), summary.folder, entry.result,
              merged, attributes);
    // The fitted one replaces that of before.
    const bool has_model = entry.result.name == "model" || entry.result.name == kTrainingStage;
    if (has_model) write_model(summary, entry.result, merged);
  }
  attributes[""] = {{"title", summary.experiment.title}, {"dynkit", DK_VERSION}};
  save_hdf5(summary.folder + "/results.h5", merged, attributes);
}

}  // namespace dynkit
