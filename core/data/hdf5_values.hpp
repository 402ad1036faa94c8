#pragma once

#include <hdf5.h>

#include <optional>

#include "dynkit/core/array.hpp"
#include "limits.hpp"

namespace dynkit {

/// A dataset with its dimension names, unit and help. Throws Error (DK_UNSUPPORTED) for element
/// types that an Array does not hold and for elements that lie in other files.
Array read_hdf5_dataset(hid_t dataset, MemoryBudget& budget);

/// An attribute of a group or dataset; nothing if it is of a type that is not read or has more than
/// a few elements.
std::optional<Array> read_hdf5_attribute(hid_t object, const char* name, MemoryBudget& budget);

}  // namespace dynkit
