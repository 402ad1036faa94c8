// What a library and its components say of themselves.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include "checks.hpp"
#include "dynkit/analysis.h"
#include "dynkit/core/config.hpp"
#include "dynkit/core/symbols.hpp"
#include "dynkit/dataset.h"
#include "dynkit/model.h"
#include "dynkit/readout.h"

namespace dynkit::conformance {
namespace {

void check_exports(const CheckContext& context) {
  const std::vector<std::string> symbols = exported_symbols(context.library.loaded_path);
  std::string others;
  for (const std::string& name : symbols) {
    if (name != DK_ENTRY_POINT) others += (others.empty() ? "" : ", ") + printable(name);
  }
  if (!others.empty()) {
    fail("exports {} symbols instead of {} alone: {}", symbols.size(), DK_ENTRY_POINT, others);
  }
}

void check_sdk(const CheckContext& context) {
  const dk_library& table = *context.library.table;
  if (table.name == nullptr || *table.name == '\0') fail("does not name the SDK it was built with");
  if (table.version == nullptr || *table.version == '\0') {
    fail("does not tell the version of the SDK it was built with");
  }
  if (table.abi_minor < 0) fail("has the minor interface version {}", table.abi_minor);
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80           ? 1
                               : (first >> 5) == 0x06 ? 2
                               : (first >> 4) == 0x0E ? 3
                               : (first >> 3) == 0x1E ? 4
                                                      : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

// Text is shown in terminals, pages and files: one line of UTF-8.
void check_line(const std::string& what, const char* text) {
  if (text == nullptr) return;
  if (!is_utf8(text)) fail("{} is not UTF-8: '{}'", what, printable(text));
  if (printable(text) != text) fail("{} holds control characters: '{}'", what, printable(text));
}

void check_setting_texts(const dk_setting& setting) {
  const std::string who = fmt::format("setting '{}'", printable(setting.name));
  check_line(who + ": its help", setting.help);
  check_line(who + ": its unit", setting.unit);
  check_line(who + ": its default", setting.initial);
  const bool numeric = setting.type == DK_NUMBER || setting.type == DK_INTEGER;
  if (setting.choices != nullptr && setting.type != DK_TEXT)
    fail("{} has choices and is no text", who);
  if (setting.choices != nullptr && setting.choices[0] == nullptr)
    fail("{} has no choice left", who);
  const std::uint32_t known = DK_CHANGES_SIZES | DK_OPTIONAL;
  if ((setting.flags & ~known) != 0) fail("{} has flags {} unknown to the SDK", who, setting.flags);
  if ((setting.flags & DK_OPTIONAL) != 0 && setting.initial != nullptr) {
    fail("{} is optional and has a default: it cannot be left out", who);
  }
  if (setting.type == DK_INTEGER && numeric) {
    for (const double bound : {setting.lower, setting.upper}) {
      if (std::isfinite(bound) && bound != std::round(bound)) {
        fail("{}: the bound {} of a whole number is none", who, bound);
      }
    }
  }
}

void check_description(const CheckContext& context) {
  const dk_component& component = *context.component;
  const std::string flaw = component_flaw(component);
  if (!flaw.empty()) fail("{}", flaw);
  check_line("the summary", component.summary);
  check_line("the citation", component.citation);
  check_line("the license", component.license);
  if (std::string_view(component.summary).size() > 300) {
    fail("the summary has {} characters, more than one line",
         std::string_view(component.summary).size());
  }
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    check_setting_texts(component.settings[i]);
  }
}

void require(bool present, const char* name) {
  if (!present) fail("its table has no '{}'", name);
}

// Members that come in pairs: a buffer's size, and what fills it.
void require_both(bool one, const char* one_name, bool other, const char* other_name) {
  if (one == other) return;
  fail("its table has '{}' without '{}'", one ? one_name : other_name, one ? other_name : one_name);
}

template <class Table>
void check_operations(const Table& table) {
  require(table.create != nullptr, "create");
  require(table.destroy != nullptr, "destroy");
  require(table.info != nullptr, "info");
  require(table.eval != nullptr, "eval");
  require(table.extension != nullptr, "extension");
  require_both(table.prepared_size != nullptr, "prepared_size", table.prepare != nullptr,
               "prepare");
}

void check_table(const CheckContext& context) {
  const std::string_view id = context.component->interface_id;
  const void* table = context.component->interface_table;
  if (id == DK_MODEL_V1) {
    check_operations(*static_cast<const dk_model_v1*>(table));
  } else if (id == DK_READOUT_V1) {
    check_operations(*static_cast<const dk_readout_v1*>(table));
  } else if (id == DK_DATASET_V1) {
    const auto& own = *static_cast<const dk_dataset_v1*>(table);
    require(own.create != nullptr, "create");
    require(own.destroy != nullptr, "destroy");
    require(own.generate != nullptr, "generate");
  } else {
    const auto& own = *static_cast<const dk_analysis_v1*>(table);
    require(own.create != nullptr, "create");
    require(own.destroy != nullptr, "destroy");
    require(own.accepts != nullptr, "accepts");
    require(own.run != nullptr, "run");
  }
}

constexpr std::array kChecks = {
    Check{
        "exports", Scope::library, false,
        "The library exports dynkit_plugin_v1 and nothing else. A second symbol can take the place "
        "of another library's function of the same name, or be replaced by it; a linker version "
        "script (dynkit_add_plugin uses one) hides them.",
        check_exports},
    Check{"sdk", Scope::library, false,
          "The library's table names the SDK and the version that it was built with, for bug "
          "reports.",
          check_sdk},
    Check{
        "description", Scope::component, true,
        "The description is complete: an id of the form org.example.name, a semantic version, a "
        "summary, a license, known interfaces; each setting has a name in lower_snake_case, help, "
        "ordered bounds, and a default that it accepts itself. Texts are one line of UTF-8.",
        check_description},
    Check{"table", Scope::component, true,
          "The interface table has every function that may not be absent, and functions that need "
          "each other come together (prepared_size and prepare).",
          check_table},
};

}  // namespace

std::span<const Check> descriptor_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
