#include "dynkit/core/library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"
#include "elf_symbols.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

using EntryPoint = const dk_library*();

void check_symbols(const std::string& path) {
  const auto symbols = exported_symbols(path);
  if (std::find(symbols.begin(), symbols.end(), DK_ENTRY_POINT) != symbols.end()) return;
  for (const std::string& name : symbols) {
    if (name.rfind("dynkit_plugin_v", 0) == 0) {
      throw Error(DK_UNSUPPORTED, fmt::format("{}: speaks plugin interface {}, this host speaks {}",
                                              path, name.substr(15), DK_ABI_MAJOR));
    }
  }
  throw Error(DK_UNSUPPORTED,
              fmt::format("{}: is not a dynkit plugin (no symbol {})", path, DK_ENTRY_POINT));
}

// The library for this machine's instruction set beside `path`, if there is one.
std::string best_variant(const std::string& path) {
  const fs::path file(path);
  for (const char* level : {"x86-64-v4", "x86-64-v3"}) {
    if (level > instruction_set()) continue;
    const fs::path variant = file.parent_path() / level / file.filename();
    if (fs::exists(variant)) return variant.string();
  }
  return path;
}

// For the rest of the program's life: a destructor would unload the library under the feet of its
// users.
boost::dll::shared_library& keep(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto* const all = new std::deque<boost::dll::shared_library>;
  const std::lock_guard lock(mutex);
  return all->emplace_back(std::move(library));
}

EntryPoint* open_entry_point(const std::string& path) {
  namespace dll = boost::dll;
  dll::shared_library library;
  dll::fs::error_code code;
  library.load(dll::fs::path(path), code, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  if (code) {
    throw Error(DK_UNSUPPORTED, fmt::format("{}: cannot be loaded: {}", path, code.message()));
  }
  return &keep(std::move(library)).get<EntryPoint>(DK_ENTRY_POINT);
}

void check_table(const std::string& path, const dk_library* table) {
  const auto refuse = [&](const std::string& reason) {
    throw Error(DK_UNSUPPORTED, fmt::format("{}: {}", path, reason));
  };
  if (table == nullptr) refuse(fmt::format("{} returned no table", DK_ENTRY_POINT));
  if (table->abi_major != DK_ABI_MAJOR) {
    refuse(fmt::format("speaks plugin interface {}, this host speaks {}", table->abi_major,
                       DK_ABI_MAJOR));
  }
  if (table->component_count <= 0 || table->components == nullptr) refuse("has no components");
  std::set<std::string> ids;
  for (std::int64_t i = 0; i < table->component_count; ++i) {
    const char* id = table->components[i].id;
    if (id == nullptr) refuse(fmt::format("component {} has no id", i));
    if (!ids.insert(id).second) refuse(fmt::format("has two components '{}'", printable(id)));
  }
}

bool supports_v3() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#else
  return false;
#endif
}

bool supports_v4() {
#if defined(__x86_64__)
  return supports_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

}  // namespace

std::string instruction_set() {
  const std::string best = supports_v4() ? "x86-64-v4" : supports_v3() ? "x86-64-v3" : "x86-64-v2";
  const char* wanted = std::getenv("DYNKIT_INSTRUCTION_SET");
  return wanted != nullptr && *wanted != '\0' ? std::min(best, std::string(wanted)) : best;
}

Library load_library(const std::string& path) {
  check_symbols(path);
  Library library{path, best_variant(path), nullptr};
  if (library.loaded_path != path) check_symbols(library.loaded_path);
  library.table = open_entry_point(library.loaded_path)();
  check_table(path, library.table);
  return library;
}

}  // namespace dynkit
