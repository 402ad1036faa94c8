#pragma once

#include <filesystem>

#include "dynkit/core/child_process.hpp"
#include "dynkit/core/hdf5.hpp"

namespace dynkit {

/// The child's side of load_hdf5_in_child: reads the file and sends what it holds.
void send_hdf5(const std::filesystem::path& path, ReplyWriter& reply);

/// The parent's side: runs `body`, which sends what send_hdf5 would, in a child. It is trusted no
/// more than the file: what it sends is checked as one would check a file. Throws Error (DK_IO) if
/// the child crashes or hangs.
FileContent receive_hdf5(const std::filesystem::path& path, const ChildBody& body,
                         const ChildOptions& options);

}  // namespace dynkit
