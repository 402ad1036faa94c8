#include "stage_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/core/hdf5.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

double number_in(const Config& value) {
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  throw Error(DK_SETTINGS, fmt::format("{}{} stands where a number is expected",
                                       line_prefix(value), to_text(value)));
}

// The shape of nested lists, judged by the first list at each depth.
std::vector<std::int64_t> shape_of_lists(const Config& value) {
  std::vector<std::int64_t> shape;
  const Config* at = &value;
  while (at->is_list()) {
    shape.push_back(static_cast<std::int64_t>(at->list().size()));
    if (at->list().empty()) break;
    at = &at->list().front();
  }
  return shape;
}

// Appends the elements in C order; every list at one depth must have the length that `shape` says.
void append_numbers(const Config& value, const std::vector<std::int64_t>& shape, std::size_t depth,
                    std::vector<double>& numbers) {
  const bool fits = value.is_list() ? depth < shape.size() &&
                                          static_cast<std::int64_t>(value.list().size()) ==
                                              shape[depth]
                                    : depth == shape.size();
  if (!fits) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("{}the lists do not form an array: they differ in "
                                               "length or depth",
                                               line_prefix(value)));
  }
  if (!value.is_list()) {
    numbers.push_back(number_in(value));
    return;
  }
  for (const Config& item : value.list()) append_numbers(item, shape, depth + 1, numbers);
}

Array array_in_place(const Config& value) {
  std::vector<double> numbers;
  auto shape = shape_of_lists(value);
  append_numbers(value, shape, 0, numbers);
  return {std::move(shape), std::move(numbers), {}, {}, {}};
}

}  // namespace

// Arrays by name for a plugin, with what they point to.
struct StageSource::Data {
  ArrayMap arrays;
  std::map<std::string, std::vector<const char*>> pointers;
  dk_data table{};

  explicit Data(ArrayMap map) : arrays(std::move(map)) {
    table.context = this;
    table.find = [](const dk_data* data, const char* name, dk_array* array, dk_error* error) {
      auto& self = *static_cast<Data*>(data->context);
      return guard(error, [&]() -> dk_status {
        const auto found = self.arrays.find(name);
        if (found == self.arrays.end()) {
          return set_error(error, DK_UNSUPPORTED, fmt::format("there is no array '{}'", name));
        }
        *array = view_array(found->second, self.pointers[found->first]);
        return DK_OK;
      });
    };
  }
};

StageSource::StageSource(const StageContext& context) : context_(context) {}
StageSource::~StageSource() = default;

Array StageSource::array(const Config& value) {
  if (!value.is_text()) return array_in_place(value);
  const std::string& text = value.text();
  const auto slash = text.find('/');
  if (slash != std::string::npos && is_stage(text.substr(0, slash))) {
    const std::string stage = text.substr(0, slash);
    note_stage(stage);
    return to_numbers(load_hdf5_array(stage_files(context_.run_folder, stage).arrays,
                                      text.substr(slash + 1)),
                      text);
  }
  const ArrayPlace place = find_array(resolve(text));
  note_file(place.file.string());
  return to_numbers(load_array(resolve(text)), text);
}

std::pair<std::string, std::vector<std::uint8_t>> StageSource::file(const std::string& path) {
  const std::string full = resolve(path);
  note_file(full);
  const auto bytes = read_file(full);
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {full, {first, first + bytes.size()}};
}

const dk_system* StageSource::system(const Config& value) {
  ModelPlan plan;
  if (value.is_text()) {
    if (value.text() == "model" && context_.experiment.model) return &run_system()->table();
    plan.stage.component = value.text();
  } else {
    for (const auto& [key, item] : value.table()) {
      if (key == "component" && item.is_text()) {
        plan.stage.component = item.text();
      } else if (key == "weights" && item.is_text()) {
        plan.weights = item.text();
      } else if (key == "prefix" && item.is_text()) {
        plan.prefix = item.text();
      } else if (key == "parameters" && item.is_table()) {
        plan.parameters = item.table();
      } else {
        plan.stage.settings.emplace_back(key, item);
      }
    }
  }
  plan.stage.name = "model";
  return &make_system(plan).table();
}

const dk_data* StageSource::dataset(const Config& value) {
  if (!value.is_text() || !is_stage(value.text())) {
    throw Error(DK_SETTINGS, fmt::format("{}{} does not name an earlier stage of this run",
                                         line_prefix(value), to_text(value)));
  }
  return stage_data(value.text());
}

std::optional<std::int64_t> StageSource::extent(const std::string& block, std::size_t axis) {
  if (weights_ == nullptr) return std::nullopt;
  return weight_extent(*weights_, prefix_, block, axis);
}

const System& StageSource::keep(
    const LoadedComponent& component, const Config::Table& settings,
    const std::function<std::vector<double>(const Model&)>& parameters) {
  const dk_host& table = host(component.directory);
  auto model = std::make_shared<Model>(component, settings, *this, table);
  auto theta = parameters(*model);
  systems_.push_back(std::make_unique<System>(std::move(model), std::move(theta), table));
  return *systems_.back();
}

const System& StageSource::make_system(const ModelPlan& plan) {
  const LoadedComponent component = context_.registry.find(plan.stage.component, DK_MODEL_V1);
  const ArrayMap* weights = nullptr;
  if (!plan.weights.empty()) {
    const std::string path = resolve(plan.weights);
    note_file(path);
    weights = &weight_files_.emplace_back(load_arrays(path));
  }
  // Sizes that the user left out are taken from the weights while the settings are resolved.
  weights_ = weights;
  prefix_ = plan.prefix;
  const System& system = keep(component, plan.stage.settings, [&](const Model& model) {
    std::vector<double> theta =
        weights != nullptr
            ? parameters_from_arrays(model, *weights, plan.prefix, plan.weights)
            : initial_parameters(model, host(component.directory),
                                 make_stream(context_.experiment.seed, plan.stage.name));
    set_parameters(model, plan.parameters, theta);
    return theta;
  });
  weights_ = nullptr;
  return system;
}

const System* StageSource::run_system() {
  if (!context_.experiment.model) return nullptr;
  const StoredStage stored = read_stage(context_.run_folder, "model");
  note_stage("model");
  const StoredModel& kept = stored.result.models.front();
  Config::Table settings;
  for (const NamedText& setting : kept.settings) {
    settings.emplace_back(setting.name, parse_value(setting.value));
  }
  const std::string major = kept.version.substr(0, kept.version.find('.'));
  const LoadedComponent component =
      context_.registry.find(fmt::format("{}@{}", kept.component, major), DK_MODEL_V1);
  return &keep(component, settings, [&](const Model& model) {
    return parameters_from_arrays(model, kept.parameters, "", "the run's model");
  });
}

const dk_data* StageSource::stage_data(const std::string& stage) {
  note_stage(stage);
  data_.push_back(std::make_unique<Data>(read_stage(context_.run_folder, stage).result.arrays));
  return &data_.back()->table;
}

const dk_host& StageSource::host(const std::string& directory) {
  for (const HostTable& table : hosts_) {
    if (table.resource_directory() == directory) return table.table();
  }
  return hosts_.emplace_back(context_.services, directory).table();
}

std::string StageSource::resolve(const std::string& path) const {
  return (fs::path(context_.experiment.directory) / path).lexically_normal().string();
}

void StageSource::note_file(const std::string& path) {
  inputs_.files.push_back({path, sha256_file(path)});
}

void StageSource::note_stage(const std::string& stage) {
  const StageFiles files = stage_files(context_.run_folder, stage);
  if (!fs::exists(files.record)) {
    throw Error(DK_SETTINGS, fmt::format("stage '{}' has no results to use: it comes later, or it "
                                         "failed",
                                         stage));
  }
  inputs_.stages.push_back({stage, stage_digest(context_.run_folder, stage)});
}

bool StageSource::is_stage(const std::string& name) const {
  const Experiment& experiment = context_.experiment;
  if (experiment.dataset && experiment.dataset->name == name) return true;
  return std::any_of(experiment.analyses.begin(), experiment.analyses.end(),
                     [&](const StagePlan& plan) { return plan.name == name; });
}

}  // namespace dynkit
