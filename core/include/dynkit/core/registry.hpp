#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dynkit/core/library.hpp"

namespace dynkit {

/// What the index knows of a component without loading its library.
struct ComponentEntry {
  std::string interface_id;
  std::string id;
  std::string version;
  std::string summary;
  std::string flaw;  // why this host does not run it; empty: it does
};

/// A library on the search path.
struct LibraryEntry {
  std::string path;
  std::uint64_t bytes = 0;
  std::int64_t modified = 0;  // nanoseconds since the file clock's epoch
  std::string sha256;
  std::string refused;  // why it is no plugin for this host; empty: it is one
  std::vector<ComponentEntry> components;
};

/// A component that was loaded, and where it came from.
struct LoadedComponent {
  const dk_component* component = nullptr;
  const LibraryEntry* library = nullptr;
  std::string directory;  // of the library
};

/// The plugins on the search path.
///
/// What a library holds is kept in an index file, so that listing runs no code of libraries that
/// have not changed since; finding a component loads its library only.
class Registry {
 public:
  /// Folders to search, the first wins. `index_path` empty: no index is kept.
  Registry(const std::vector<std::string>& folders, const std::string& index_path);

  const std::vector<std::string>& folders() const { return folders_; }

  /// Every shared library on the search path, also the refused ones, in search order.
  const std::vector<LibraryEntry>& libraries() const { return libraries_; }

  /// Loads the component `id` or `id@major`. The earlier folder wins, within a folder the higher
  /// version. Throws Error (DK_SETTINGS) if there is none (with the nearest known id), or if two of
  /// equal rank are found; (DK_UNSUPPORTED) if the only candidates are refused, with the reason.
  LoadedComponent find(const std::string& reference, const std::string& interface_id);

 private:
  const Library& load(const LibraryEntry& entry);

  std::vector<std::string> folders_;
  std::vector<LibraryEntry> libraries_;
  std::map<std::string, Library> loaded_;  // by path
};

/// The search path: the folders named on the command line, DYNKIT_PLUGIN_PATH (ignored when the
/// process is privileged), the user's data folder, and the installation's, `../lib/dynkit/plugins`
/// from the program.
std::vector<std::string> plugin_search_path(const std::vector<std::string>& named,
                                            const std::string& program);

/// Where the index is kept: `dynkit/plugins.json` in the user's cache folder, or empty.
std::string plugin_index_path();

/// Reads one library file as the index does: loads it and notes its components or why it is refused.
LibraryEntry inspect_library(const std::string& path);

}  // namespace dynkit
