#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace dynkit {

/// Reads bytes as a file of the format ("npy", "npz", "csv", "safetensors"). True: they are one,
/// and what was read is sound and, written and read again, stays the same. False: the reader
/// refused them with an Error that says something. Throws std::logic_error for everything else.
bool read_fuzzed(std::string_view format, std::span<const std::byte> bytes);

}  // namespace dynkit
