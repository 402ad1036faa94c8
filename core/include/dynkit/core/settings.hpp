#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/job.h"
#include "dynkit/plugin.h"
#include "dynkit/settings.h"

namespace dynkit {

/// Opens what settings name. What it returns must stay valid while the instance lives.
class SettingSource {
 public:
  virtual ~SettingSource() = default;

  /// An array from numbers in place, a file, or `stage/array`.
  virtual Array array(const Config& value) = 0;
  /// The bytes of a file, and its full path.
  virtual std::pair<std::string, std::vector<std::uint8_t>> file(const std::string& path) = 0;
  /// A model with settings of its own.
  virtual const dk_system* system(const Config& table) = 0;
  /// A dataset with settings of its own.
  virtual const dk_data* dataset(const Config& table) = 0;
  /// The extent of a parameter block in the weights that the user gave, if there are any.
  virtual std::optional<std::int64_t> extent(const std::string& block, std::size_t axis) = 0;
};

/// The value of every declared setting of a component, checked and opened.
class ResolvedSettings {
 public:
  dk_values values() const { return {static_cast<std::int64_t>(values_.size()), values_.data()}; }

  /// Every setting that has a value, defaults included, as it would stand in an experiment file.
  const Config::Table& record() const { return record_; }

 private:
  friend ResolvedSettings resolve_settings(const dk_component&, const Config::Table&,
                                           SettingSource&);

  void open(dk_value& value, const Config& chosen, SettingSource& source);
  void hold(dk_value& value, Array array);

  std::vector<dk_value> values_;
  Config::Table record_;
  // What the values point to. A deque does not move its elements.
  std::deque<std::string> texts_;
  std::deque<Array> arrays_;
};

/// The default of a setting as a value. `setting.initial` must not be NULL.
Config parse_default(const dk_setting& setting);

/// Throws Error (DK_SETTINGS) if the value breaks the setting's type, bounds or choices.
void check_setting(const dk_setting& setting, const Config& value);

/// Fills in defaults and sizes, checks, and opens what is named. Throws Error (DK_SETTINGS) for an
/// unknown key (with the nearest known one), a missing required setting, or a value that is
/// refused; the message begins with the line where that is known.
ResolvedSettings resolve_settings(const dk_component& component, const Config::Table& given,
                                  SettingSource& source);

/// The part of resolve_settings that opens nothing: every setting that has a value, checked for
/// name, type, bounds and choices.
Config::Table checked_settings(const dk_component& component, const Config::Table& given);

/// "line 7: " or nothing.
std::string line_prefix(const Config& config);

}  // namespace dynkit
