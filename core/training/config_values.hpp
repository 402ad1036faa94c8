// Values in the tables of a training.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "dynkit/core/config.hpp"
#include "dynkit/core/settings.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {

/// Throws Error (DK_SETTINGS): "training: setting 'beta1': 1 is not below 1".
[[noreturn]] inline void refuse(const std::string& key, const Config& value,
                                const std::string& why) {
  throw Error(DK_SETTINGS, fmt::format("{}training: setting '{}': {} {}", line_prefix(value), key,
                                       to_text(value), why));
}

inline double number_in(const std::string& key, const Config& value) {
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  refuse(key, value, "is not a number");
}

inline double finite_number_in(const std::string& key, const Config& value) {
  const double number = number_in(key, value);
  if (!std::isfinite(number)) refuse(key, value, "is not a finite number");
  return number;
}

/// The value of a key, or nullptr.
inline const Config* find_key(const Config::Table& table, const std::string& key) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace dynkit::training
