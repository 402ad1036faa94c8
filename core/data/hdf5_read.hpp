#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "dynkit/core/hdf5.hpp"

namespace dynkit {

/// Is told what a file holds, in the order of the file.
struct Hdf5Visitor {
  std::function<void(const std::string& name, Array array)> on_array;
  std::function<void(const std::string& group, Attributes attributes)> on_attributes;
  std::function<void(SkippedObject object)> on_skipped;
};

/// Reads a file as load_hdf5 does, with one array in memory at a time.
void visit_hdf5(const std::filesystem::path& path, const Hdf5Visitor& visitor);

}  // namespace dynkit
