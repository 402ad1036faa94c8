#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "csv.hpp"
#include "dynkit/error.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

// Text as a cell. Spreadsheets run cells that begin with one of =+-@ as formulas, also behind a tab
// or line end.
std::string text_cell(std::string_view text, char delimiter) {
  std::string cell;
  if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != text.npos) cell = "'";
  cell += text;
  const bool plain = cell.find_first_of("\"\r\n#") == cell.npos &&
                     cell.find(delimiter) == cell.npos && !cell.starts_with(' ') &&
                     !cell.ends_with(' ');
  if (plain && !cell.empty()) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void check_cells(const std::string& name, const Array& array) {
  const bool is_complex = std::holds_alternative<std::vector<std::complex<double>>>(array.values);
  // No line would tell how many columns there are.
  if (is_complex || (array.size() == 0 && array.shape.size() != 1)) {
    throw Error(DK_UNSUPPORTED, fmt::format("array '{}': a table of text does not hold {}",
                                            printable(name), describe(array)));
  }
}

std::string cell_of(const Array& array, std::size_t index, char delimiter) {
  return std::visit(
      [&](const auto& values) -> std::string {
        using Element = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<Element, std::string>) {
          return text_cell(values[index], delimiter);
        } else if constexpr (std::is_arithmetic_v<Element>) {
          return fmt::format("{}", values[index]);  // the shortest digits that read back the same
        } else {
          return {};  // complex numbers, which check_cells has refused
        }
      },
      array.values);
}

std::string format_columns(const ArrayMap& columns, std::size_t rows, char delimiter) {
  std::string text;
  const auto add_line = [&](const auto& cell) {
    bool first = true;
    for (const auto& [name, array] : columns) {
      if (!first) text += delimiter;
      text += cell(name, array);
      first = false;
    }
    text += '\n';
  };
  add_line([&](const std::string& name, const Array&) { return text_cell(name, delimiter); });
  for (std::size_t row = 0; row < rows; ++row) {
    add_line(
        [&](const std::string&, const Array& array) { return cell_of(array, row, delimiter); });
  }
  return text;
}

std::string format_table(const Array& array, char delimiter) {
  const bool scalar = array.shape.empty();
  const auto rows = scalar ? std::size_t{1} : static_cast<std::size_t>(array.shape[0]);
  const auto width = scalar ? std::size_t{1} : static_cast<std::size_t>(array.shape[1]);
  std::string text;
  for (std::size_t i = 0; i < rows * width; ++i) {
    text += cell_of(array, i, delimiter);
    text += (i + 1) % width == 0 ? '\n' : delimiter;
  }
  return text;
}

}  // namespace

std::string format_csv(const ArrayMap& arrays, char delimiter) {
  if (arrays.empty()) throw Error(DK_UNSUPPORTED, "there is no array to write");
  for (const auto& [name, array] : arrays) check_cells(name, array);
  const Array& first = arrays.begin()->second;
  if (arrays.size() == 1 && (first.shape.empty() || first.shape.size() == 2)) {
    return format_table(first, delimiter);
  }
  for (const auto& [name, array] : arrays) {
    check_name(name);
    if (array.shape.size() != 1 || array.shape != first.shape) {
      throw Error(DK_UNSUPPORTED,
                  fmt::format("a table of text holds one array of rank <= 2 or columns of one "
                              "length; array '{}' is {}, '{}' is {}",
                              printable(arrays.begin()->first), describe(first), printable(name),
                              describe(array)));
    }
  }
  return format_columns(arrays, static_cast<std::size_t>(first.size()), delimiter);
}

}  // namespace dynkit
