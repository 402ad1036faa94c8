#pragma once

#include <cstddef>

namespace dynkit {

/// Bytes that this process may use: the machine's memory, or less where a control group, as of a
/// container or a batch system, sets a limit.
std::size_t usable_memory();

}  // namespace dynkit
