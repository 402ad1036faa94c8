// Settings for authors in C++: declare them in an array, read them by name.
//
//   static constexpr dk_setting kSettings[] = {
//       integer_setting("n", "64", 1, 4096, "number of units", DK_CHANGES_SIZES),
//       number_setting("alpha", "1", 0, 1, "leak: share of the new value in a step"),
//   };
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/settings.h"

namespace dynkit {

inline constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// `initial` nullptr: required, or optional with DK_OPTIONAL in `flags`.
constexpr dk_setting number_setting(const char* name, const char* initial, double lower,
                                    double upper, const char* help, std::uint32_t flags = 0,
                                    const char* unit = nullptr) {
  return {name, DK_NUMBER, flags, initial, lower, upper, nullptr, unit, help, nullptr};
}

constexpr dk_setting integer_setting(const char* name, const char* initial, double lower,
                                     double upper, const char* help, std::uint32_t flags = 0,
                                     const char* size_from = nullptr) {
  return {name, DK_INTEGER, flags, initial, lower, upper, nullptr, nullptr, help, size_from};
}

constexpr dk_setting boolean_setting(const char* name, const char* initial, const char* help,
                                     std::uint32_t flags = 0) {
  return {name,       DK_BOOLEAN, flags,   initial, -kUnbounded,
          kUnbounded, nullptr,    nullptr, help,    nullptr};
}

/// `choices` ends with nullptr.
constexpr dk_setting text_setting(const char* name, const char* initial, const char* const* choices,
                                  const char* help, std::uint32_t flags = 0) {
  return {name, DK_TEXT, flags, initial, -kUnbounded, kUnbounded, choices, nullptr, help, nullptr};
}

constexpr dk_setting numbers_setting(const char* name, const char* initial, double lower,
                                     double upper, const char* help, std::uint32_t flags = 0) {
  return {name, DK_NUMBERS, flags, initial, lower, upper, nullptr, nullptr, help, nullptr};
}

constexpr dk_setting array_setting(const char* name, const char* help, std::uint32_t flags = 0) {
  return {name, DK_ARRAY, flags, nullptr, -kUnbounded, kUnbounded, nullptr, nullptr, help, nullptr};
}

constexpr dk_setting model_setting(const char* name, const char* help, std::uint32_t flags = 0) {
  return {name, DK_MODEL, flags, nullptr, -kUnbounded, kUnbounded, nullptr, nullptr, help, nullptr};
}

constexpr dk_setting dataset_setting(const char* name, const char* help, std::uint32_t flags = 0) {
  return {name,       DK_DATASET, flags,   nullptr, -kUnbounded,
          kUnbounded, nullptr,    nullptr, help,    nullptr};
}

/// An array of numbers that was given, or none.
struct NumberArray {
  bool given = false;
  std::vector<std::int64_t> shape;
  std::vector<double> values;  // in C order
};

/// "[5,2]", for messages.
inline std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape)
    text += (text.empty() ? "" : ",") + std::to_string(extent);
  return "[" + text + "]";
}

/// The values that `create` received, by name. Types and bounds were checked by the host.
class Settings {
 public:
  Settings(std::span<const dk_setting> declared, const dk_values& values)
      : declared_(declared), values_(values) {
    if (values.count != static_cast<std::int64_t>(declared.size())) {
      throw Error(DK_INVALID_ARGUMENT, "create received " + std::to_string(values.count) +
                                           " settings, " + std::to_string(declared.size()) +
                                           " are declared");
    }
  }

  double number(std::string_view name) const { return find(name).number; }
  std::int64_t integer(std::string_view name) const { return find(name).integer; }
  bool boolean(std::string_view name) const { return find(name).integer != 0; }
  std::string_view text(std::string_view name) const { return find(name).text; }
  bool given(std::string_view name) const { return find(name).given != 0; }
  const dk_value& value(std::string_view name) const { return find(name); }

  /// A list or an array of numbers, kept beyond `create`; without elements where it is left out.
  NumberArray array(std::string_view name) const;

  /// The same. Throws Error (DK_SETTINGS) if an element is not finite.
  NumberArray finite_array(std::string_view name) const;

  /// The elements of a list or an array of numbers, in C order.
  std::span<const double> numbers(std::string_view name) const {
    const dk_array& array = find(name).array;
    std::int64_t size = 1;
    for (std::int32_t axis = 0; axis < array.rank; ++axis) size *= array.shape[axis];
    return {static_cast<const double*>(array.data), static_cast<std::size_t>(size)};
  }

 private:
  const dk_value& find(std::string_view name) const {
    for (std::size_t i = 0; i < declared_.size(); ++i) {
      if (name == declared_[i].name) return values_.values[i];
    }
    throw Error(DK_INTERNAL, "setting '" + std::string(name) + "' is not declared");
  }

  std::span<const dk_setting> declared_;
  dk_values values_;
};

inline NumberArray Settings::array(std::string_view name) const {
  NumberArray kept;
  kept.given = given(name);
  if (!kept.given) return kept;
  const dk_array& array = value(name).array;
  kept.shape.assign(array.shape, array.shape + array.rank);
  const std::span<const double> elements = numbers(name);
  kept.values.assign(elements.begin(), elements.end());
  return kept;
}

inline NumberArray Settings::finite_array(std::string_view name) const {
  NumberArray kept = array(name);
  const auto stray = std::find_if_not(kept.values.begin(), kept.values.end(),
                                      [](double element) { return std::isfinite(element); });
  if (stray != kept.values.end()) {
    throw Error(DK_SETTINGS, "setting '" + std::string(name) + "': element " +
                                 std::to_string(stray - kept.values.begin()) + " is " +
                                 std::to_string(*stray) + ", not a finite number");
  }
  return kept;
}

/// A number that must be > 0. Throws Error (DK_SETTINGS).
inline double positive_number(const Settings& settings, std::string_view name) {
  const double value = settings.number(name);
  if (!(value > 0.0)) {
    throw Error(DK_SETTINGS,
                "setting '" + std::string(name) + "': " + std::to_string(value) + " is not > 0");
  }
  return value;
}

/// A list of whole numbers: widths of layers. Throws Error (DK_SETTINGS).
inline std::vector<std::int64_t> unit_counts(const Settings& settings, std::string_view name) {
  std::vector<std::int64_t> counts;
  for (const double count : settings.numbers(name)) {
    if (count != std::floor(count)) {
      throw Error(DK_SETTINGS, "setting '" + std::string(name) + "': " + std::to_string(count) +
                                   " is not a whole number");
    }
    counts.push_back(static_cast<std::int64_t>(count));
  }
  return counts;
}

}  // namespace dynkit
