#include "dynkit/core/array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <type_traits>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

const char* element_name(const Array::Values& values) {
  static constexpr const char* kNames[] = {"float64", "complex128", "int64", "uint8", "text"};
  return kNames[values.index()];
}

template <class Element>
std::vector<Element> copy_elements(const dk_array& array, std::int64_t size) {
  const auto* first = static_cast<const Element*>(array.data);
  return std::vector<Element>(first, first + size);
}

std::vector<std::string> copy_texts(const dk_array& array, std::int64_t size) {
  const auto* first = static_cast<const char* const*>(array.data);
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < size; ++i) texts.emplace_back(first[i] != nullptr ? first[i] : "");
  return texts;
}

Array::Values copy_values(const dk_array& array, std::int64_t size) {
  switch (array.type) {
    case DK_F64:
      return copy_elements<double>(array, size);
    case DK_C128:
      return copy_elements<std::complex<double>>(array, size);
    case DK_I64:
      return copy_elements<std::int64_t>(array, size);
    case DK_U8:
      return copy_elements<std::uint8_t>(array, size);
    case DK_TEXT_ELEMENT:
      return copy_texts(array, size);
    default:
      throw Error(DK_INVALID_ARGUMENT, fmt::format("array type {} is not known", array.type));
  }
}

// Product of the shape, with every way checked in which a foreign array can lie about its size.
std::int64_t checked_size(const dk_array& array) {
  if (array.rank < 0 || array.rank > DK_MAX_RANK) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("array rank {} is not in [0, {}]", array.rank, int{DK_MAX_RANK}));
  }
  std::int64_t size = 1;
  for (std::int32_t axis = 0; axis < array.rank; ++axis) {
    const std::int64_t extent = array.shape[axis];
    if (extent < 0) throw Error(DK_INVALID_ARGUMENT, fmt::format("array extent {} < 0", extent));
    if (__builtin_mul_overflow(size, extent, &size)) {
      throw Error(DK_TOO_LARGE, "the number of array elements overflows 64 bits");
    }
  }
  if (size > 0 && array.data == nullptr) {
    throw Error(DK_INVALID_ARGUMENT, fmt::format("array of {} elements without data", size));
  }
  return size;
}

}  // namespace

std::int64_t Array::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::string describe(const Array& array) {
  return fmt::format("{} [{}]", element_name(array.values), fmt::join(array.shape, ","));
}

Array to_numbers(const Array& array, const std::string& name) {
  Array result{array.shape, std::vector<double>{}, array.dimensions, array.unit, array.help};
  std::visit(
      [&](const auto& values) {
        using Element = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_arithmetic_v<Element>) {
          result.values = std::vector<double>(values.begin(), values.end());
        } else {
          throw Error(DK_SHAPE_MISMATCH,
                      fmt::format("{}: {} where numbers are expected", name, describe(array)));
        }
      },
      array.values);
  return result;
}

Array copy_array(const dk_array& array) {
  const std::int64_t size = checked_size(array);
  Array copy;
  copy.shape.assign(array.shape, array.shape + array.rank);
  copy.values = copy_values(array, size);
  if (array.dimensions != nullptr) {
    for (std::int32_t axis = 0; axis < array.rank; ++axis) {
      copy.dimensions.emplace_back(array.dimensions[axis] != nullptr ? array.dimensions[axis] : "");
    }
  }
  if (array.unit != nullptr) copy.unit = array.unit;
  if (array.help != nullptr) copy.help = array.help;
  return copy;
}

dk_array view_array(const Array& array, std::vector<const char*>& pointers) {
  if (array.shape.size() > DK_MAX_RANK) {
    throw Error(DK_TOO_LARGE, fmt::format("array rank {} is larger than {}", array.shape.size(),
                                          int{DK_MAX_RANK}));
  }
  dk_array view{};
  view.rank = static_cast<std::int32_t>(array.shape.size());
  std::copy(array.shape.begin(), array.shape.end(), view.shape);
  static constexpr std::int32_t kTypes[] = {DK_F64, DK_C128, DK_I64, DK_U8, DK_TEXT_ELEMENT};
  view.type = kTypes[array.values.index()];

  const auto* texts = std::get_if<std::vector<std::string>>(&array.values);
  pointers.clear();
  for (const std::string& name : array.dimensions) pointers.push_back(name.c_str());
  if (texts != nullptr) {
    for (const std::string& text : *texts) pointers.push_back(text.c_str());
    view.data = pointers.data() + array.dimensions.size();
  } else {
    std::visit([&](const auto& values) { view.data = values.data(); }, array.values);
  }
  view.dimensions = array.dimensions.empty() ? nullptr : pointers.data();
  view.unit = array.unit.empty() ? nullptr : array.unit.c_str();
  view.help = array.help.empty() ? nullptr : array.help.c_str();
  return view;
}

}  // namespace dynkit
