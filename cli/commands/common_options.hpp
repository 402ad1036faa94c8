#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace dynkit {

/// Options that every command takes, so that a script can pass the same ones everywhere.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
  int threads = 0;                   // 0: one for each core
  std::optional<std::int64_t> seed;  // nothing: the experiment's, or the command's own
};

/// Checks of option values whose messages name the rule.
CLI::Validator positive_number();
CLI::Validator number_from_zero();

void add_common_options(CLI::App& command, CommonOptions& options);

}  // namespace dynkit
