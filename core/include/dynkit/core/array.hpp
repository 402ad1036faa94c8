#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "dynkit/abi.h"

namespace dynkit {

/// A dense array in C order with named dimensions, and what it means.
///
/// The element type is the alternative that `values` holds. Rank 0 (an empty shape) is a scalar
/// with one element.
struct Array {
  using Values =
      std::variant<std::vector<double>, std::vector<std::complex<double>>,
                   std::vector<std::int64_t>, std::vector<std::uint8_t>, std::vector<std::string>>;

  std::vector<std::int64_t> shape;
  Values values = std::vector<double>{};
  std::vector<std::string> dimensions;  // one for each axis, or empty: unnamed
  std::string unit;                     // empty: none
  std::string help;                     // one line, or empty

  /// Product of the shape: 1 for a scalar.
  std::int64_t size() const;

  const std::vector<double>& numbers() const { return std::get<std::vector<double>>(values); }
  std::vector<double>& numbers() { return std::get<std::vector<double>>(values); }
};

/// Arrays by name; a name may hold groups, "search/x".
using ArrayMap = std::map<std::string, Array>;

/// "float64 [1024,64]", for messages and listings.
std::string describe(const Array& array);

/// The same elements as doubles. Throws Error (DK_SHAPE_MISMATCH) for text and complex elements,
/// with `name` in the message.
Array to_numbers(const Array& array, const std::string& name);

/// Copies what crosses the plugin boundary, and back. A view points into `array` (and, for text and
/// dimension names, into `pointers`) and lives as long as both.
Array copy_array(const dk_array& array);
dk_array view_array(const Array& array, std::vector<const char*>& pointers);

}  // namespace dynkit
