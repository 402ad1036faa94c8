#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "dynkit/core/array.hpp"

namespace dynkit {

/// Attributes of a group, and those of all groups by their paths ("" is the root).
using Attribute = std::variant<std::string, double, std::int64_t>;
using Attributes = std::map<std::string, Attribute>;
using GroupAttributes = std::map<std::string, Attributes>;

/// Something in a file that was not read, and why: "references are not read".
struct SkippedObject {
  std::string name;
  std::string reason;
};

/// What a data file holds. Attributes are of HDF5 alone; arrays of elements that dynkit does not
/// know are skipped in .h5 and .npz.
struct FileContent {
  ArrayMap arrays;
  GroupAttributes attributes;
  std::vector<SkippedObject> skipped;
};

}  // namespace dynkit
