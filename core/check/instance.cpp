#include "instance.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "dynkit/analysis.h"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/readout.h"

namespace dynkit::conformance {
namespace {

constexpr std::int64_t kSmallSizes[] = {5, 3, 4, 6, 7, 8, 9};

template <class Table, class Opaque>
Lifecycle make_lifecycle(const dk_component& component) {
  const auto& table = *static_cast<const Table*>(component.interface_table);
  if (table.create == nullptr) fail("its table has no 'create'");
  if (table.destroy == nullptr) fail("its table has no 'destroy'");
  return {[&table](const dk_host* host, const dk_values* values, void** instance, dk_error* error) {
            Opaque* created = nullptr;
            const dk_status status = table.create(host, values, &created, error);
            *instance = created;
            return status;
          },
          [&table](void* instance) { table.destroy(static_cast<Opaque*>(instance)); }};
}

double lowest(const dk_setting& setting, double wanted) {
  return std::clamp(wanted, setting.lower, setting.upper);
}

Config required_value(const dk_setting& setting, std::int64_t n, int rank) {
  switch (setting.type) {
    case DK_NUMBER:
      return {lowest(setting, 1.0), 0};
    case DK_INTEGER:
      return {static_cast<std::int64_t>(lowest(setting, 3.0)), 0};
    case DK_BOOLEAN:
      return {false, 0};
    case DK_TEXT:
      return {std::string(setting.choices ? setting.choices[0] : "text"), 0};
    case DK_NUMBERS:
      return {Config::List{{lowest(setting, 1.0), 0}, {lowest(setting, 2.0), 0}}, 0};
    case DK_ARRAY:
      return builtin_array(n, rank);
    case DK_FILE:
      return {std::string(kBuiltinFile), 0};
    case DK_MODEL:
      return {std::string(kBuiltinModel), 0};
    default:
      return {std::string(kBuiltinData), 0};
  }
}

bool has_required_arrays(const dk_component& component) {
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    const bool required = setting.initial == nullptr && (setting.flags & DK_OPTIONAL) == 0;
    if (required && setting.type == DK_ARRAY) return true;
  }
  return false;
}

bool has_required_settings(const dk_component& component) {
  return !required_settings(component).empty();
}

bool is_accepted(const CheckContext& context, const Config::Table& settings, std::string& reason) {
  try {
    const LivingInstance instance(context, settings);
    return true;
  } catch (const Error& e) {
    reason = e.what();
    return false;
  }
}

}  // namespace

Lifecycle lifecycle_of(const dk_component& component) {
  const std::string_view id = component.interface_id;
  if (id == DK_MODEL_V1) return make_lifecycle<dk_model_v1, dk_model>(component);
  if (id == DK_READOUT_V1) return make_lifecycle<dk_readout_v1, dk_readout>(component);
  if (id == DK_DATASET_V1) return make_lifecycle<dk_dataset_v1, dk_dataset>(component);
  return make_lifecycle<dk_analysis_v1, dk_analysis>(component);
}

CheckHost::CheckHost(const CheckContext& context, std::int32_t threads,
                     std::atomic<bool>* cancelled) {
  ServicesOptions options;
  options.threads = threads;
  options.cancelled = cancelled;
  services_ = std::make_unique<Services>(std::move(options));
  const std::filesystem::path path(context.library.path);
  table_ = std::make_unique<HostTable>(*services_, path.parent_path().string());
}

Instance::Instance(const dk_component& component, const dk_values& values, const dk_host& host)
    : lifecycle_(lifecycle_of(component)) {
  dk_error error{};
  const dk_status status = lifecycle_.create(&host, &values, &instance_, &error);
  if (status == DK_OK) {
    if (instance_ == nullptr) fail("create returns 0 and gives no instance");
    return;
  }
  if (std::memchr(error.message, '\0', sizeof(error.message)) == nullptr) {
    fail("create refuses with a message that does not end within its {} bytes",
         sizeof(error.message));
  }
  if (error.message[0] == '\0') fail("create refuses with status {} and no message", status);
  throw Error(status, printable(error.message));
}

Instance::~Instance() {
  if (instance_ != nullptr) lifecycle_.destroy(instance_);
}

LivingInstance::LivingInstance(const CheckContext& context, const Config::Table& settings,
                               std::int32_t threads, std::atomic<bool>* cancelled)
    : host_(context, threads, cancelled),
      source_(host_.table()),
      settings_(resolve_settings(*context.component, settings, source_)),
      instance_(*context.component, settings_.values(), host_.table()) {}

Config::Table required_settings(const dk_component& component, std::int64_t n, int rank) {
  Config::Table table;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    if (setting.initial != nullptr || (setting.flags & DK_OPTIONAL) != 0) continue;
    table.emplace_back(setting.name, required_value(setting, n, rank));
  }
  return table;
}

Config::Table accepted_settings(const CheckContext& context, std::int64_t n) {
  std::string reason;
  const bool arrays = has_required_arrays(*context.component);
  for (const int rank : {2, 1, 3}) {
    Config::Table settings = required_settings(*context.component, n, rank);
    if (is_accepted(context, settings, reason)) return settings;
    if (!arrays) break;
  }
  if (has_required_settings(*context.component)) {
    skip("it needs settings for which this checker has nothing that it accepts: {}", reason);
  }
  fail("create refuses the default settings: {}", reason);
}

Config::Table small_settings(const CheckContext& context, std::int64_t n) {
  const Config::Table accepted = accepted_settings(context, n);
  Config::Table small = accepted;
  std::size_t next = 0;
  for (std::int64_t i = 0; i < context.component->setting_count; ++i) {
    const dk_setting& setting = context.component->settings[i];
    if ((setting.flags & DK_CHANGES_SIZES) == 0) continue;
    const auto next_size = [&] {
      return lowest(setting, static_cast<double>(kSmallSizes[next++ % std::size(kSmallSizes)]));
    };
    if (setting.type == DK_INTEGER) {
      small = with(small, setting.name, {static_cast<std::int64_t>(next_size()), 0});
    } else if (setting.type == DK_NUMBERS && setting.initial != nullptr) {
      Config::List sizes = parse_value(setting.initial).list();
      for (Config& size : sizes) size = {next_size(), 0};
      small = with(small, setting.name, {std::move(sizes), 0});
    }
  }
  std::string reason;
  return is_accepted(context, small, reason) ? small : accepted;
}

Config::Table with(Config::Table table, const std::string& name, Config value) {
  for (auto& [key, old] : table) {
    if (key == name) {
      old = std::move(value);
      return table;
    }
  }
  table.emplace_back(name, std::move(value));
  return table;
}

}  // namespace dynkit::conformance
