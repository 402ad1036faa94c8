#include <fmt/format.h>

#include <array>
#include <type_traits>

#include "dynkit/core/files.hpp"
#include "dynkit/core/hdf5.hpp"
#include "dynkit/error.hpp"
#include "hdf5_handle.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

const char* checked_text(const std::string& text) {
  if (!is_text(text)) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("the text '{}' is not UTF-8 or holds NUL", printable(text)));
  }
  return text.c_str();
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  for (const std::string& text : texts) result.push_back(checked_text(text));
  return result;
}

Hdf5Handle make_space(std::span<const std::int64_t> shape) {
  if (shape.empty()) return own_hdf5(H5Screate(H5S_SCALAR), H5Sclose);
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  return own_hdf5(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                  H5Sclose);
}

void write_attribute(hid_t object, const std::string& name, std::span<const std::int64_t> shape,
                     hid_t type, const void* data) {
  const Hdf5Handle space = make_space(shape);
  const Hdf5Handle attribute =
      own_hdf5(H5Acreate2(object, checked_text(name), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
               H5Aclose);
  check_hdf5(H5Awrite(attribute.get(), type, data));
}

void write_text_attribute(hid_t object, const std::string& name, const std::string& text) {
  const char* const pointer = checked_text(text);
  write_attribute(object, name, {}, make_text_type().get(), &pointer);
}

// The element type, the same in memory and in the file.
template <class Element>
Hdf5Handle element_type() {
  if constexpr (std::is_same_v<Element, std::complex<double>>) return make_complex_type();
  if constexpr (std::is_same_v<Element, std::string>) return make_text_type();
  if constexpr (std::is_same_v<Element, double>) return Hdf5Handle(H5T_IEEE_F64LE, nullptr);
  if constexpr (std::is_same_v<Element, std::int64_t>) return Hdf5Handle(H5T_STD_I64LE, nullptr);
  if constexpr (std::is_same_v<Element, std::uint8_t>) return Hdf5Handle(H5T_STD_U8LE, nullptr);
}

class FileWriter {
 public:
  explicit FileWriter(const std::filesystem::path& path) {
    file_ = own_hdf5(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    link_options_ = own_hdf5(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    check_hdf5(H5Pset_create_intermediate_group(link_options_.get(), 1));
    // Times would make the bytes of equal content differ.
    dataset_options_ = own_hdf5(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    check_hdf5(H5Pset_obj_track_times(dataset_options_.get(), false));
  }

  void write(const std::string& name, const Array& array) {
    check_name(name);
    const Hdf5Handle space = make_space(array.shape);
    std::visit(
        [&](const auto& values) {
          using Element = typename std::decay_t<decltype(values)>::value_type;
          const Hdf5Handle type = element_type<Element>();
          const Hdf5Handle dataset =
              own_hdf5(H5Dcreate2(file_.get(), name.c_str(), type.get(), space.get(),
                                  link_options_.get(), dataset_options_.get(), H5P_DEFAULT),
                       H5Dclose);
          write_values(dataset.get(), type.get(), values);
          write_notes(dataset.get(), array);
        },
        array.values);
  }

  void write(const std::string& group_name, const Attributes& attributes) {
    const Hdf5Handle group = open_group(group_name);
    for (const auto& [name, value] : attributes) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        write_text_attribute(group.get(), name, *text);
      } else if (const auto* number = std::get_if<double>(&value)) {
        write_attribute(group.get(), name, {}, H5T_IEEE_F64LE, number);
      } else {
        write_attribute(group.get(), name, {}, H5T_STD_I64LE, &std::get<std::int64_t>(value));
      }
    }
  }

  // A full disk may show only now.
  void flush() { check_hdf5(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL)); }

 private:
  template <class Element>
  static void write_values(hid_t dataset, hid_t type, const std::vector<Element>& values) {
    if (values.empty()) return;
    if constexpr (std::is_same_v<Element, std::string>) {
      const std::vector<const char*> texts = pointers(values);
      check_hdf5(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()));
    } else {
      check_hdf5(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
    }
  }

  static void write_notes(hid_t dataset, const Array& array) {
    if (!array.dimensions.empty()) {
      const std::array shape{static_cast<std::int64_t>(array.dimensions.size())};
      write_attribute(dataset, "dimensions", shape, make_text_type().get(),
                      pointers(array.dimensions).data());
    }
    if (!array.unit.empty()) write_text_attribute(dataset, "unit", array.unit);
    if (!array.help.empty()) write_text_attribute(dataset, "help", array.help);
  }

  Hdf5Handle open_group(const std::string& name) {
    if (name.empty()) return own_hdf5(H5Gopen2(file_.get(), "/", H5P_DEFAULT), H5Gclose);
    check_name(name);
    Hdf5Handle group(H5Gopen2(file_.get(), name.c_str(), H5P_DEFAULT), H5Gclose);
    if (group.get() >= 0) return group;
    return own_hdf5(
        H5Gcreate2(file_.get(), name.c_str(), link_options_.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Gclose);
  }

  Hdf5Handle file_, link_options_, dataset_options_;
};

// HDF5 would say so too, though not in a way that a user understands.
void check_groups(const ArrayMap& arrays, const GroupAttributes& attributes) {
  const auto check = [&](const std::string& name) {
    if (arrays.count(name) != 0) {
      throw Error(DK_UNSUPPORTED,
                  fmt::format("'{}' names both an array and a group", printable(name)));
    }
  };
  for (const auto& entry : arrays) {
    const std::string& name = entry.first;
    for (std::size_t at = name.find('/'); at != name.npos; at = name.find('/', at + 1)) {
      check(name.substr(0, at));
    }
  }
  for (const auto& entry : attributes) check(entry.first);
}

}  // namespace

void save_hdf5(const std::filesystem::path& path, const ArrayMap& arrays,
               const GroupAttributes& attributes) {
  try {
    check_groups(arrays, attributes);
  } catch (const Error& e) {
    throw Error(e.status(), fmt::format("{}: {}", path.native(), e.what()));
  }
  write_file_atomically(path, [&](const std::filesystem::path& temporary) {
    const Hdf5Session session;
    std::string entry;
    try {
      FileWriter file(temporary);
      for (const auto& [name, array] : arrays) {
        entry = fmt::format("array '{}': ", printable(name));
        file.write(name, array);
      }
      for (const auto& [group, values] : attributes) {
        entry = fmt::format("attributes of '{}': ", printable(group));
        file.write(group, values);
      }
      entry.clear();
      file.flush();
    } catch (const Error& e) {
      throw Error(e.status(), fmt::format("{}: {}{}", path.native(), entry, e.what()));
    }
  });
}

}  // namespace dynkit
