#pragma once

#include "dynkit/core/array.hpp"
#include "dynkit/core/config.hpp"

namespace dynkit {

/// Numbers that stand in the experiment itself: one, or lists of lists that form an array. Throws
/// Error (DK_SETTINGS, DK_SHAPE_MISMATCH) with the line.
Array array_in_place(const Config& value);

}  // namespace dynkit
