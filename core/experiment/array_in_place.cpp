#include "array_in_place.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "dynkit/core/settings.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

double number_in(const Config& value) {
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  throw Error(DK_SETTINGS, fmt::format("{}{} stands where a number is expected", line_prefix(value),
                                       to_text(value)));
}

// The shape of nested lists, judged by the first list at each depth.
std::vector<std::int64_t> shape_of_lists(const Config& value) {
  std::vector<std::int64_t> shape;
  const Config* at = &value;
  while (at->is_list()) {
    shape.push_back(static_cast<std::int64_t>(at->list().size()));
    if (at->list().empty()) break;
    at = &at->list().front();
  }
  return shape;
}

// Appends the elements in C order; every list at one depth must have the length that `shape` says.
void append_numbers(const Config& value, const std::vector<std::int64_t>& shape, std::size_t depth,
                    std::vector<double>& numbers) {
  const bool fits =
      value.is_list()
          ? depth < shape.size() && static_cast<std::int64_t>(value.list().size()) == shape[depth]
          : depth == shape.size();
  if (!fits) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("{}the lists do not form an array: they differ in "
                                               "length or depth",
                                               line_prefix(value)));
  }
  if (!value.is_list()) {
    numbers.push_back(number_in(value));
    return;
  }
  for (const Config& item : value.list()) append_numbers(item, shape, depth + 1, numbers);
}

}  // namespace

Array array_in_place(const Config& value) {
  std::vector<double> numbers;
  auto shape = shape_of_lists(value);
  append_numbers(value, shape, 0, numbers);
  return {std::move(shape), std::move(numbers), {}, {}, {}};
}

}  // namespace dynkit
