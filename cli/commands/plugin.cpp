#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "common_options.hpp"
#include "component_names.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/training.hpp"
#include "dynkit/error.hpp"
#include "output/tables.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

using Json = nlohmann::ordered_json;

struct PluginArguments {
  std::vector<std::string> folders;
  std::string component;
  CommonOptions common;
};

// "model" of "dynkit.model/1"
std::string kind_of_interface(const std::string& id) {
  const auto dot = id.find('.');
  return id.substr(dot + 1, id.find('/') - dot - 1);
}

Json list_json(const Registry& registry) {
  Json libraries = Json::array();
  for (const LibraryEntry& library : registry.libraries()) {
    Json components = Json::array();
    for (const ComponentEntry& component : library.components) {
      components.push_back({{"id", component.id},
                            {"interface", component.interface_id},
                            {"version", component.version},
                            {"summary", component.summary},
                            {"refused", component.flaw}});
    }
    libraries.push_back({{"path", library.path},
                         {"sha256", library.sha256},
                         {"refused", library.refused},
                         {"components", components}});
  }
  return libraries;
}

int list(const CommandContext& context, const PluginArguments& arguments) {
  const Registry registry = open_registry(context, arguments.folders);
  if (arguments.common.json) {
    print(list_json(registry).dump(2) + "\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  std::string refused;
  for (const LibraryEntry& library : registry.libraries()) {
    if (!library.refused.empty()) refused += fmt::format("  {}\n", library.refused);
    for (const ComponentEntry& component : library.components) {
      if (!component.flaw.empty()) {
        refused += fmt::format("  {}: {}: {}\n", library.path, component.id, component.flaw);
        continue;
      }
      rows.push_back({kind_of_interface(component.interface_id), component.id, component.version,
                      component.summary});
    }
  }
  std::sort(rows.begin(), rows.end());
  std::string text = format_columns({"kind", "component", "version", "what it is"}, rows);
  if (!refused.empty()) text += "\nrefused:\n" + refused;
  text += "\nsearched:\n";
  for (const std::string& folder : registry.folders()) text += fmt::format("  {}\n", folder);
  if (!arguments.common.quiet) print(text);
  return 0;
}

std::string type_name(std::int32_t type) {
  switch (type) {
    case DK_NUMBER:
      return "number";
    case DK_INTEGER:
      return "integer";
    case DK_BOOLEAN:
      return "true or false";
    case DK_TEXT:
      return "text";
    case DK_NUMBERS:
      return "numbers";
    case DK_FILE:
      return "file";
    case DK_ARRAY:
      return "array";
    case DK_MODEL:
      return "model";
    default:
      return "dataset";
  }
}

std::string range_text(const dk_setting& setting) {
  std::string text;
  for (const char* const* choice = setting.choices; choice && *choice; ++choice) {
    text += (text.empty() ? "" : ", ") + std::string(*choice);
  }
  if (std::isfinite(setting.lower) || std::isfinite(setting.upper)) {
    text = fmt::format("[{}, {}]", setting.lower, setting.upper);
  }
  return text;
}

std::string default_text(const dk_setting& setting) {
  if (setting.initial != nullptr) return setting.initial;
  return (setting.flags & DK_OPTIONAL) != 0 ? "(none)" : "(required)";
}

// The settings that a table of the host's own may have, or nullptr.
const dk_component* own_table(const std::string& name) {
  for (const dk_component* own : {&training_component(), &objective_component()}) {
    if (name == own->id) return own;
  }
  return nullptr;
}

std::vector<std::vector<std::string>> setting_rows(const dk_component& component) {
  std::vector<std::vector<std::string>> rows;
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    const std::string unit = setting.unit != nullptr ? fmt::format(" [{}]", setting.unit) : "";
    rows.push_back({setting.name, type_name(setting.type), default_text(setting),
                    range_text(setting), setting.help + unit});
  }
  return rows;
}

Json settings_json(const dk_component& component) {
  Json settings = Json::array();
  for (std::int64_t i = 0; i < component.setting_count; ++i) {
    const dk_setting& setting = component.settings[i];
    settings.push_back({{"name", setting.name},
                        {"type", type_name(setting.type)},
                        {"default", setting.initial ? Json(setting.initial) : Json()},
                        {"range", range_text(setting)},
                        {"unit", setting.unit ? Json(setting.unit) : Json()},
                        {"help", setting.help}});
  }
  return settings;
}

std::string settings_table(const dk_component& component) {
  const auto rows = setting_rows(component);
  if (rows.empty()) return {};
  return "\n" + format_columns({"setting", "type", "default", "range", "meaning"}, rows);
}

int own_info(const dk_component& component, const CommonOptions& common) {
  if (common.json) {
    print(Json{{"id", component.id}, {"settings", settings_json(component)}}.dump(2) + "\n");
  } else if (!common.quiet) {
    const bool is_term = component.id == std::string_view(objective_component().id);
    print(fmt::format("{}: the table {} of an experiment\n{}", component.id,
                      is_term ? "[[training.objective]]" : "[training]",
                      settings_table(component)));
    if (!is_term) {
      print(
          "\nBesides: freeze = [\"block\", ...], penalties = { block = number, ... }, "
          "initial_state = [numbers],\nand objectives of several terms: dynkit plugin info "
          "training.objective\n");
    }
  }
  return 0;
}

int info(const CommandContext& context, const PluginArguments& arguments) {
  if (const dk_component* own = own_table(arguments.component)) {
    return own_info(*own, arguments.common);
  }
  Registry registry = open_registry(context, arguments.folders);
  const auto [reference, kind] = find_component_name(registry, arguments.component, "");
  const LoadedComponent found = registry.find(reference, kind);
  const dk_component& component = *found.component;
  const std::string citation = component.citation ? component.citation : "";
  if (arguments.common.json) {
    print(Json{{"id", component.id},
               {"interface", component.interface_id},
               {"version", component.version},
               {"summary", component.summary},
               {"citation", citation},
               {"license", component.license},
               {"library", found.file},
               {"sha256", found.sha256},
               {"settings", settings_json(component)}}
              .dump(2) +
          "\n");
    return 0;
  }
  std::string text = fmt::format("{} {}  ({})\n{}\n", component.id, component.version,
                                 component.interface_id, printable(component.summary));
  if (!citation.empty()) text += printable(citation) + "\n";
  text += fmt::format("license: {}\nlibrary: {}\n", component.license, found.file);
  text += settings_table(component);
  if (!arguments.common.quiet) print(text);
  return 0;
}

}  // namespace

void add_plugin(CLI::App& app, CommandContext& context) {
  CLI::App* plugin = app.add_subcommand("plugin", "list, describe, check and make plugins");
  plugin->require_subcommand(1);
  plugin->footer("Example:\n  dynkit plugin info lyapunov");
  auto arguments = std::make_shared<PluginArguments>();
  const auto add = [&](const char* name, const char* help, const char* example,
                       int (*action)(const CommandContext&, const PluginArguments&)) {
    CLI::App* command = plugin->add_subcommand(name, help);
    command->footer(std::string("Example:\n  ") + example);
    command
        ->add_option("--plugin-path", arguments->folders,
                     "folder to search for plugins first; may be repeated")
        ->type_name("FOLDER");
    add_common_options(*command, arguments->common);
    command->callback([&context, arguments, action] {
      context.action = [&context, arguments, action] { return action(context, *arguments); };
    });
    return command;
  };
  add("list", "components on the search path, and libraries that are refused", "dynkit plugin list",
      list);
  add("info", "a component: what it computes, its settings, where it comes from",
      "dynkit plugin info org.dynkit.fixed_points", info)
      ->add_option("component", arguments->component,
                   "component id or its last part; id@major for a version")
      ->required();
  add_plugin_check(app, *plugin, context);
  add_plugin_new(*plugin, context);
}

}  // namespace dynkit
