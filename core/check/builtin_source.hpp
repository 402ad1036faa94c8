// What settings and jobs of a checked component may name: small systems, data, arrays of our own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dynkit/core/settings.hpp"
#include "dynkit/core/system.hpp"

namespace dynkit::conformance {

/// What the values of settings are that name something of the checker's.
inline constexpr const char* kBuiltinModel = "builtin";
inline constexpr const char* kBuiltinData = "builtin";
inline constexpr const char* kBuiltinFile = "builtin.txt";

/// A small system, with what is special about it.
struct BuiltinSystem {
  std::string name;  // "a linear map, n = 3, m = 2"
  std::unique_ptr<System> system;
};

/// Systems of every kind, sizes pairwise different: a linear map (n = 3, m = 2), a nonlinear flow
/// (n = 2), a driven flow (n = 4, depends on time), a map of one state, a noisy flow (n = 5).
std::vector<BuiltinSystem> builtin_systems(const dk_host& host);

/// Numbers of rank 1 [n], 2 [4,n] or 3 [2,6,n], as a user would write them.
Config builtin_array(std::int64_t n, int rank);

/// The data of a job: time [6], states [2,6,n], inputs [2,6,m], targets [2,6,2]; m = 0: no inputs.
class BuiltinData {
 public:
  BuiltinData(std::int64_t n, std::int64_t m);
  BuiltinData(const BuiltinData&) = delete;
  BuiltinData& operator=(const BuiltinData&) = delete;
  const dk_data& table() const { return table_; }

 private:
  ArrayMap arrays_;
  dk_data table_{};
};

/// Opens what `required_settings` writes, and arrays in place. Throws Error (DK_SETTINGS) for
/// anything else that is named.
class BuiltinSource : public SettingSource {
 public:
  explicit BuiltinSource(const dk_host& host);
  ~BuiltinSource() override;

  Array array(const Config& value) override;
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string& path) override;
  const dk_system* system(const Config& table) override;
  const dk_data* dataset(const Config& table) override;
  std::optional<std::int64_t> extent(const std::string& block, std::size_t axis) override;

 private:
  const dk_host& host_;
  std::vector<BuiltinSystem> systems_;
  BuiltinData data_;
};

}  // namespace dynkit::conformance
