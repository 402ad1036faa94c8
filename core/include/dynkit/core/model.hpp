#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"
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
  std::vector<dk_block> blocks() const;

  /// An optional interface of this model, or nullptr.
  template <class Interface>
  const Interface* extension(const char* id) const {
    return static_cast<const Interface*>(extension_table(id));
  }

  /// An instance for the calls of one thread, given back when it goes out of scope.
  class Lease {
   public:
    explicit Lease(const Model& model) : model_(model), instance_(model.acquire()) {}
    ~Lease() { model_.release(instance_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    operator const dk_model*() const { return instance_; }

   private:
    const Model& model_;
    dk_model* instance_;
  };

 private:
  const void* extension_table(const char* id) const;
  dk_model* create_instance() const;
  dk_model* acquire() const;
  void release(dk_model* instance) const;

  LoadedComponent component_;
  ResolvedSettings settings_;
  const dk_host* host_;
  const dk_model_v1* table_;
  dk_model* first_ = nullptr;
  const dk_model_info* info_ = nullptr;
  bool reentrant_ = true;
  mutable std::mutex mutex_;
  mutable std::vector<dk_model*> all_;   // every instance, for the destructor
  mutable std::vector<dk_model*> idle_;  // of a model that is not reentrant
};

/// The model's own initial parameters, which it may draw from the stream; without dynkit.initial/1
/// zeros, moved into the blocks' bounds.
std::vector<double> initial_parameters(const Model& model, const dk_host& host, dk_stream& stream);

/// Fills the parameters from the arrays of a weight file: block `weight` is `prefix + weight`,
/// under its name or an alias. Throws Error (DK_SHAPE_MISMATCH, DK_SETTINGS) for a block that is
/// missing or has another shape, and for an array of the same layer that has no block (a second
/// layer, the reverse direction): what it holds would be lost. `origin` names the file in messages.
std::vector<double> parameters_from_arrays(const Model& model, const ArrayMap& arrays,
                                           const std::string& prefix, const std::string& origin);

/// Overwrites blocks by name with a value for all elements, or one for each.
void set_parameters(const Model& model, const Config::Table& values, std::vector<double>& theta);

/// The parameters as named arrays, one for each block.
ArrayMap parameters_as_arrays(const Model& model, const std::vector<double>& theta);

/// The extent of a weight under a prefix, for sizes that are taken from weights.
std::optional<std::int64_t> weight_extent(const ArrayMap& arrays, const std::string& prefix,
                                          const std::string& block, std::size_t axis);

}  // namespace dynkit
