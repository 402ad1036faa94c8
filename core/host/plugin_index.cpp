#include "plugin_index.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

using nlohmann::json;

// Entries of another format are not read.
constexpr int kFormat = 2;

json to_json(const LibraryEntry& entry) {
  json components = json::array();
  for (const ComponentEntry& component : entry.components) {
    components.push_back({{"interface", component.interface_id},
                          {"id", component.id},
                          {"version", component.version},
                          {"summary", component.summary},
                          {"flaw", component.flaw}});
  }
  return {{"path", entry.path},      {"bytes", entry.bytes},     {"modified", entry.modified},
          {"sha256", entry.sha256},  {"refused", entry.refused}, {"timed_out", entry.timed_out},
          {"components", components}};
}

LibraryEntry from_json(const json& item) {
  LibraryEntry entry{item.at("path"),
                     item.at("bytes"),
                     item.at("modified"),
                     item.at("sha256"),
                     item.at("refused"),
                     item.at("timed_out"),
                     {}};
  for (const json& component : item.at("components")) {
    entry.components.push_back({component.at("interface"), component.at("id"),
                                component.at("version"), component.at("summary"),
                                component.at("flaw")});
  }
  return entry;
}

std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string format_entry(const LibraryEntry& entry) {
  return dump(to_json(entry), -1);
}

LibraryEntry parse_entry(const std::string& text) {
  try {
    return from_json(json::parse(text));
  } catch (const json::exception&) {
    throw Error(DK_INTERNAL, "what was said of a plugin is no entry of the index");
  }
}

std::vector<LibraryEntry> read_plugin_index(const std::string& path) {
  std::vector<LibraryEntry> entries;
  try {
    std::ifstream file(path);
    if (!file) return {};
    const json index = json::parse(file);
    if (index.at("format") != kFormat || index.at("host") != DK_VERSION) return {};
    for (const json& item : index.at("libraries")) entries.push_back(from_json(item));
  } catch (const std::exception&) {
    return {};
  }
  return entries;
}

void write_plugin_index(const std::string& path, const std::vector<LibraryEntry>& entries) {
  try {
    json libraries = json::array();
    for (const LibraryEntry& entry : entries) libraries.push_back(to_json(entry));
    const json index = {{"format", kFormat}, {"host", DK_VERSION}, {"libraries", libraries}};
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    const std::string text = dump(index, 1);
    write_file_atomically(path, as_bytes(text));
  } catch (const std::exception&) {
    // The next listing inspects the libraries again.
  }
}

}  // namespace dynkit
