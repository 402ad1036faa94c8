#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/file_content.hpp"

namespace dynkit {

/// Reads a file. Array "search/x" is dataset `x` of group `search`; its dimension names, unit and
/// help are the attributes `dimensions`, `unit` and `help`. Complex numbers are compounds of r and
/// i, text is UTF-8, as h5py writes and reads them. Datasets of element types that dynkit does not
/// know are left out and named in `skipped`, single texts and numbers become attributes. Only what
/// the file itself holds: links to other files, external storage and virtual datasets are not
/// followed. Throws Error like load_arrays.
///
/// The HDF5 library is not hardened against hostile files: one may crash it, or keep it busy for
/// ever. Read a file that dynkit did not write here only in a process that may be lost.
FileContent load_hdf5(const std::filesystem::path& path);

/// The same in a child process, for one that may not (see run_in_child for what it asks of the
/// caller's threads). Each array is sent on as soon as it is read, so that none is twice in memory
/// but the largest. Throws Error like load_hdf5; (DK_IO) if the library crashes or hangs;
/// (DK_CANCELLED) when `cancelled` is set.
FileContent load_hdf5_in_child(const std::filesystem::path& path,
                               const std::atomic<bool>* cancelled = nullptr);

/// One dataset; and the names of all of them, in order.
Array load_hdf5_array(const std::filesystem::path& path, const std::string& name);
std::vector<std::string> list_hdf5(const std::filesystem::path& path);

/// Writes a file atomically; the same content gives the same bytes. Throws Error: DK_IO if it
/// cannot be written; DK_UNSUPPORTED for text that is not UTF-8 or holds NUL, and for an array
/// under the name of a group.
void save_hdf5(const std::filesystem::path& path, const ArrayMap& arrays,
               const GroupAttributes& attributes = {});

}  // namespace dynkit
