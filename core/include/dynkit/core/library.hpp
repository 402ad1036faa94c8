#pragma once

#include <string>
#include <vector>

#include "dynkit/plugin.h"

namespace dynkit {

/// A plugin that was loaded. Libraries stay loaded as long as the process.
struct Library {
  std::string path;         // as found on the search path
  std::string loaded_path;  // the variant for this machine that was loaded instead, or `path`
  const dk_library* table = nullptr;
};

/// Loads a plugin: reads its symbol table first, picks the variant for this machine's instruction
/// set, loads it, and checks what it says of itself.
/// Throws Error (DK_UNSUPPORTED, DK_IO) with the reason for which the file is refused.
Library load_library(const std::string& path);

/// Why a component cannot be run by this host ("needs the extension 'x/1', which this host does not
/// have"), or an empty text. Checks all of the description that a user or the host relies on.
std::string component_flaw(const dk_component& component);

/// "x86-64-v4", "x86-64-v3" or "": the best instruction-set level of this machine for which
/// variants are looked for. DYNKIT_INSTRUCTION_SET=x86-64-v2 in the environment lowers it.
std::string instruction_set();

}  // namespace dynkit
