// Reads what a figure's axes refer to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"

namespace dynkit::report {

/// The numbers that an axis stands for.
struct Axis {
  std::vector<double> values;       // C order
  std::vector<std::int64_t> shape;  // of the array, without the dimension that a column was from

  /// Length of the last dimension: of one line where several are stacked.
  std::int64_t row() const { return shape.empty() ? 1 : shape.back(); }
};

/// Labels of points: one of few names each, or a number each where there are too many for a legend.
struct Grouping {
  std::vector<std::string> names;     // numbers ascend, texts come in order of appearance
  std::vector<std::int32_t> indices;  // [count] into names; empty: `numbers` is used
  std::vector<double> numbers;        // [count]
};

/// More distinct numbers than this are shown on a color scale.
inline constexpr std::size_t kMaxNumberedGroups = 12;

/// Reads "name" or "name[column]". Throws Error for an array or column that is not there and for
/// elements that are not numbers; `role` ("x", "length") begins the message.
Axis read_axis(const ArrayMap& arrays, const std::string& reference, const char* role);

/// The same for labels, which may also be text.
Grouping read_grouping(const ArrayMap& arrays, const std::string& reference);

/// True where `reference` is the name or a column of a complex array.
bool is_complex(const ArrayMap& arrays, const std::string& reference);

/// Real and imaginary parts of what `reference` names.
void read_complex(const ArrayMap& arrays, const std::string& reference, Axis& real,
                  Axis& imaginary);

}  // namespace dynkit::report
