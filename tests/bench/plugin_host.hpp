// Plugins as the program runs them, without its worker processes and result files: libraries loaded
// in the variant for this machine, models as a System, analyses with a sink that drops what they
// put. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/analysis.h"
#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/library.hpp"
#include "dynkit/core/model.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/error.hpp"
#include "dynkit/job.h"

namespace dynkit::bench {

/// Opens arrays, "file.npy", "file.npz:name" or numbers in place; nothing else can be named.
class ArrayFiles : public SettingSource {
 public:
  Array array(const Config& value) override {
    if (value.is_text()) return load_array(value.text());
    std::vector<double> numbers;
    for (const Config& number : value.list()) {
      const auto* integer = std::get_if<std::int64_t>(&number.value);
      numbers.push_back(integer != nullptr ? static_cast<double>(*integer)
                                           : std::get<double>(number.value));
    }
    Array array;
    array.shape = {static_cast<std::int64_t>(numbers.size())};
    array.values = std::move(numbers);
    return array;
  }
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string& path) override {
    throw Error(DK_SETTINGS, "no file " + path);
  }
  const dk_system* system(const Config&) override { throw Error(DK_SETTINGS, "no model"); }
  const dk_data* dataset(const Config&) override { throw Error(DK_SETTINGS, "no dataset"); }
  std::optional<std::int64_t> extent(const std::string&, std::size_t) override { return {}; }
};

class PluginHost {
 public:
  explicit PluginHost(std::string folder)
      : folder_(std::move(folder)),
        services_([] {
          ServicesOptions options;
          options.threads = 1;
          return options;
        }()),
        table_(services_, folder_) {}

  const dk_host& table() const { return table_.table(); }

  /// The component `id` of the library `name`.
  LoadedComponent find(const std::string& name, const std::string& id) const {
    const Library library = load_library(folder_ + "/" + name + ".so");
    for (std::int64_t i = 0; i < library.table->component_count; ++i) {
      const dk_component& component = library.table->components[i];
      if (id == component.id) return {&component, folder_, library.loaded_path, {}};
    }
    throw Error(DK_SETTINGS, name + " has no component " + id);
  }

  std::shared_ptr<const Model> model(const LoadedComponent& component,
                                     const Config::Table& settings = {}) const {
    ArrayFiles source;
    return std::make_shared<Model>(component, settings, source, table());
  }

  /// With parameters from the weights and biases of a file.
  std::unique_ptr<System> trained(const LoadedComponent& component, const Config::Table& settings,
                                  const std::string& weights, const std::string& prefix) const {
    auto one = model(component, settings);
    ArrayMap arrays = load_arrays(weights);
    std::erase_if(arrays, [](const auto& array) {
      return array.first.find("weight") == std::string::npos &&
             array.first.find("bias") == std::string::npos;
    });
    auto theta = parameters_from_arrays(one->layout(), arrays, prefix, weights);
    return std::make_unique<System>(std::move(one), std::move(theta), table());
  }

  /// With the model's initial parameters.
  std::unique_ptr<System> system(const LoadedComponent& component,
                                 const Config::Table& settings = {}) const {
    auto one = model(component, settings);
    dk_stream stream = make_stream(1, "model");
    auto theta = initial_parameters(*one, table(), stream);
    return std::make_unique<System>(std::move(one), std::move(theta), table());
  }

 private:
  std::string folder_;
  Services services_;
  HostTable table_;
};

/// An analysis with its settings, run as often as wanted.
class AnalysisRun {
 public:
  AnalysisRun(const PluginHost& host, const LoadedComponent& component,
              const Config::Table& settings, const System& system)
      : host_(host.table()),
        settings_(resolve_settings(*component.component, settings, files_)),
        analysis_(static_cast<const dk_analysis_v1*>(component.component->interface_table)),
        system_(&system.table()),
        stream_(make_stream(1, "analysis")) {
    const dk_values values = settings_.values();
    call(analysis_->create, &host_, &values, &instance_);
  }
  ~AnalysisRun() { analysis_->destroy(instance_); }
  AnalysisRun(const AnalysisRun&) = delete;
  AnalysisRun& operator=(const AnalysisRun&) = delete;

  /// The summary values that are numbers, by name.
  std::map<std::string, double> operator()() {
    std::map<std::string, double> values;
    const dk_sink sink{&values, put_array, drop_table, drop_figure, drop_text, drop_model};
    const dk_job job{&host_, &stream_, 1, &system_, nullptr, &sink};
    call(analysis_->run, static_cast<const dk_analysis*>(instance_), &job);
    return values;
  }

 private:
  static dk_status put_array(const dk_sink* sink, const char* name, const dk_array* array,
                             dk_error*) {
    auto& values = *static_cast<std::map<std::string, double>*>(sink->context);
    if (array->rank > 0) return DK_OK;
    if (array->type == DK_F64) values[name] = *static_cast<const double*>(array->data);
    if (array->type == DK_I64) {
      values[name] = static_cast<double>(*static_cast<const std::int64_t*>(array->data));
    }
    return DK_OK;
  }
  static dk_status drop_table(const dk_sink*, const char*, const char*, std::int64_t,
                              const dk_column*, dk_error*) {
    return DK_OK;
  }
  static dk_status drop_figure(const dk_sink*, const dk_figure*, dk_error*) { return DK_OK; }
  static dk_status drop_text(const dk_sink*, const char*, const char*, dk_error*) { return DK_OK; }
  static dk_status drop_model(const dk_sink*, const char*, const dk_system*, dk_error*) {
    return DK_OK;
  }

  const dk_host& host_;
  ArrayFiles files_;
  ResolvedSettings settings_;
  const dk_analysis_v1* analysis_;
  dk_analysis* instance_ = nullptr;
  const dk_system* system_;
  dk_stream stream_;
};

}  // namespace dynkit::bench
