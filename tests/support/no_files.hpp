// Settings that name nothing to be opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/settings.hpp"
#include "dynkit/error.hpp"

namespace dynkit::testing {

/// Refuses every array, file, model and dataset, and knows no sizes.
class NoFiles : public SettingSource {
 public:
  Array array(const Config&) override { throw Error(DK_SETTINGS, "no array"); }
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string&) override {
    throw Error(DK_SETTINGS, "no file");
  }
  const dk_system* system(const Config&) override { throw Error(DK_SETTINGS, "no model"); }
  const dk_data* dataset(const Config&) override { throw Error(DK_SETTINGS, "no dataset"); }
  std::optional<std::int64_t> extent(const std::string&, std::size_t) override { return {}; }
};

}  // namespace dynkit::testing
