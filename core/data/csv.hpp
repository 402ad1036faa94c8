#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"

namespace dynkit {

/// A table of numbers read from text.
struct CsvTable {
  Array table;                       // [rows, columns] float64
  std::vector<std::string> columns;  // names, or empty if there is no line of them
};

/// Reads a table. The delimiter (comma, semicolon, tab, or blanks) is the one that cuts the first
/// lines into equally many cells. Lines that are empty or begin with # are passed over; cells may
/// be quoted with ", doubled inside. The first line is a line of names if none of its cells
/// is a number. Empty cells and NA are NaN. A `/` in a name becomes `_`, and a name that an array
/// cannot have becomes "column3". Throws Error (DK_IO) with the line: cells that are not numbers or
/// overflow, a first line of numbers and words, lines of unequal length, an open quote;
/// (DK_TOO_LARGE): more than 2^20 cells in a line, or too many in all.
CsvTable parse_csv(std::span<const std::byte> bytes);

/// Arrays of rank 1 and equal length as columns under their names; or a single array of rank 0 or 2
/// without names. Numbers are written so that reading gives the same bits; text that begins a
/// formula (= + - @) gets a leading '. Throws Error (DK_UNSUPPORTED) for other shapes, a
/// table without elements and complex numbers.
std::string format_csv(const ArrayMap& arrays, char delimiter);

}  // namespace dynkit
