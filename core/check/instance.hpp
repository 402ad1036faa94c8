// Components of every kind as things that are created and destroyed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "builtin_source.hpp"
#include "checks.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/settings.hpp"

namespace dynkit::conformance {

/// `create` and `destroy` of a component's table, whatever its kind.
struct Lifecycle {
  std::function<dk_status(const dk_host*, const dk_values*, void**, dk_error*)> create;
  std::function<void(void*)> destroy;
};

/// Throws CheckFailure if one of the two is missing.
Lifecycle lifecycle_of(const dk_component& component);

/// Services, and the table that goes with the checked library.
class CheckHost {
 public:
  explicit CheckHost(const CheckContext& context, std::int32_t threads = 2,
                     std::atomic<bool>* cancelled = nullptr);
  const dk_host& table() const { return table_->table(); }

 private:
  std::unique_ptr<Services> services_;
  std::unique_ptr<HostTable> table_;
};

/// One instance, destroyed at the end of its scope.
class Instance {
 public:
  /// Throws Error with the status and the message of a `create` that refuses, and CheckFailure if
  /// the refusal itself breaks a rule.
  Instance(const dk_component& component, const dk_values& values, const dk_host& host);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  void* get() const { return instance_; }

 private:
  Lifecycle lifecycle_;
  void* instance_ = nullptr;
};

/// An instance with what it needs to live: settings, what they name, a host.
class LivingInstance {
 public:
  LivingInstance(const CheckContext& context, const Config::Table& settings,
                 std::int32_t threads = 2, std::atomic<bool>* cancelled = nullptr);

  void* get() const { return instance_.get(); }
  const dk_host& host() const { return host_.table(); }
  const BuiltinSource& source() const { return source_; }

 private:
  CheckHost host_;
  BuiltinSource source_;
  ResolvedSettings settings_;
  Instance instance_;
};

/// Values for the settings that are required, for a system with n states; `rank` of arrays.
Config::Table required_settings(const dk_component& component, std::int64_t n = 3, int rank = 2);

/// The settings with which an instance can be created: none but the required ones. Skips the check
/// where the checker has nothing that `create` accepts for a required setting.
Config::Table accepted_settings(const CheckContext& context, std::int64_t n = 3);

/// The same with sizes that are small and pairwise different, 5, 3, 4, ... in the order in which
/// they are declared, where `create` takes them.
Config::Table small_settings(const CheckContext& context, std::int64_t n = 3);

/// `table` with one value set.
Config::Table with(Config::Table table, const std::string& name, Config value);

}  // namespace dynkit::conformance
