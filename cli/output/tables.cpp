#include "tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "dynkit/core/config.hpp"

namespace dynkit {
namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";  // never "-nan"
  const double size = std::abs(value);
  if (value == std::round(value) && size < 1e6) return fmt::format("{:.0f}", value);
  return size >= 1e-3 && size < 1e6 ? fmt::format("{:.4g}", value) : fmt::format("{:.2e}", value);
}

struct CellText {
  std::size_t i;
  std::string operator()(const std::vector<double>& values) const { return number_text(values[i]); }
  std::string operator()(const std::vector<std::complex<double>>& values) const {
    return fmt::format("{}{:+.4g}i", number_text(values[i].real()), values[i].imag());
  }
  std::string operator()(const std::vector<std::string>& values) const {
    return printable(values[i]);
  }
  template <class Integers>
  std::string operator()(const Integers& values) const {
    return std::to_string(values[i]);
  }
};

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

}  // namespace

std::string format_columns(const std::vector<std::string>& header,
                           const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t c = 0; c < header.size(); ++c) {
    std::size_t width = header[c].size();
    bool numbers = !rows.empty();
    for (const auto& row : rows) {
      width = std::max(width, row[c].size());
      numbers = numbers && is_number(row[c]);
    }
    widths.push_back(width);
    right.push_back(numbers);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      text += "  ";
      text += right[c] ? fmt::format("{:>{}}", cells[c], widths[c])
                       : fmt::format("{:<{}}", cells[c], widths[c]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = line(header);
  for (const auto& row : rows) text += line(row);
  return text;
}

std::string format_table(const Table& table, std::size_t most_rows, int width) {
  if (table.columns.empty()) return {};
  const auto count = static_cast<std::size_t>(table.columns.front().values.size());
  const std::size_t shown = std::min(count, most_rows);
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows(shown);
  std::size_t used = 0, left_out = 0;
  for (const Column& column : table.columns) {
    std::vector<std::string> cells;
    std::size_t widest = column.name.size();
    for (std::size_t i = 0; i < shown; ++i) {
      cells.push_back(std::visit(CellText{i}, column.values.values));
      widest = std::max(widest, cells.back().size());
    }
    if (used + widest + 2 > static_cast<std::size_t>(width)) {
      ++left_out;
      continue;
    }
    used += widest + 2;
    header.push_back(column.name);
    for (std::size_t i = 0; i < shown; ++i) rows[i].push_back(std::move(cells[i]));
  }
  std::string text = printable(table.title) + "\n" + format_columns(header, rows);
  if (count > shown) text += fmt::format("  ... and {} more rows\n", count - shown);
  if (left_out > 0) text += fmt::format("  ({} more columns in the report)\n", left_out);
  return text;
}

std::string format_summary(const StageResult& result, int width) {
  std::string text, line;
  for (const std::string& name : result.values) {
    const std::string value = std::visit(CellText{0}, result.arrays.at(name).values);
    const std::string item = fmt::format("{} {}", name, value);
    if (line.size() + item.size() + 3 > static_cast<std::size_t>(width) && !line.empty()) {
      text += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "  " : "   ") + item;
  }
  return line.empty() ? text : text + line + "\n";
}

}  // namespace dynkit
