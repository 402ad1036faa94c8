#include "dynkit/core/arrays_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "csv.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "limits.hpp"
#include "names.hpp"
#include "npy.hpp"
#include "npz.hpp"
#include "safetensors.hpp"

namespace dynkit {
namespace {

enum class Kind { npy, npz, csv, tsv, safetensors, hdf5 };

struct Ending {
  FileFormat format;
  Kind kind;
};

constexpr Ending kEndings[] = {
    {{".h5", "HDF5: arrays in groups, with dimension names, unit and help"}, Kind::hdf5},
    {{".hdf5", "the same"}, Kind::hdf5},
    {{".npz", "NumPy: arrays by name"}, Kind::npz},
    {{".npy", "NumPy: one array"}, Kind::npy},
    {{".safetensors", "weights of networks"}, Kind::safetensors},
    {{".csv", "a table of numbers as text"}, Kind::csv},
    {{".tsv", "the same, with tabs"}, Kind::tsv},
    {{".txt", "the same"}, Kind::tsv},
    {{".dat", "the same"}, Kind::tsv},
};

Kind kind_of(const std::filesystem::path& path) {
  std::string ending = path.extension().native();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string known;
  for (const Ending& entry : kEndings) {
    if (ending == entry.format.ending) return entry.kind;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.format.ending);
  }
  throw Error(DK_UNSUPPORTED, fmt::format("{}: the ending '{}' is none of {}", path.native(),
                                          printable(ending), known));
}

// Runs `read` and puts the path before the message of what it throws.
template <class Read>
auto with_path(const std::filesystem::path& path, Read read) {
  try {
    return read();
  } catch (const Error& e) {
    throw Error(e.status(), fmt::format("{}: {}", path.native(), e.what()));
  }
}

Array column(const Array& table, std::size_t index) {
  const auto width = static_cast<std::size_t>(table.shape[1]);
  Array result;
  result.shape = {table.shape[0]};
  for (std::size_t at = index; at < table.numbers().size(); at += width) {
    result.numbers().push_back(table.numbers()[at]);
  }
  return result;
}

ArrayMap table_arrays(CsvTable table) {
  constexpr const char* kTable = "table";
  ArrayMap arrays;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i] == kTable) {
      throw Error(DK_IO, "a column is named 'table', which names the whole table");
    }
    add_array(arrays, table.columns[i], column(table.table, i));
  }
  add_array(arrays, kTable, std::move(table.table));
  return arrays;
}

Array read_npy(std::span<const std::byte> bytes) {
  MemoryBudget budget(bytes.size());
  return parse_npy(bytes, budget);
}

ArrayMap one_array(const std::string& name, Array array) {
  ArrayMap arrays;
  add_array(arrays, name, std::move(array));
  return arrays;
}

FileContent read_content(const std::filesystem::path& path, Kind kind) {
  const std::vector<std::byte> bytes = read_file(path);
  return with_path(path, [&]() -> FileContent {
    switch (kind) {
      case Kind::npy:
        return {one_array(path.stem().native(), read_npy(bytes)), {}, {}};
      case Kind::npz:
        return parse_npz(bytes);
      case Kind::csv:
      case Kind::tsv:
        return {table_arrays(parse_csv(bytes)), {}, {}};
      case Kind::safetensors:
        return {parse_safetensors(bytes), {}, {}};
      case Kind::hdf5:
        break;
    }
    throw Error(DK_INTERNAL, "HDF5 is not read from memory");
  });
}

std::vector<std::string> names_of(const ArrayMap& arrays) {
  std::vector<std::string> names;
  for (const auto& entry : arrays) names.push_back(entry.first);
  return names;
}

[[noreturn]] void fail_unnamed(const ArrayPlace& place, std::span<const std::string> names) {
  const std::string what = place.name.empty()
                               ? fmt::format("holds {} arrays; name one as \"{}:NAME\"",
                                             names.size(), place.file.filename().native())
                               : fmt::format("has no array '{}'", printable(place.name));
  throw Error(DK_IO, fmt::format("{}: {}; there are: {}", place.file.native(), what,
                                 names.empty() ? "none" : list_names(names)));
}

Array load_hdf5_place(const ArrayPlace& place) {
  const std::vector<std::string> names = list_hdf5(place.file);
  const bool named = std::find(names.begin(), names.end(), place.name) != names.end();
  if (named) return load_hdf5_array(place.file, place.name);
  if (place.name.empty() && names.size() == 1) return load_hdf5_array(place.file, names[0]);
  fail_unnamed(place, names);
}

Array load_npz_place(const ArrayPlace& place) {
  const std::vector<std::byte> bytes = read_file(place.file);
  const auto names = with_path(place.file, [&] { return list_npz(bytes); });
  const std::string name = place.name.empty() && names.size() == 1 ? names[0] : place.name;
  if (name.empty() || std::find(names.begin(), names.end(), name) == names.end()) {
    fail_unnamed(place, names);
  }
  return with_path(place.file, [&] { return parse_npz_array(bytes, name); });
}

std::vector<std::byte> format_arrays(const std::filesystem::path& path, const ArrayMap& arrays,
                                     FloatWidth width) {
  const auto text = [](const std::string& csv) {
    return std::vector<std::byte>(as_bytes(csv).begin(), as_bytes(csv).end());
  };
  switch (kind_of(path)) {
    case Kind::npy:
      if (arrays.size() != 1) {
        throw Error(DK_UNSUPPORTED,
                    fmt::format(".npy holds one array, not {}: {}", arrays.size(),
                                arrays.empty() ? "there is none" : list_names(names_of(arrays))));
      }
      return format_npy(arrays.begin()->second);
    case Kind::npz:
      return format_npz(arrays);
    case Kind::csv:
      return text(format_csv(arrays, ','));
    case Kind::tsv:
      return text(format_csv(arrays, '\t'));
    case Kind::safetensors:
      return format_safetensors(arrays, width);
    case Kind::hdf5:
      break;
  }
  throw Error(DK_INTERNAL, "HDF5 is not written in memory");
}

}  // namespace

std::span<const FileFormat> file_formats() {
  static constexpr auto kFormats = [] {
    std::array<FileFormat, std::size(kEndings)> formats;
    for (std::size_t i = 0; i < formats.size(); ++i) formats[i] = kEndings[i].format;
    return formats;
  }();
  return kFormats;
}

ArrayMap load_arrays(const std::filesystem::path& path) {
  const Kind kind = kind_of(path);
  return (kind == Kind::hdf5 ? load_hdf5(path) : read_content(path, kind)).arrays;
}

FileContent load_arrays_safely(const std::filesystem::path& path,
                               const std::atomic<bool>* cancelled) {
  const Kind kind = kind_of(path);
  return kind == Kind::hdf5 ? load_hdf5_in_child(path, cancelled) : read_content(path, kind);
}

ArrayPlace find_array(const std::string& place) {
  std::error_code ignored;
  if (std::filesystem::exists(place, ignored)) return {place, ""};
  for (std::size_t at = place.find(':'); at != place.npos; at = place.find(':', at + 1)) {
    std::filesystem::path file = place.substr(0, at);
    if (std::filesystem::exists(file, ignored)) return {std::move(file), place.substr(at + 1)};
  }
  // No such file: the reader says so, about what was most likely meant.
  const std::size_t last = place.rfind(':');
  return {place.substr(0, last), last == place.npos ? "" : place.substr(last + 1)};
}

Array load_array(const std::string& place_text) {
  const ArrayPlace place = find_array(place_text);
  const Kind kind = kind_of(place.file);
  if (kind == Kind::hdf5) return load_hdf5_place(place);
  if (kind == Kind::npz) return load_npz_place(place);
  ArrayMap arrays = read_content(place.file, kind).arrays;

  const bool is_table = kind == Kind::csv || kind == Kind::tsv;
  auto found = arrays.find(place.name.empty() && is_table ? "table" : place.name);
  if (place.name.empty() && arrays.size() == 1) found = arrays.begin();
  if (found == arrays.end()) fail_unnamed(place, names_of(arrays));
  return std::move(found->second);
}

void save_arrays(const std::filesystem::path& path, const ArrayMap& arrays, FloatWidth width) {
  const Kind kind = kind_of(path);
  if (width == FloatWidth::f32 && kind != Kind::safetensors) {
    throw Error(DK_UNSUPPORTED,
                path.native() + ": only .safetensors is written in single precision");
  }
  if (kind == Kind::hdf5) return save_hdf5(path, arrays);
  write_file_atomically(path, with_path(path, [&] { return format_arrays(path, arrays, width); }));
}

}  // namespace dynkit
