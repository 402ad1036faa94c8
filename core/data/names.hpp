#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dynkit/core/array.hpp"

namespace dynkit {

/// Well-formed UTF-8 without NUL: what text may be on either side of the plugin boundary.
bool is_text(std::string_view bytes);

/// Whether `name` can name an array: text of 1 to 1024 bytes without control characters, groups
/// separated by single `/`, none of them "." or "..".
bool is_name(std::string_view name);

/// Throws Error (DK_IO) unless it can.
void check_name(std::string_view name);

/// A piece of a file's text for a message: cut to 80 bytes, with `?` for control characters, and
/// for all bytes outside ASCII unless they are UTF-8.
std::string printable(std::string_view text);

/// "a, b, c and 7 more".
std::string list_names(std::span<const std::string> names);

/// Adds an array under a checked name. Throws Error (DK_IO) if there is one of that name.
void add_array(ArrayMap& arrays, const std::string& name, Array array);

}  // namespace dynkit
