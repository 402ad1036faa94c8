#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dynkit/core/array.hpp"
#include "limits.hpp"

namespace dynkit {

/// The array of an .npy file (versions 1.0 to 3.0), in C order whatever its order was. Element
/// types f2 f4 f8, c8 c16, i1 to i8, u1 to u8, b1, S and U in both byte orders; booleans become 0
/// or 1. Throws Error (DK_IO): not such a file, cut off or too long, text that is not UTF-8;
/// (DK_UNSUPPORTED): pickled objects, structured and other element types; (DK_TOO_LARGE).
///
/// NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
Array parse_npy(std::span<const std::byte> bytes, MemoryBudget& budget);

/// The same file as numpy.save writes it: version 1.0, C order, little-endian; text as U of the
/// longest element's length. Throws Error (DK_UNSUPPORTED) for text that is not UTF-8.
std::vector<std::byte> format_npy(const Array& array);

}  // namespace dynkit
