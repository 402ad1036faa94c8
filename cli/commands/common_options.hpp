#pragma once

#include <cstdint>
#include <optional>

namespace CLI {
class App;
}

namespace dynkit {

/// Options that every command takes, so that a script can pass the same ones everywhere.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
  int threads = 0;                   // 0: one for each core
  std::optional<std::int64_t> seed;  // nothing: the experiment's, or the command's own
};

void add_common_options(CLI::App& command, CommonOptions& options);

}  // namespace dynkit
