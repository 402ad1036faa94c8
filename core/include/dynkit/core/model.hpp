#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dynkit/core/instances.hpp"
#include "dynkit/core/parameters.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/settings.hpp"
#include "dynkit/model.h"

namespace dynkit {

/// A model component with its settings: structure without parameters or state.
///
/// Calls may come from any thread. A model that allows one call at a time per instance gets as many
/// instances as threads use it at once.
class Model {
 public:
  /// Throws Error if a setting is refused, or if what the model says of itself does not hold
  /// together (sizes, blocks that do not tile the parameters).
  Model(const LoadedComponent& component, const Config::Table& settings, SettingSource& source,
        const dk_host& host);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const dk_component& component() const { return *component_.component; }
  const LoadedComponent& origin() const { return component_; }
  const dk_model_v1& table() const { return *table_; }
  const dk_model_info& info() const { return *info_; }
  const Config::Table& settings() const { return settings_.record(); }
  ParameterLayout layout() const;
  std::vector<dk_block> blocks() const { return layout().blocks; }

  /// An optional interface of this model, or nullptr.
  template <class Interface>
  const Interface* extension(const char* id) const {
    return static_cast<const Interface*>(extension_table(id));
  }

  /// An instance for the calls of one thread, given back when it goes out of scope.
  class Lease : public InstanceLease<dk_model> {
   public:
    explicit Lease(const Model& model) : InstanceLease(model.instances_) {}
  };

 private:
  const void* extension_table(const char* id) const;

  LoadedComponent component_;
  ResolvedSettings settings_;
  const dk_model_v1* table_;
  Instances<dk_model> instances_;
  const dk_model_info* info_;
};

/// The model's own initial parameters, which it may draw from the stream; without dynkit.initial/1
/// zeros, moved into the blocks' bounds.
std::vector<double> initial_parameters(const Model& model, const dk_host& host, dk_stream& stream);

}  // namespace dynkit
