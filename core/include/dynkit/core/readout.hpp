#pragma once

#include <vector>

#include "dynkit/core/instances.hpp"
#include "dynkit/core/parameters.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/settings.hpp"
#include "dynkit/readout.h"

namespace dynkit {

/// A readout component with its settings: structure without parameters. As `Model` is for models.
class Readout {
 public:
  /// Throws Error if a setting is refused, or if what the readout says of itself does not hold
  /// together.
  Readout(const LoadedComponent& component, const Config::Table& settings, SettingSource& source,
          const dk_host& host);
  ~Readout();
  Readout(const Readout&) = delete;
  Readout& operator=(const Readout&) = delete;

  const dk_component& component() const { return *component_.component; }
  const dk_readout_v1& table() const { return *table_; }
  const dk_readout_info& info() const { return *info_; }
  const Config::Table& settings() const { return settings_.record(); }
  ParameterLayout layout() const;

  /// An optional interface of this readout, or nullptr.
  template <class Interface>
  const Interface* extension(const char* id) const {
    return static_cast<const Interface*>(extension_table(id));
  }

  /// An instance for the calls of one thread, given back when it goes out of scope.
  class Lease : public InstanceLease<dk_readout> {
   public:
    explicit Lease(const Readout& readout) : InstanceLease(readout.instances_) {}
  };

 private:
  const void* extension_table(const char* id) const;

  LoadedComponent component_;
  ResolvedSettings settings_;
  const dk_readout_v1* table_;
  Instances<dk_readout> instances_;
  const dk_readout_info* info_;
};

/// The readout's own initial parameters, drawn from the stream; without dynkit.readout_initial/1
/// zeros, moved into the blocks' bounds.
std::vector<double> initial_parameters(const Readout& readout, const dk_host& host,
                                       dk_stream& stream);

}  // namespace dynkit
