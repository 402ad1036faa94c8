#pragma once

#include <string>
#include <vector>

#include "dynkit/core/registry.hpp"

namespace dynkit {

/// An entry as JSON text, as it stands in the index file and comes from the process that inspected
/// the library; and back. Throws Error (DK_INTERNAL) for text that is no entry.
std::string format_entry(const LibraryEntry& entry);
LibraryEntry parse_entry(const std::string& text);

/// The entries of an index file. A missing or unreadable index is an empty one: it is only a cache,
/// and that of another version of this host may have judged libraries otherwise.
std::vector<LibraryEntry> read_plugin_index(const std::string& path);

/// Replaces the index file. Failure is silent for the same reason.
void write_plugin_index(const std::string& path, const std::vector<LibraryEntry>& entries);

}  // namespace dynkit
