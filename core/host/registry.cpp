#include "dynkit/core/registry.hpp"

#include <fmt/format.h>
#include <sys/auxv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <set>
#include <string_view>
#include <tuple>

#include "dynkit/core/child_process.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "plugin_index.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMinutesOfATimeout = 5;

// Major, minor, patch; a pre-release ("1.0.0-beta") counts as older than its release.
std::array<int, 4> version_rank(const std::string& version) {
  std::array<int, 4> rank{};
  const char* at = version.data();
  const char* end = at + version.size();
  for (std::size_t i = 0; i < 3 && at < end; ++i) {
    at = std::from_chars(at, end, rank[i]).ptr;
    if (at < end && *at == '.') ++at;
  }
  rank[3] = version.find('-') == std::string::npos ? 1 : 0;
  return rank;
}

std::int64_t modified_time(const fs::path& path, std::error_code& code) {
  return static_cast<std::int64_t>(fs::last_write_time(path, code).time_since_epoch().count());
}

// Shared libraries directly in the folder, by name.
std::vector<std::string> library_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (entry.path().extension() == ".so" && entry.is_regular_file(code)) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Why the component is refused; empty: it is not.
std::string refusal_of(const std::vector<LibraryEntry>& libraries, const std::string& id) {
  for (const LibraryEntry& library : libraries) {
    for (const ComponentEntry& component : library.components) {
      if (component.id == id && !component.flaw.empty()) {
        return fmt::format("{} in {} is refused: {}", id, library.path, component.flaw);
      }
    }
  }
  return {};
}

// "; refused there: a.so: reason; ...", or nothing. What a refused library holds is not known.
std::string refused_libraries(const std::vector<LibraryEntry>& libraries) {
  constexpr std::size_t kMostNamed = 4;
  std::vector<std::string> reasons;
  for (const LibraryEntry& library : libraries) {
    if (!library.refused.empty()) reasons.push_back(library.refused);
  }
  if (reasons.empty()) return {};
  const std::size_t more = reasons.size() - std::min(reasons.size(), kMostNamed);
  reasons.resize(reasons.size() - more);
  return fmt::format("; refused there: {}{}", fmt::join(reasons, "; "),
                     more > 0 ? fmt::format("; and {} more (dynkit plugin list)", more) : "");
}

std::vector<std::string> known_ids(const std::vector<LibraryEntry>& libraries,
                                   const std::string& interface_id) {
  std::vector<std::string> ids;
  for (const LibraryEntry& library : libraries) {
    for (const ComponentEntry& component : library.components) {
      if (component.interface_id == interface_id) ids.push_back(component.id);
    }
  }
  return ids;
}

struct Reference {
  std::string id;
  int major = -1;  // -1: any
};

Reference parse_reference(const std::string& text) {
  const auto at = text.find('@');
  if (at == std::string::npos) return {text, -1};
  Reference reference{text.substr(0, at), -1};
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data() + at + 1, end, reference.major);
  if (code != std::errc{} || rest != end || reference.major < 0) {
    throw Error(DK_SETTINGS, fmt::format("component '{}': what follows '@' is not a major version",
                                         printable(text)));
  }
  return reference;
}

// A folder that is named twice counts where it stands first.
std::vector<std::string> without_repetitions(const std::vector<std::string>& folders) {
  std::vector<std::string> once;
  std::set<fs::path> seen;
  for (const std::string& folder : folders) {
    std::error_code code;
    if (seen.insert(fs::weakly_canonical(folder, code)).second) once.push_back(folder);
  }
  return once;
}

std::int64_t seconds_since_1970() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

// A verdict by the clock counts for a while only; one from the future, for which the clock was set
// back, does not.
bool is_outdated(const LibraryEntry& entry) {
  const std::int64_t age = seconds_since_1970() - entry.timed_out;
  return entry.timed_out != 0 && (age < 0 || age >= kMinutesOfATimeout * 60);
}

// Loads a library, which may be the end of this process.
LibraryEntry load_and_describe(LibraryEntry entry) {
  try {
    const Library library = load_library(entry.path);
    for (std::int64_t i = 0; i < library.table->component_count; ++i) {
      const dk_component& component = library.table->components[i];
      const auto text = [](const char* value) { return value ? printable(value) : ""; };
      entry.components.push_back({text(component.interface_id), text(component.id),
                                  text(component.version), text(component.summary),
                                  component_flaw(component)});
    }
  } catch (const Error& e) {
    entry.refused = printable(e.what());
  } catch (const std::exception& e) {
    entry.refused = printable(fmt::format("{}: throws on loading: {}", entry.path, e.what()));
  }
  return entry;
}

}  // namespace

LibraryEntry inspect_library(const std::string& path, const InspectOptions& options) {
  LibraryEntry entry;
  entry.path = path;
  std::error_code code;
  entry.bytes = fs::file_size(path, code);
  entry.modified = modified_time(path, code);
  try {
    entry.sha256 = sha256_file(path);
  } catch (const Error& e) {
    entry.refused = printable(e.what());
    return entry;
  }
  LibraryEntry described;
  const ChildEnd end = run_in_child(
      [&](ReplyWriter& reply) { reply.write(as_bytes(format_entry(load_and_describe(entry)))); },
      [&](ReplyReader& reply) { described = parse_entry(reply.read_rest()); },
      {options.time_limit, options.cancelled, 0});
  switch (end.kind) {
    case ChildEnd::Kind::done:
      return described;
    case ChildEnd::Kind::crashed:
      entry.refused = fmt::format("{}: {} on loading{}", path, end.how, end.last_words);
      break;
    case ChildEnd::Kind::timed_out:
      entry.timed_out = seconds_since_1970();
      entry.refused = fmt::format(
          "{}: does not load within {} s{} (is tried again after {} minutes, or when it changes)",
          path, options.time_limit, end.last_words, kMinutesOfATimeout);
      break;
  }
  entry.refused = printable(entry.refused);
  return entry;
}

Registry::Registry(const std::vector<std::string>& folders, const std::string& index_path,
                   const InspectOptions& options)
    : folders_(without_repetitions(folders)) {
  const auto known = read_plugin_index(index_path);
  bool changed = false;
  for (const std::string& folder : folders_) {
    for (const std::string& path : library_files(folder)) {
      std::error_code code;
      const auto bytes = fs::file_size(path, code);
      const auto modified = modified_time(path, code);
      const auto same = std::find_if(known.begin(), known.end(), [&](const LibraryEntry& entry) {
        return entry.path == path && entry.bytes == bytes && entry.modified == modified &&
               !is_outdated(entry);
      });
      changed = changed || same == known.end();
      libraries_.push_back(same != known.end() ? *same : inspect_library(path, options));
    }
  }
  if (changed && !index_path.empty()) {
    // Entries of other search paths stay, so that two installations do not undo each other's index.
    std::vector<LibraryEntry> all = libraries_;
    for (const LibraryEntry& entry : known) {
      const bool listed = std::any_of(all.begin(), all.end(), [&](const LibraryEntry& other) {
        return other.path == entry.path;
      });
      if (!listed && fs::exists(entry.path)) all.push_back(entry);
    }
    write_plugin_index(index_path, all);
  }
}

const Registry::Loaded& Registry::load(const LibraryEntry& entry) {
  const auto found = loaded_.find(entry.path);
  if (found != loaded_.end()) return found->second;
  Loaded loaded{load_library(entry.path), entry.sha256};
  const std::string& file = loaded.library.loaded_path;
  if (file != entry.path) loaded.sha256 = sha256_file(file);
  return loaded_.emplace(entry.path, std::move(loaded)).first->second;
}

LoadedComponent Registry::find(const std::string& text, const std::string& interface_id) {
  const Reference reference = parse_reference(text);
  struct Candidate {
    std::string folder;
    std::array<int, 4> rank;
    const LibraryEntry* library;
    std::size_t position;
  };
  std::vector<Candidate> candidates;
  for (const LibraryEntry& library : libraries_) {
    for (std::size_t i = 0; i < library.components.size(); ++i) {
      const ComponentEntry& component = library.components[i];
      const auto rank = version_rank(component.version);
      if (component.id != reference.id || component.interface_id != interface_id) continue;
      if (!component.flaw.empty()) continue;
      if (reference.major >= 0 && rank[0] != reference.major) continue;
      candidates.push_back({fs::path(library.path).parent_path().string(), rank, &library, i});
    }
  }
  if (candidates.empty()) {
    const std::string refusal = refusal_of(libraries_, reference.id);
    if (!refusal.empty()) throw Error(DK_UNSUPPORTED, refusal);
    const std::string refused = refused_libraries(libraries_);
    throw Error(
        refused.empty() ? DK_SETTINGS : DK_UNSUPPORTED,
        fmt::format("no component '{}' ({}) on the plugin search path{}{}", printable(text),
                    interface_id, suggest(text, known_ids(libraries_, interface_id)), refused));
  }
  const Candidate* best = &candidates.front();
  for (const Candidate& other : candidates) {
    if (other.folder != candidates.front().folder || &other == best) continue;
    if (other.rank == best->rank) {
      throw Error(DK_SETTINGS,
                  fmt::format("component '{}' is in both {} and {}: remove one", printable(text),
                              best->library->path, other.library->path));
    }
    if (other.rank > best->rank) best = &other;
  }
  const Loaded& loaded = load(*best->library);
  return {&loaded.library.table->components[best->position], best->folder,
          loaded.library.loaded_path, loaded.sha256};
}

std::vector<std::string> plugin_search_path(const std::vector<std::string>& named,
                                            const std::string& program) {
  std::vector<std::string> folders = named;
  const char* variable = std::getenv("DYNKIT_PLUGIN_PATH");
  if (variable != nullptr && getauxval(AT_SECURE) == 0) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      const std::string_view folder = rest.substr(0, rest.find(':'));
      if (!folder.empty()) folders.emplace_back(folder);
      rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    }
  }
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  if (data != nullptr && *data == '/') {
    folders.push_back(std::string(data) + "/dynkit/plugins");
  } else if (home != nullptr && *home == '/') {
    folders.push_back(std::string(home) + "/.local/share/dynkit/plugins");
  }
  folders.push_back(
      (fs::path(program).parent_path() / "../lib/dynkit/plugins").lexically_normal().string());
  return folders;
}

std::string plugin_index_path() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/dynkit/plugins.json";
  if (home != nullptr && *home == '/') return std::string(home) + "/.cache/dynkit/plugins.json";
  return {};
}

}  // namespace dynkit
