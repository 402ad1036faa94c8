#pragma once

#include <string>
#include <vector>

#include "commands.hpp"
#include "dynkit/core/registry.hpp"

namespace dynkit {

/// The plugins on the search path, with the folders that the command line names first.
Registry open_registry(const CommandContext& context, const std::vector<std::string>& folders);

struct ComponentName {
  std::string reference;     // "org.dynkit.lorenz63", or with "@1"
  std::string interface_id;  // "dynkit.model/1"
};

/// The component that a user names by its id or by the last part of it, "lorenz63", each with or
/// without "@major". `interface_id` empty: of any kind. Throws Error (DK_SETTINGS) if the name fits
/// none, with the nearest known id, or several.
ComponentName find_component_name(const Registry& registry, const std::string& name,
                                  const std::string& interface_id);

/// "lorenz63" of "org.dynkit.lorenz63@1".
std::string last_part(const std::string& reference);

}  // namespace dynkit
