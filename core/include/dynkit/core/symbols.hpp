#pragma once

#include <string>
#include <vector>

namespace dynkit {

/// Names that a shared library of this machine's kind exports, read from its dynamic symbol table
/// without running any of it. The table survives stripping. Throws Error (DK_IO) where the file is
/// no such library.
std::vector<std::string> exported_symbols(const std::string& path);

}  // namespace dynkit
