#include "stage_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "array_in_place.hpp"
#include "created.hpp"
#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/core/hdf5.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "nested.hpp"
#include "result_sink.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

std::string resolve_in(const Experiment& experiment, const std::string& path) {
  return (fs::path(experiment.directory) / path).lexically_normal().string();
}

// The settings of a readout with the sizes `n` and `o` that the user left to what stands beside it.
Config::Table with_sizes(const dk_component& component, const ModelPlan& plan, std::int64_t n,
                         std::int64_t o) {
  Config::Table settings = plan.stage.settings;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    const std::string name = setting.name;
    const bool is_size = setting.type == DK_INTEGER && (name == "n" || name == "o");
    const bool given = std::any_of(settings.begin(), settings.end(),
                                   [&](const auto& entry) { return entry.first == name; });
    const bool from_weights = !plan.weights.empty() && setting.size_from != nullptr;
    if (is_size && !given && !from_weights) {
      settings.emplace_back(name, Config{name == "n" ? n : o, 0});
    }
  }
  return settings;
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

// The component whose settings are being opened while this object lives. resolve_settings opens
// them in declared order, which is how a setting's name is known here.
class StageSource::Opening {
 public:
  Opening(StageSource& source, const dk_component& component, const Config::Table& given,
          std::string path, const ArrayMap* weights, std::string prefix)
      : source_(source),
        outer_(source.opening_),
        component_(component),
        given_(given),
        path_(std::move(path)),
        weights_(weights),
        prefix_(std::move(prefix)) {
    source.opening_ = this;
  }
  ~Opening() { source_.opening_ = outer_; }
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  const std::string& path() const { return path_; }

  std::string next_setting(std::int32_t type) {
    while (next_ < component_.setting_count) {
      const dk_setting& setting = component_.settings[next_++];
      if (setting.type == type && has_value(setting)) return setting.name;
    }
    throw Error(DK_INTERNAL, "a setting is opened out of turn");
  }

  std::optional<std::int64_t> extent(const std::string& block, std::size_t axis) const {
    if (weights_ == nullptr) return std::nullopt;
    return weight_extent(*weights_, prefix_, block, axis);
  }

 private:
  bool has_value(const dk_setting& setting) const {
    return setting.initial != nullptr ||
           std::any_of(given_.begin(), given_.end(),
                       [&](const auto& entry) { return entry.first == setting.name; });
  }

  StageSource& source_;
  Opening* outer_;
  const dk_component& component_;
  const Config::Table& given_;
  std::string path_;
  const ArrayMap* weights_;
  std::string prefix_;
  std::int64_t next_ = 0;
};

StageSource::StageSource(const StageContext& context, const std::string& stage)
    : context_(context), stage_(stage) {}
StageSource::~StageSource() = default;

ResolvedSettings StageSource::open(const LoadedComponent& component,
                                   const Config::Table& settings) {
  const Opening opening(*this, *component.component, settings, stage_, nullptr, "");
  return resolve_settings(*component.component, settings, *this);
}

Array StageSource::array(const Config& value) {
  if (!value.is_text()) return array_in_place(value);
  const std::string& text = value.text();
  const auto slash = text.find('/');
  if (slash != std::string::npos && is_stage(text.substr(0, slash))) {
    const std::string stage = text.substr(0, slash);
    note_stage(stage);
    return to_numbers(
        load_hdf5_array(stage_files(context_.run_folder, stage).arrays, text.substr(slash + 1)),
        text);
  }
  note_file(text, find_array(resolve(text)).file.string());
  return to_numbers(load_array(resolve(text)), text);
}

std::pair<std::string, std::vector<std::uint8_t>> StageSource::file(const std::string& path) {
  const std::string full = resolve(path);
  note_file(path, full);
  const auto bytes = read_file(full);
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {full, {first, first + bytes.size()}};
}

const dk_system* StageSource::system(const Config& value) {
  const std::string setting = opening_->next_setting(DK_MODEL);
  std::string component;
  try {
    if (value.is_text()) {
      if (value.text() == "model" && context_.experiment.model) return &run_system()->table();
      const StoredName name = stored_name(value.text());
      if (is_stage(name.stage)) return &stored_system(name.stage, name.model)->table();
    }
    const ModelPlan plan = model_in_setting(value);
    component = plan.stage.component;
    return &make_system(plan, opening_->path() + "/" + setting).table();
  } catch (const Error& e) {
    if (e.status() == DK_CANCELLED) throw;
    throw Error(e.status(), message_in_setting(setting, component, value, e.what()));
  }
}

const dk_data* StageSource::dataset(const Config& value) {
  const std::string setting = opening_->next_setting(DK_DATASET);
  std::string component;
  try {
    if (value.is_table()) {
      const StagePlan plan = dataset_in_setting(value);
      component = plan.component;
      return generate(plan, opening_->path() + "/" + setting);
    }
    if (is_stage(value.text())) return stage_data(value.text());
    throw Error(DK_SETTINGS,
                fmt::format("{} does not name an earlier stage of this run", to_text(value)));
  } catch (const Error& e) {
    if (e.status() == DK_CANCELLED) throw;
    throw Error(e.status(), message_in_setting(setting, component, value, e.what()));
  }
}

const dk_data* StageSource::generate(const StagePlan& plan, const std::string& path) {
  const LoadedComponent component = find_component(context_.registry, plan, DK_DATASET_V1);
  const dk_host& table = host(component.directory);
  const Opening opening(*this, *component.component, plan.settings, path, nullptr, "");
  const ResolvedSettings settings = resolve_settings(*component.component, plan.settings, *this);
  const Created<dk_dataset_v1, dk_dataset> dataset(component, settings.values(), table);

  StageResult result;
  const ResultSink sink(result, [&](const std::string& name, const dk_system& system) {
    nested_models_.push_back(store_model(name, *static_cast<const System*>(system.context)));
  });
  const dk_stream stream = make_stream(context_.experiment.seed, path);
  const System* system = run_system();
  const dk_system* systems[] = {system != nullptr ? &system->table() : nullptr};
  const dk_job job{&table, &stream, system != nullptr ? 1 : 0, systems, nullptr, &sink.table()};
  call(dataset->generate, dataset.get(), &job);
  data_.push_back(std::make_unique<Data>(std::move(result.arrays)));
  return &data_.back()->table;
}

std::optional<std::int64_t> StageSource::extent(const std::string& block, std::size_t axis) {
  return opening_->extent(block, axis);
}

const System& StageSource::keep(
    const LoadedComponent& component, const Config::Table& settings, const std::string& path,
    const ArrayMap* weights, const std::string& prefix,
    const std::function<std::vector<double>(const Model&)>& parameters) {
  const dk_host& table = host(component.directory);
  const Opening opening(*this, *component.component, settings, path, weights, prefix);
  auto model = std::make_shared<Model>(component, settings, *this, table);
  auto theta = parameters(*model);
  systems_.push_back(std::make_unique<System>(std::move(model), std::move(theta), table));
  return *systems_.back();
}

std::vector<double> StageSource::untrained_parameters(const Model& model, const ModelPlan& plan,
                                                      const dk_host& table,
                                                      const std::string& path) const {
  dk_stream stream = make_stream(context_.experiment.seed, path);
  std::vector<double> theta = initial_parameters(model, table, stream);
  const bool is_random = stream.position > 0 && !context_.experiment.training &&
                         plan.parameters.size() < model.blocks().size();
  if (is_random) {
    context_.services.log(
        DK_LOG_WARNING,
        fmt::format("{} is given no weights: its parameters are random, as before training",
                    model.component().id));
  }
  return theta;
}

const System& StageSource::make_run_system() {
  return make_system(*context_.experiment.model, "model");
}

const System& StageSource::make_system(const ModelPlan& plan, const std::string& path) {
  const LoadedComponent component = find_component(context_.registry, plan.stage, DK_MODEL_V1);
  const ArrayMap* weights = load_weights(plan);
  return keep(component, plan.stage.settings, path, weights, plan.prefix, [&](const Model& model) {
    std::vector<double> theta =
        weights != nullptr
            ? parameters_from_arrays(model.layout(), *weights, plan.prefix, plan.weights)
            : untrained_parameters(model, plan, host(component.directory), path);
    set_parameters(model.layout(), plan.parameters, theta);
    return theta;
  });
}

// nullptr: the plan names none.
const ArrayMap* StageSource::load_weights(const ModelPlan& plan) {
  if (plan.weights.empty()) return nullptr;
  const std::string file = resolve(plan.weights);
  note_file(plan.weights, file);
  return &weight_files_.emplace_back(load_arrays(file));
}

StageSource::MadeReadout StageSource::make_readout(const ModelPlan& plan, std::int64_t n,
                                                   std::int64_t o) {
  const LoadedComponent component = find_component(context_.registry, plan.stage, DK_READOUT_V1);
  const dk_host& table = host(component.directory);
  const ArrayMap* weights = load_weights(plan);
  const Config::Table settings = with_sizes(*component.component, plan, n, o);
  const Opening opening(*this, *component.component, settings, "readout", weights, plan.prefix);
  MadeReadout made;
  made.readout = std::make_unique<Readout>(component, settings, *this, table);
  const ParameterLayout layout = made.readout->layout();
  dk_stream stream = make_stream(context_.experiment.seed, "readout");
  made.theta = weights != nullptr
                   ? parameters_from_arrays(layout, *weights, plan.prefix, plan.weights)
                   : initial_parameters(*made.readout, table, stream);
  set_parameters(layout, plan.parameters, made.theta);
  return made;
}

const System* StageSource::run_system() {
  return context_.experiment.model ? stored_system("model", "model") : nullptr;
}

const System* StageSource::stored_system(const std::string& stage, const std::string& model) {
  const auto known = stored_.find(stage + "/" + model);
  if (known != stored_.end()) return known->second;
  note_stage(stage);
  const StageResult result = read_stage(context_.run_folder, stage).result;
  std::vector<std::string> names;
  const StoredModel* kept = nullptr;
  for (const StoredModel& one : result.models) {
    names.push_back(one.name);
    if (kept == nullptr && (model.empty() || model == one.name)) kept = &one;
  }
  if (kept == nullptr && model.empty()) return nullptr;
  if (kept == nullptr) {
    throw Error(DK_SETTINGS, fmt::format("stage '{}' has put no model '{}'{}", stage,
                                         printable(model), suggest(model, names)));
  }
  const System* system = &remake(*kept, fmt::format("{}/{}", stage, kept->name));
  stored_[stage + "/" + model] = system;
  return system;
}

const System& StageSource::remake(const StoredModel& kept, const std::string& origin) {
  Config::Table settings;
  for (const NamedText& setting : kept.settings) {
    settings.emplace_back(setting.name, parse_value(setting.value));
  }
  const std::string major = kept.version.substr(0, kept.version.find('.'));
  const LoadedComponent component =
      context_.registry.find(fmt::format("{}@{}", kept.component, major), DK_MODEL_V1);
  return keep(component, settings, origin, nullptr, "", [&](const Model& model) {
    return parameters_from_arrays(model.layout(), kept.parameters, "", origin);
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
  return resolve_in(context_.experiment, path);
}

void StageSource::note_file(const std::string& written, const std::string& path) {
  inputs_.files.push_back({written, sha256_file(path)});
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
  if (experiment.training && name == kTrainingStage) return true;
  return std::any_of(experiment.analyses.begin(), experiment.analyses.end(),
                     [&](const StagePlan& plan) { return plan.name == name; });
}

bool are_unchanged(const StageInputs& inputs, const StageContext& context) {
  const auto same_file = [&](const NamedText& file) {
    const ArrayPlace place = find_array(resolve_in(context.experiment, file.name));
    return sha256_file(place.file) == file.value;
  };
  const auto same_stage = [&](const NamedText& earlier) {
    return stage_digest(context.run_folder, earlier.name) == earlier.value;
  };
  return std::all_of(inputs.files.begin(), inputs.files.end(), same_file) &&
         std::all_of(inputs.stages.begin(), inputs.stages.end(), same_stage);
}

StoredModel store_model(const std::string& name, const System& system) {
  return {name, system.model().component().id, system.model().component().version,
          settings_texts(system.model().settings()),
          parameters_as_arrays(system.model().layout(), system.theta())};
}

std::vector<NamedText> settings_texts(const Config::Table& settings) {
  std::vector<NamedText> texts;
  for (const auto& [name, value] : settings) texts.push_back({name, to_text(value)});
  return texts;
}

}  // namespace dynkit
