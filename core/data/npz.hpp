#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dynkit/core/file_content.hpp"

namespace dynkit {

/// The arrays of an .npz file: a zip archive with a member "name.npy" for each. Those of pickled
/// objects and other elements that are not read are skipped. Dimension names, unit and help are
/// read from the members' comments where format_npz has put them. Throws Error like parse_npy, with
/// the member's name in the message, and (DK_IO) for a damaged archive, two arrays of one name or a
/// member that is no .npy file.
FileContent parse_npz(std::span<const std::byte> bytes);

/// One array; the others are not even inflated. Throws Error (DK_UNSUPPORTED) if it is one of those
/// that parse_npz skips, (DK_IO) if there is none of that name.
Array parse_npz_array(std::span<const std::byte> bytes, const std::string& name);

/// The names in the archive.
std::vector<std::string> list_npz(std::span<const std::byte> bytes);

/// The same file as numpy.savez writes it, not compressed.
std::vector<std::byte> format_npz(const ArrayMap& arrays);

}  // namespace dynkit
