#include "common_options.hpp"

#include <CLI/CLI.hpp>

namespace dynkit {

void add_common_options(CLI::App& command, CommonOptions& options) {
  constexpr const char* kGroup = "Every command";
  command.add_flag("--json", options.json, "print JSON on standard output and nothing else")
      ->group(kGroup);
  command.add_flag("--quiet", options.quiet, "print errors only")->group(kGroup);
  command.add_option("--threads", options.threads, "threads (default: one for each core)")
      ->check(CLI::Range(0, 4096))
      ->type_name("N")
      ->group(kGroup);
  command.add_option("--seed", options.seed, "seed of all that is random")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N")
      ->group(kGroup);
}

}  // namespace dynkit
