#include "whole_paths.hpp"

#include <algorithm>
#include <filesystem>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

// nullptr: there is none, or no such component, of which the run says what is wrong.
const dk_setting* find_setting(const std::string& reference, const std::string& interface_id,
                               const std::string& name, Registry& registry) {
  try {
    const dk_component& component = *registry.find(reference, interface_id).component;
    const dk_setting* end = component.settings + component.setting_count;
    const dk_setting* found = std::find_if(
        component.settings, end, [&](const dk_setting& setting) { return setting.name == name; });
    return found == end ? nullptr : found;
  } catch (const Error&) {
    return nullptr;
  }
}

// Empty: there is no file.
std::string whole_path(const std::string& text) {
  const ArrayPlace place = find_array(text);
  std::error_code code;
  if (place.file.empty() || !fs::is_regular_file(place.file, code)) return "";
  return fs::absolute(place.file).string() + (place.name.empty() ? "" : ":" + place.name);
}

}  // namespace

void make_paths_whole(Config::Table& table, const std::string& interface_id, Registry& registry) {
  const Config whole{table, 0};
  const Config* component = whole.find("component");
  if (component == nullptr || !component->is_text()) return;
  for (auto& [key, value] : table) {
    const std::string path = value.is_text() ? whole_path(value.text()) : "";
    if (path.empty() && !value.is_table()) continue;
    const dk_setting* setting = find_setting(component->text(), interface_id, key, registry);
    const bool is_weights = setting == nullptr && interface_id == DK_MODEL_V1 && key == "weights";
    const std::int32_t type = is_weights ? DK_FILE : setting != nullptr ? setting->type : DK_TEXT;
    if (value.is_table() && (type == DK_MODEL || type == DK_DATASET)) {
      make_paths_whole(value.table(), type == DK_MODEL ? DK_MODEL_V1 : DK_DATASET_V1, registry);
    } else if (!path.empty() && (type == DK_FILE || type == DK_ARRAY)) {
      value.value = path;
    }
  }
}

bool declares_setting(const std::string& reference, const std::string& interface_id,
                      const std::string& setting, Registry& registry) {
  return find_setting(reference, interface_id, setting, registry) != nullptr;
}

}  // namespace dynkit
