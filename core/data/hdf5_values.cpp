#include "hdf5_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>

#include "dynkit/error.hpp"
#include "hdf5_handle.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

// A dataset or attribute, which HDF5 reads through different functions.
struct Source {
  hid_t id = H5I_INVALID_HID;
  bool is_attribute = false;

  Hdf5Handle type() const {
    return own_hdf5(is_attribute ? H5Aget_type(id) : H5Dget_type(id), H5Tclose);
  }
  Hdf5Handle space() const {
    return own_hdf5(is_attribute ? H5Aget_space(id) : H5Dget_space(id), H5Sclose);
  }
  herr_t read(hid_t memory_type, void* to, hid_t options = H5P_DEFAULT) const {
    return is_attribute ? H5Aread(id, memory_type, to)
                        : H5Dread(id, memory_type, H5S_ALL, H5S_ALL, options, to);
  }
};

[[noreturn]] void fail_type(const std::string& what) {
  throw Error(DK_UNSUPPORTED, what + " are not read");
}

std::vector<std::int64_t> read_shape(const Source& source) {
  const Hdf5Handle space = source.space();
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) fail_type("datasets without a shape");
  const int rank = check_hdf5(H5Sget_simple_extent_ndims(space.get()));
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check_hdf5(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr));
  std::vector<std::int64_t> shape;
  for (const hsize_t extent : extents) {
    const auto largest = static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max());
    shape.push_back(static_cast<std::int64_t>(std::min(extent, largest)));
  }
  return shape;
}

template <class Element>
std::vector<Element> read_as(const Source& source, hid_t type, std::uint64_t count,
                             MemoryBudget& budget) {
  budget.take(checked_product(count, sizeof(Element)));
  std::vector<Element> values(count);
  if (count > 0) check_hdf5(source.read(type, values.data()));
  return values;
}

Array::Values read_integers(const Source& source, hid_t type, std::uint64_t count,
                            MemoryBudget& budget) {
  const std::size_t size = H5Tget_size(type);
  const bool is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
  if (size > 8) fail_type(fmt::format("integers of {} bytes", size));
  if (size == 1 && !is_signed) {
    return read_as<std::uint8_t>(source, H5T_NATIVE_UINT8, count, budget);
  }
  if (size == 8 && !is_signed) {
    // HDF5 would cut larger ones to the largest int64 without a word.
    const auto values = read_as<std::uint64_t>(source, H5T_NATIVE_UINT64, count, budget);
    for (const std::uint64_t value : values) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw Error(DK_IO,
                    fmt::format("the element {} does not fit into a signed 64-bit integer", value));
      }
    }
    return std::vector<std::int64_t>(values.begin(), values.end());
  }
  return read_as<std::int64_t>(source, H5T_NATIVE_INT64, count, budget);
}

bool is_double_at_most(hid_t type) {
  return H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) <= sizeof(double);
}

// Complex numbers are compounds of two floats: r and i as h5py has them, or real and imag.
Array::Values read_complex(const Source& source, hid_t type, std::uint64_t count,
                           MemoryBudget& budget) {
  static constexpr const char* kNames[][2] = {{"r", "i"}, {"real", "imag"}};
  for (const auto& names : kNames) {
    const int real = H5Tget_member_index(type, names[0]);
    const int imaginary = H5Tget_member_index(type, names[1]);
    if (H5Tget_nmembers(type) != 2 || real < 0 || imaginary < 0) continue;
    for (const int member : {real, imaginary}) {
      const Hdf5Handle member_type =
          own_hdf5(H5Tget_member_type(type, static_cast<unsigned>(member)), H5Tclose);
      if (!is_double_at_most(member_type.get())) fail_type("compounds that are no complex numbers");
    }
    return read_as<std::complex<double>>(source, make_complex_type(names[0], names[1]).get(), count,
                                         budget);
  }
  fail_type("compounds that are no complex numbers");
}

// Booleans as h5py writes them: an enumeration of FALSE = 0 and TRUE = 1 in one byte.
Array::Values read_booleans(const Source& source, hid_t type, std::uint64_t count,
                            MemoryBudget& budget) {
  if (H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) fail_type("enumerations");
  for (const char* const name : {"FALSE", "TRUE"}) {
    std::int8_t value = -1;
    if (H5Tenum_valueof(type, name, &value) < 0 || value != (name[0] == 'T' ? 1 : 0)) {
      fail_type("enumerations");
    }
  }
  return read_as<std::uint8_t>(source, type, count, budget);
}

std::string checked_text(std::string text) {
  if (!is_text(text)) {
    throw Error(DK_IO, fmt::format("the text '{}' is not UTF-8", printable(text)));
  }
  return text;
}

// Where HDF5 puts texts of any length. It counts them, since the elements of a small file may all
// point to one long text.
struct TextArena {
  MemoryBudget& budget;
  std::vector<std::unique_ptr<char[]>> blocks;
  std::exception_ptr failure;

  // Called by HDF5, so they may not throw.
  static void* allocate(std::size_t size, void* arena_pointer) noexcept {
    auto& arena = *static_cast<TextArena*>(arena_pointer);
    try {
      arena.budget.take(size);
      return arena.blocks.emplace_back(std::make_unique<char[]>(size)).get();
    } catch (...) {
      arena.failure = std::current_exception();
      return nullptr;
    }
  }
  static void release(void*, void*) noexcept {}
};

std::vector<std::string> copy_texts(const std::vector<const char*>& pointers) {
  std::vector<std::string> texts;
  texts.reserve(pointers.size());
  for (const char* text : pointers) texts.push_back(checked_text(text != nullptr ? text : ""));
  return texts;
}

std::vector<std::string> read_variable_texts(const Source& source, hid_t type, std::uint64_t count,
                                             MemoryBudget& budget) {
  budget.take(checked_product(count, sizeof(std::string) + sizeof(char*)));
  std::vector<const char*> pointers(count);
  if (count == 0) return {};
  TextArena arena{budget, {}, nullptr};
  const Hdf5Handle options = own_hdf5(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  check_hdf5(H5Pset_vlen_mem_manager(options.get(), TextArena::allocate, &arena, TextArena::release,
                                     nullptr));
  const herr_t status = source.read(type, pointers.data(), options.get());
  if (arena.failure) std::rethrow_exception(arena.failure);
  check_hdf5(status);
  return copy_texts(pointers);
}

// The same for an attribute, which HDF5 reads into memory of its own.
std::vector<std::string> read_variable_attribute(const Source& source, hid_t type,
                                                 std::uint64_t count) {
  std::vector<const char*> pointers(count);
  if (count == 0) return {};
  check_hdf5(source.read(type, pointers.data()));
  const Hdf5Handle space = source.space();
  const auto reclaim = [&](const char** texts) {
    H5Dvlen_reclaim(type, space.get(), H5P_DEFAULT, texts);
  };
  const std::unique_ptr<const char*, decltype(reclaim)> owner(pointers.data(), reclaim);
  return copy_texts(pointers);
}

std::vector<std::string> read_fixed_texts(const Source& source, hid_t type, std::uint64_t count,
                                          MemoryBudget& budget) {
  const std::size_t width = H5Tget_size(type);
  budget.take(checked_product(count, sizeof(std::string) + width));
  std::vector<char> bytes = read_as<char>(source, type, checked_product(count, width), budget);
  const bool ends_with_nul = H5Tget_strpad(type) == H5T_STR_NULLTERM;
  const char padding = H5Tget_strpad(type) == H5T_STR_SPACEPAD ? ' ' : '\0';
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string text(bytes.data() + i * width, width);
    if (ends_with_nul) text.resize(std::min(text.find('\0'), text.size()));
    text.erase(text.find_last_not_of(padding) + 1);
    texts.push_back(checked_text(std::move(text)));
  }
  return texts;
}

Array::Values read_values(const Source& source, std::uint64_t count, MemoryBudget& budget) {
  const Hdf5Handle type = source.type();
  switch (H5Tget_class(type.get())) {
    case H5T_FLOAT:
      if (!is_double_at_most(type.get())) fail_type("floating-point numbers wider than 64 bits");
      return read_as<double>(source, H5T_NATIVE_DOUBLE, count, budget);
    case H5T_INTEGER:
      return read_integers(source, type.get(), count, budget);
    case H5T_COMPOUND:
      return read_complex(source, type.get(), count, budget);
    case H5T_ENUM:
      return read_booleans(source, type.get(), count, budget);
    case H5T_STRING:
      if (check_hdf5(H5Tis_variable_str(type.get())) == 0) {
        return read_fixed_texts(source, type.get(), count, budget);
      }
      return source.is_attribute ? read_variable_attribute(source, type.get(), count)
                                 : read_variable_texts(source, type.get(), count, budget);
    case H5T_BITFIELD:
      fail_type("bit fields");
    case H5T_OPAQUE:
      fail_type("opaque elements");
    case H5T_REFERENCE:
      fail_type("references");
    case H5T_ARRAY:
      fail_type("elements that are arrays");
    case H5T_VLEN:
      fail_type("elements of variable length");
    case H5T_TIME:
      fail_type("times");
    default:
      throw_hdf5_error();
  }
}

std::string read_note(hid_t dataset, const char* name, MemoryBudget& budget) {
  if (check_hdf5(H5Aexists(dataset, name)) == 0) return "";
  const std::optional<Array> note = read_hdf5_attribute(dataset, name, budget);
  const auto* texts = note ? std::get_if<std::vector<std::string>>(&note->values) : nullptr;
  return texts != nullptr && texts->size() == 1 ? texts->front() : "";
}

// Names of another number than the axes are some other program's attribute.
std::vector<std::string> read_dimensions(hid_t dataset, std::size_t rank, MemoryBudget& budget) {
  if (check_hdf5(H5Aexists(dataset, "dimensions")) == 0) return {};
  const std::optional<Array> names = read_hdf5_attribute(dataset, "dimensions", budget);
  const auto* texts = names ? std::get_if<std::vector<std::string>>(&names->values) : nullptr;
  return texts != nullptr && texts->size() == rank ? *texts : std::vector<std::string>{};
}

// Elements that lie in other files are none of this file's: following them would let a file read
// whatever its reader may.
void check_storage(hid_t dataset) {
  const Hdf5Handle options = own_hdf5(H5Dget_create_plist(dataset), H5Pclose);
  const bool is_virtual = check_hdf5(H5Pget_layout(options.get())) == H5D_VIRTUAL;
  if (is_virtual || check_hdf5(H5Pget_external_count(options.get())) > 0) {
    fail_type("elements stored in other files");
  }
}

}  // namespace

std::optional<Array> read_hdf5_attribute(hid_t object, const char* name, MemoryBudget& budget) {
  const Hdf5Handle attribute = own_hdf5(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  const Source source{attribute.get(), true};
  try {
    Array array;
    array.shape = read_shape(source);
    const std::uint64_t count = checked_size(array.shape);
    constexpr std::uint64_t kElementLimit = 64;
    if (count > kElementLimit) return std::nullopt;
    array.values = read_values(source, count, budget);
    return array;
  } catch (const Error& e) {
    if (e.status() == DK_UNSUPPORTED) return std::nullopt;
    throw;
  }
}

Array read_hdf5_dataset(hid_t dataset, MemoryBudget& budget) {
  check_storage(dataset);
  const Source source{dataset, false};
  Array array;
  array.shape = read_shape(source);
  array.values = read_values(source, checked_size(array.shape), budget);
  array.dimensions = read_dimensions(dataset, array.shape.size(), budget);
  array.unit = read_note(dataset, "unit", budget);
  array.help = read_note(dataset, "help", budget);
  return array;
}

}  // namespace dynkit
