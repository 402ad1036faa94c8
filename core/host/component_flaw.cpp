#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>

#include "dynkit/analysis.h"
#include "dynkit/balance.h"
#include "dynkit/core/config.hpp"
#include "dynkit/core/library.hpp"
#include "dynkit/core/settings.hpp"
#include "dynkit/dataset.h"
#include "dynkit/domain.h"
#include "dynkit/error.hpp"
#include "dynkit/f32.h"
#include "dynkit/initial.h"
#include "dynkit/noise.h"
#include "dynkit/readout.h"
#include "dynkit/second_order.h"

namespace dynkit {
namespace {

constexpr std::array kInterfaces = {DK_MODEL_V1, DK_READOUT_V1, DK_DATASET_V1, DK_ANALYSIS_V1};
constexpr std::array kExtensions = {DK_INITIAL_V1,        DK_NOISE_V1,        DK_DOMAIN_V1,
                                    DK_BALANCE_V1,        DK_SECOND_ORDER_V1, DK_F32_V1,
                                    DK_READOUT_INITIAL_V1};

template <class Range>
bool holds(const Range& range, std::string_view text) {
  return std::any_of(range.begin(), range.end(), [&](const char* one) { return text == one; });
}

bool is_word(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || extra.find(c) != extra.npos;
  });
}

// "org.example.pendulum"
bool is_component_id(std::string_view id) {
  return is_word(id, "._-") && std::count(id.begin(), id.end(), '.') >= 2 && id.front() != '.' &&
         id.back() != '.' && id.find("..") == id.npos;
}

// "1.2.3", with an optional "-beta.1"
bool is_semantic_version(std::string_view version) {
  const auto core = version.substr(0, version.find('-'));
  int dots = 0;
  bool digit_before = false;
  for (const char c : core) {
    if (c == '.' && !digit_before) return false;
    if (c == '.') ++dots;
    if (c != '.' && (c < '0' || c > '9')) return false;
    digit_before = c != '.';
  }
  return dots == 2 && digit_before;
}

bool is_blank(const char* text) {
  return text == nullptr || *text == '\0';
}

std::string setting_flaw(const dk_setting& setting) {
  if (is_blank(setting.name) || !is_word(setting.name, "_")) {
    return "a setting's name is not in lower_snake_case";
  }
  const std::string who = fmt::format("setting '{}'", setting.name);
  if (setting.type < DK_NUMBER || setting.type > DK_DATASET) {
    return fmt::format("{}: type {} is not known", who, setting.type);
  }
  if (is_blank(setting.help)) return who + " has no help";
  if (!(setting.lower <= setting.upper)) return who + ": lower bound above upper bound";
  if (setting.initial == nullptr) return {};
  try {
    check_setting(setting, parse_default(setting));
  } catch (const Error& e) {
    return fmt::format("its own default is refused: {}", e.what());
  }
  return {};
}

}  // namespace

std::string component_flaw(const dk_component& component) {
  if (is_blank(component.id) || !is_component_id(component.id)) {
    return "its id is not of the form org.example.name";
  }
  if (is_blank(component.interface_id)) return "it names no interface";
  if (!holds(kInterfaces, component.interface_id)) {
    return fmt::format("it offers '{}', which this host does not know",
                       printable(component.interface_id));
  }
  if (component.interface_table == nullptr) return "its interface table is missing";
  if (is_blank(component.version) || !is_semantic_version(component.version)) {
    return "its version is not of the form 1.2.3";
  }
  if (is_blank(component.summary)) return "it has no summary";
  if (is_blank(component.license)) return "it names no license";
  if (component.setting_count < 0 ||
      (component.setting_count > 0 && component.settings == nullptr)) {
    return "its settings are missing";
  }
  std::set<std::string> names;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    std::string flaw = setting_flaw(component.settings[i]);
    if (!flaw.empty()) return flaw;
    if (!names.insert(component.settings[i].name).second) {
      return fmt::format("it declares setting '{}' twice", component.settings[i].name);
    }
  }
  for (const char* const* id = component.required_extensions; id != nullptr && *id != nullptr;
       ++id) {
    if (!holds(kExtensions, *id)) {
      return fmt::format("it needs the extension '{}', which this host does not have",
                         printable(*id));
    }
  }
  return {};
}

}  // namespace dynkit
