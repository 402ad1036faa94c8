#include "nested.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "dynkit/core/settings.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"

namespace dynkit {
namespace {

std::string component_of(const Config& value) {
  if (value.is_text()) return value.text();
  const Config* component = value.find("component");
  return component != nullptr && component->is_text() ? component->text() : "";
}

bool is_given(const Config::Table& given, const std::string& name) {
  return std::any_of(given.begin(), given.end(),
                     [&](const auto& entry) { return entry.first == name; });
}

// What a component's table holds besides its settings.
std::vector<std::string> own_keys(const dk_component& component) {
  const std::string_view kind = component.interface_id;
  if (kind == DK_MODEL_V1) return {"component", "weights", "prefix", "parameters"};
  if (kind == DK_DATASET_V1) return {"component"};
  return {"component", "name", "system"};
}

// The check of the settings themselves knows only the component's own names.
void refuse_unknown_keys(const dk_component& component, const Config::Table& given) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    names.emplace_back(component.settings[i].name);
  }
  std::vector<std::string> known = own_keys(component);
  known.insert(known.begin(), names.begin(), names.end());
  for (const auto& [key, value] : given) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    throw Error(DK_SETTINGS, fmt::format("{}{} has no setting '{}'{}", line_prefix(value),
                                         component.id, printable(key), suggest(key, known)));
  }
}

// Sizes that the user left out are those of the weights, not the defaults.
void drop_sizes_of_weights(const dk_component& component, const Config::Table& given,
                           Config::Table& settings) {
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    if (setting.size_from == nullptr || is_given(given, setting.name)) continue;
    std::erase_if(settings, [&](const auto& entry) { return entry.first == setting.name; });
  }
}

}  // namespace

StoredName stored_name(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return {};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

std::string message_in_setting(const std::string& setting, const std::string& component,
                               const Config& value, const std::string& message) {
  std::string line = line_prefix(value), rest = message;
  if (const auto end = message.find(": "); message.starts_with("line ") && end != message.npos) {
    line = message.substr(0, end + 2);
    rest = message.substr(end + 2);
  }
  if (component.empty() || rest.starts_with(component)) {
    return fmt::format("{}setting '{}': {}", line, setting, rest);
  }
  return fmt::format("{}setting '{}' ({}): {}", line, setting, printable(component), rest);
}

LoadedComponent find_component(Registry& registry, const StagePlan& plan,
                               const char* interface_id) {
  try {
    return registry.find(plan.component, interface_id);
  } catch (const Error& e) {
    throw Error(e.status(), line_prefix({{}, plan.component_line}) + e.what());
  }
}

NestedSettings::NestedSettings(Registry& registry, const Experiment& experiment,
                               const std::string& stage)
    : registry_(registry), experiment_(experiment), earlier_(stages_before(experiment, stage)) {}

Config::Table NestedSettings::checked(const dk_component& component, const Config::Table& given) {
  refuse_unknown_keys(component, given);
  Config::Table settings = checked_settings(component, given);
  for (auto& [name, value] : settings) {
    const auto* setting =
        std::find_if(component.settings, component.settings + component.setting_count,
                     [&key = name](const dk_setting& declared) { return declared.name == key; });
    if (setting->type != DK_MODEL && setting->type != DK_DATASET) continue;
    try {
      value = setting->type == DK_MODEL ? checked_model(value) : checked_dataset(value);
    } catch (const Error& e) {
      throw Error(e.status(), message_in_setting(name, component_of(value), value, e.what()));
    }
  }
  return settings;
}

Config NestedSettings::checked_model(const Config& value) {
  if (value.is_text()) {
    if (value.text() == "model" && experiment_.model) return value;
    if (is_earlier(stored_name(value.text()).stage)) return value;
  }
  const ModelPlan plan = model_in_setting(value);
  const LoadedComponent component = find_component(registry_, plan.stage, DK_MODEL_V1);
  components_.push_back(component);
  Config::Table settings = checked(*component.component, plan.stage.settings);
  if (value.is_text()) return value;

  Config::Table full = {{"component", {plan.stage.component, 0}}};
  if (!plan.weights.empty()) {
    drop_sizes_of_weights(*component.component, plan.stage.settings, settings);
    full.emplace_back("weights", Config{plan.weights, 0});
  }
  if (!plan.prefix.empty()) full.emplace_back("prefix", Config{plan.prefix, 0});
  if (!plan.parameters.empty()) full.emplace_back("parameters", Config{plan.parameters, 0});
  full.insert(full.end(), settings.begin(), settings.end());
  return {std::move(full), value.line};
}

Config NestedSettings::checked_dataset(const Config& value) {
  if (value.is_text()) {
    if (is_earlier(value.text())) return value;
    throw Error(DK_SETTINGS, fmt::format("{}it is not the name of an earlier stage{}",
                                         line_prefix(value), suggest(value.text(), earlier_)));
  }
  const StagePlan plan = dataset_in_setting(value);
  const LoadedComponent component = find_component(registry_, plan, DK_DATASET_V1);
  components_.push_back(component);
  Config::Table full = {{"component", {plan.component, 0}}};
  const Config::Table settings = checked(*component.component, plan.settings);
  full.insert(full.end(), settings.begin(), settings.end());
  return {std::move(full), value.line};
}

bool NestedSettings::is_earlier(const std::string& stage) const {
  return std::find(earlier_.begin(), earlier_.end(), stage) != earlier_.end();
}

}  // namespace dynkit
