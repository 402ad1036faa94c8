#pragma once

#include <atomic>
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
  std::string refused;         // why it is no plugin for this host; empty: it is one
  std::int64_t timed_out = 0;  // when it took too long to load, seconds since 1970; 0: it did not
  std::vector<ComponentEntry> components;
};

/// A component that was loaded, and where it came from.
struct LoadedComponent {
  const dk_component* component = nullptr;
  std::string directory;  // of the library as found on the search path
  std::string file;       // the library that was loaded: that one, or its variant for this machine
  std::string sha256;     // of `file`
};

/// How libraries are inspected.
struct InspectOptions {
  double time_limit = 10.0;  // seconds that one may take to load
  const std::atomic<bool>* cancelled = nullptr;
};

/// The plugins on the search path.
///
/// What a library holds is kept in an index file, so that listing runs no code of libraries that
/// have not changed since, and that of others in a child process only: one that crashes or hangs is
/// a refused one. Finding a component loads its library into this process.
///
/// One that took too long to load may have done so because the machine was busy, so its refusal is
/// forgotten after five minutes. It stands until then, since every worker of a run makes a registry
/// and each would wait for a library that hangs.
class Registry {
 public:
  /// Folders to search, the first wins. `index_path` empty: no index is kept. Throws Error like
  /// inspect_library.
  Registry(const std::vector<std::string>& folders, const std::string& index_path,
           const InspectOptions& options = {});

  const std::vector<std::string>& folders() const { return folders_; }

  /// Every shared library on the search path, also the refused ones, in search order.
  const std::vector<LibraryEntry>& libraries() const { return libraries_; }

  /// Loads the component `id` or `id@major`. The earlier folder wins, within a folder the higher
  /// version. Throws Error (DK_SETTINGS) if there is none (with the nearest known id), or if two of
  /// equal rank are found; (DK_UNSUPPORTED) with the reasons if the only candidates are refused, or
  /// if there is none but refused libraries, which might hold it.
  LoadedComponent find(const std::string& reference, const std::string& interface_id);

 private:
  struct Loaded {
    Library library;
    std::string sha256;  // of the file that was loaded
  };
  const Loaded& load(const LibraryEntry& entry);

  std::vector<std::string> folders_;
  std::vector<LibraryEntry> libraries_;
  std::map<std::string, Loaded> loaded_;  // by path
};

/// The search path: the folders named on the command line, DYNKIT_PLUGIN_PATH (ignored when the
/// process is privileged), the user's data folder, and the installation's, `../lib/dynkit/plugins`
/// from the program.
std::vector<std::string> plugin_search_path(const std::vector<std::string>& named,
                                            const std::string& program);

/// Where the index is kept: `dynkit/plugins.json` in the user's cache folder, or empty.
std::string plugin_index_path();

/// Reads one library file as the index does: loads it in a child process (see run_in_child) and
/// notes its components, or why it is refused. Throws Error: DK_CANCELLED when asked to stop,
/// DK_INTERNAL if no process can be started.
LibraryEntry inspect_library(const std::string& path, const InspectOptions& options = {});

}  // namespace dynkit
