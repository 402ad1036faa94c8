#pragma once

#include <string>
#include <vector>

#include "dynkit/core/registry.hpp"

namespace dynkit {

/// The entries of an index file. A missing or unreadable index is an empty one: it is only a cache.
std::vector<LibraryEntry> read_plugin_index(const std::string& path);

/// Replaces the index file. Failure is silent for the same reason.
void write_plugin_index(const std::string& path, const std::vector<LibraryEntry>& entries);

}  // namespace dynkit
