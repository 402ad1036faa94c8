#include "dynkit/core/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

[[noreturn]] void refuse(const dk_setting& setting, const Config& value, const std::string& rule) {
  throw Error(DK_SETTINGS, fmt::format("{}setting '{}': {} {}", line_prefix(value), setting.name,
                                       to_text(value), rule));
}

std::optional<double> as_number(const Config& value) {
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  return std::nullopt;
}

void check_bounds(const dk_setting& setting, const Config& value, double number) {
  if (!std::isfinite(number)) refuse(setting, value, "is not a finite number");
  if (number < setting.lower) {
    refuse(setting, value, fmt::format("is below its lower bound {}", setting.lower));
  }
  if (number > setting.upper) {
    refuse(setting, value, fmt::format("is above its upper bound {}", setting.upper));
  }
}

void check_text(const dk_setting& setting, const Config& value) {
  if (!value.is_text()) refuse(setting, value, "is not a text");
  if (setting.choices == nullptr) return;
  std::vector<std::string> choices;
  for (const char* const* choice = setting.choices; *choice != nullptr; ++choice) {
    if (value.text() == *choice) return;
    choices.emplace_back(*choice);
  }
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  refuse(setting, value, fmt::format("is not one of {}{}", list, suggest(value.text(), choices)));
}

void check_list(const dk_setting& setting, const Config& value) {
  if (!value.is_list()) refuse(setting, value, "is not a list of numbers");
  for (const Config& item : value.list()) {
    const auto number = as_number(item);
    if (!number) refuse(setting, value, "is not a list of numbers");
    check_bounds(setting, item, *number);
  }
}

std::vector<std::string> declared_names(const dk_component& component) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    names.emplace_back(component.settings[i].name);
  }
  return names;
}

void refuse_unknown_keys(const dk_component& component, const Config::Table& given) {
  const auto names = declared_names(component);
  for (const auto& [key, value] : given) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    throw Error(DK_SETTINGS, fmt::format("{}{} has no setting '{}'{}", line_prefix(value),
                                         component.id, key, suggest(key, names)));
  }
}

// The extent that "block[axis]" names; several forms, separated by spaces, are tried in turn.
std::optional<std::int64_t> size_from_weights(const dk_setting& setting, SettingSource* source) {
  if (setting.size_from == nullptr || source == nullptr) return std::nullopt;
  std::string_view rest = setting.size_from;
  while (!rest.empty()) {
    const std::string_view form = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), form.size() + 1));
    const auto open = form.find('[');
    std::size_t axis = 0;
    if (open == form.npos) continue;
    std::from_chars(form.data() + open + 1, form.data() + form.size(), axis);
    const auto extent = source->extent(std::string(form.substr(0, open)), axis);
    if (extent) return extent;
  }
  return std::nullopt;
}

const Config* find_key(const Config::Table& table, const char* name) {
  for (const auto& [key, value] : table) {
    if (key == name) return &value;
  }
  return nullptr;
}

// What the user wrote, else what the weights say, else the default.
std::optional<Config> choose_value(const dk_component& component, const dk_setting& setting,
                                   const Config::Table& given, SettingSource* source) {
  if (const Config* value = find_key(given, setting.name)) return *value;
  if (const auto size = size_from_weights(setting, source)) return Config{*size, 0};
  if (setting.initial != nullptr) return parse_default(setting);
  if ((setting.flags & DK_OPTIONAL) != 0) return std::nullopt;
  throw Error(DK_SETTINGS, fmt::format("{} needs the setting '{}' ({})", component.id, setting.name,
                                       setting.help));
}

}  // namespace

std::string line_prefix(const Config& config) {
  return config.line > 0 ? fmt::format("line {}: ", config.line) : "";
}

Config parse_default(const dk_setting& setting) {
  if (setting.type == DK_TEXT || setting.type == DK_FILE) {
    return {std::string(setting.initial), 0};
  }
  return parse_value(setting.initial);
}

void check_setting(const dk_setting& setting, const Config& value) {
  switch (setting.type) {
    case DK_NUMBER: {
      const auto number = as_number(value);
      if (!number) refuse(setting, value, "is not a number");
      return check_bounds(setting, value, *number);
    }
    case DK_INTEGER:
      if (!std::holds_alternative<std::int64_t>(value.value)) {
        refuse(setting, value, "is not a whole number");
      }
      return check_bounds(setting, value, *as_number(value));
    case DK_BOOLEAN:
      if (!std::holds_alternative<bool>(value.value))
        refuse(setting, value, "is not true or false");
      return;
    case DK_TEXT:
      return check_text(setting, value);
    case DK_NUMBERS:
      return check_list(setting, value);
    case DK_FILE:
      if (!value.is_text()) refuse(setting, value, "is not the name of a file");
      return;
    case DK_ARRAY:
      if (!value.is_text() && !value.is_list() && !as_number(value)) {
        refuse(setting, value, "is neither numbers nor the name of a file or stage/array");
      }
      return;
    default:
      if (!value.is_table() && !value.is_text()) refuse(setting, value, "names no component");
  }
}

Config::Table checked_settings(const dk_component& component, const Config::Table& given) {
  refuse_unknown_keys(component, given);
  Config::Table checked;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    const auto chosen = choose_value(component, setting, given, nullptr);
    if (!chosen) continue;
    check_setting(setting, *chosen);
    checked.emplace_back(setting.name, *chosen);
  }
  return checked;
}

void ResolvedSettings::hold(dk_value& value, Array array) {
  const Array& held = arrays_.emplace_back(std::move(array));
  std::vector<const char*> no_names;
  value.array = view_array(held, no_names);
  value.array.dimensions = nullptr;
}

void ResolvedSettings::open(dk_value& value, const Config& chosen, SettingSource& source) {
  switch (value.type) {
    case DK_NUMBER:
      value.number = *as_number(chosen);
      break;
    case DK_INTEGER:
      value.integer = std::get<std::int64_t>(chosen.value);
      break;
    case DK_BOOLEAN:
      value.integer = std::get<bool>(chosen.value) ? 1 : 0;
      break;
    case DK_TEXT:
      value.text = texts_.emplace_back(chosen.text()).c_str();
      break;
    case DK_NUMBERS:
    case DK_ARRAY:
      hold(value, source.array(chosen));
      break;
    case DK_FILE: {
      auto [path, bytes] = source.file(chosen.text());
      const auto size = static_cast<std::int64_t>(bytes.size());
      hold(value, Array{{size}, std::move(bytes), {}, {}, {}});
      value.text = texts_.emplace_back(std::move(path)).c_str();
      break;
    }
    case DK_MODEL:
      value.system = source.system(chosen);
      break;
    default:
      value.dataset = source.dataset(chosen);
      break;
  }
}

ResolvedSettings resolve_settings(const dk_component& component, const Config::Table& given,
                                  SettingSource& source) {
  refuse_unknown_keys(component, given);
  ResolvedSettings resolved;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    dk_value& value = resolved.values_.emplace_back();
    value.type = setting.type;
    const auto chosen = choose_value(component, setting, given, &source);
    if (!chosen) continue;
    check_setting(setting, *chosen);
    value.given = 1;
    resolved.record_.emplace_back(setting.name, *chosen);
    resolved.open(value, *chosen, source);
  }
  return resolved;
}

}  // namespace dynkit
