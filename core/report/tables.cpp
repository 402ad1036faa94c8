#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "clean.hpp"
#include "dynkit/core/report.hpp"
#include "dynkit/error.hpp"
#include "figures.hpp"

namespace dynkit::report {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxTableCells = 50'000;
constexpr std::int64_t kLargestExact = 9'007'199'254'740'991;  // 2^53 - 1: a script's whole numbers

const char* type_name(const Array::Values& values) {
  static constexpr const char* kNames[] = {"number", "complex", "integer", "integer", "text"};
  return kNames[values.index()];
}

// JSON has no infinities: they are texts, and NaN is null.
json make_cell(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return std::isnan(value) ? json(nullptr) : json(value);
}
json make_cell(std::int64_t value) {
  if (value > kLargestExact || value < -kLargestExact) return std::to_string(value);
  return value;
}
json make_cell(std::uint8_t value) {
  return value;
}
json make_cell(const std::complex<double>& value) {
  return json::array({make_cell(value.real()), make_cell(value.imag())});
}
json make_cell(const std::string& value) {
  return clean(value);
}

json make_cells(const Array& array, std::size_t count) {
  json cells = json::array();
  std::visit(
      [&](const auto& values) {
        for (std::size_t i = 0; i < std::min(count, values.size()); ++i) {
          cells.push_back(make_cell(values[i]));
        }
      },
      array.values);
  return cells;
}

}  // namespace

json make_table(const Table& table) {
  check_table(table);
  const std::int64_t rows = table.columns.empty() ? 0 : table.columns.front().values.size();
  const auto width = static_cast<std::int64_t>(std::max<std::size_t>(table.columns.size(), 1));
  const std::int64_t shown = std::min(rows, std::max<std::int64_t>(kMaxTableCells / width, 1));
  json columns = json::array();
  for (const Column& column : table.columns) {
    columns.push_back({{"name", clean(column.name)},
                       {"unit", clean(column.values.unit)},
                       {"help", clean(column.values.help)},
                       {"type", type_name(column.values.values)},
                       {"values", make_cells(column.values, static_cast<std::size_t>(shown))}});
  }
  return {{"name", clean(table.name)},
          {"title", clean(table.title)},
          {"total", rows},
          {"columns", std::move(columns)}};
}

json make_value(const std::string& name, const Array& array) {
  const json cells = make_cells(array, 1);
  return {{"name", clean(name)},
          {"type", type_name(array.values)},
          {"value", cells.empty() ? json(nullptr) : cells.front()},
          {"unit", clean(array.unit)},
          {"help", clean(array.help)}};
}

}  // namespace dynkit::report

namespace dynkit {

void check_table(const Table& table) {
  for (const Column& column : table.columns) {
    if (column.values.shape.size() != 1) {
      throw Error(DK_SHAPE_MISMATCH, fmt::format("table '{}', column '{}': is {}, not of rank 1",
                                                 table.name, column.name, describe(column.values)));
    }
    const std::int64_t rows = table.columns.front().values.size();
    if (column.values.size() != rows) {
      throw Error(DK_SHAPE_MISMATCH,
                  fmt::format("table '{}', column '{}': has {} rows where the first has {}",
                              table.name, column.name, column.values.size(), rows));
    }
  }
}

}  // namespace dynkit
