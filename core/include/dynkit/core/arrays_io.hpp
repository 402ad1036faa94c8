#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "dynkit/core/array.hpp"
#include "dynkit/core/hdf5.hpp"

namespace dynkit {

/// A file format: its ending (".npz") and one line on what it holds.
struct FileFormat {
  std::string_view ending;
  std::string_view help;
};

/// The formats that load_arrays reads; save_arrays writes each of them.
std::span<const FileFormat> file_formats();

/// Every array of a file, chosen by its ending:
///   .npy                  one array, named after the file without its ending
///   .npz .safetensors     the arrays by their names; a `/` in a name makes groups
///   .csv .tsv .txt .dat   "table" [rows, columns], and each column [rows] by its name if a line of
///                         names comes first
///   .h5 .hdf5             the datasets by their paths, "group/name"; see hdf5.hpp
/// Arrays of elements that dynkit does not know are left out of .npz and .h5 (see
/// load_arrays_safely); elsewhere they are errors. Floating-point numbers of any width become
/// float64, integers int64 (uint8 and booleans: uint8). Throws Error with the path in the message:
/// DK_IO if the file cannot be read, is cut off or is not what its ending says; DK_UNSUPPORTED for
/// an unknown ending or element type; DK_TOO_LARGE if the arrays take more than kMemoryLimit, or
/// more than 1 GiB and a hundred times the file's size.
///
/// Reads in this process. A hostile .h5 file may crash or hang it (see load_hdf5): meant for files
/// of dynkit's own and for worker processes.
ArrayMap load_arrays(const std::filesystem::path& path);

/// The same for a process that must outlive the file, with all that the file holds: .h5 is read in
/// a child process (load_hdf5_in_child); the readers of the other formats are ours, tested against
/// hostile bytes, and run here.
FileContent load_arrays_safely(const std::filesystem::path& path,
                               const std::atomic<bool>* cancelled = nullptr);

/// Where an array is: a file, and the name of one of its arrays or nothing.
struct ArrayPlace {
  std::filesystem::path file;
  std::string name;
};

/// Splits "file.npz:name" and "file.h5:group/name" at the first `:` that ends the path of an
/// existing file; a text that is itself the path of a file is not split.
ArrayPlace find_array(const std::string& place);

/// One array: the only one of "file.npy", or the one named in "file.npz:name". The table of a .csv
/// needs no name. Throws Error like load_arrays, and (DK_IO) with the names that there are if the
/// file has several and none is named, or none of that name.
Array load_array(const std::string& place);

enum class FloatWidth { f64, f32 };

/// Writes a file atomically in the format of its ending. Lossless in .h5 and .npz, which also keep
/// dimension names, unit and help. Throws Error: DK_IO if it cannot be written, DK_UNSUPPORTED if
/// the format cannot hold the arrays:
///   .npy                  exactly one array
///   .csv (.tsv)           one array of rank <= 2, or arrays of rank 1 and equal length as columns
///                         under their names; no complex numbers. Text that a spreadsheet would
///                         take for a formula gets a leading '.
///   .safetensors          no text, no complex numbers
/// `width` f32 rounds float64 to single precision, in .safetensors only.
void save_arrays(const std::filesystem::path& path, const ArrayMap& arrays,
                 FloatWidth width = FloatWidth::f64);

}  // namespace dynkit
