#include "component_names.hpp"

#include <fmt/format.h>

#include <set>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

std::string without_major(const std::string& reference) {
  return reference.substr(0, reference.find('@'));
}

}  // namespace

Registry open_registry(const CommandContext& context, const std::vector<std::string>& folders) {
  return {plugin_search_path(folders, context.program),
          plugin_index_path(),
          {.cancelled = context.cancelled}};
}

ComponentName find_component_name(const Registry& registry, const std::string& name,
                                  const std::string& interface_id) {
  const std::string id = without_major(name);
  const std::string major = name.substr(id.size());
  std::vector<std::string> known;
  std::set<std::pair<std::string, std::string>> fitting;
  std::string of_other_kind;  // what the name fits but for its kind
  for (const LibraryEntry& library : registry.libraries()) {
    for (const ComponentEntry& component : library.components) {
      const bool fits = component.id == id || last_part(component.id) == id;
      if (!interface_id.empty() && component.interface_id != interface_id) {
        if (fits) of_other_kind = fmt::format("{} is a {}", component.id, component.interface_id);
        continue;
      }
      if (component.id == id) return {name, component.interface_id};
      known.push_back(component.id);
      known.push_back(last_part(component.id));
      if (last_part(component.id) == id) fitting.insert({component.id, component.interface_id});
    }
  }
  if (fitting.empty()) {
    const std::string kind = interface_id.empty() ? "" : fmt::format(" ({})", interface_id);
    const std::string hint =
        of_other_kind.empty() ? suggest(id, known) : fmt::format(" ({})", of_other_kind);
    throw Error(DK_SETTINGS, fmt::format("no component '{}'{} on the plugin search path{}",
                                         printable(name), kind, hint));
  }
  if (fitting.size() > 1) {
    throw Error(DK_SETTINGS,
                fmt::format("'{}' stands for {} and for {}: write out which", printable(name),
                            fitting.begin()->first, fitting.rbegin()->first));
  }
  return {fitting.begin()->first + major, fitting.begin()->second};
}

std::string last_part(const std::string& reference) {
  const std::string id = without_major(reference);
  return id.substr(id.rfind('.') + 1);
}

}  // namespace dynkit
