#include "common_options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

namespace dynkit {
namespace {

CLI::Validator number_check(const char* rule, bool with_zero) {
  return {[rule, with_zero](std::string& text) -> std::string {
            double value = 0.0;
            const char* end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(text.data(), end, value);
            const bool fits = error == std::errc{} && rest == end && std::isfinite(value) &&
                              (value > 0.0 || (with_zero && value == 0.0));
            return fits ? "" : "'" + text + "' is not " + rule;
          },
          ""};
}

}  // namespace

CLI::Validator positive_number() {
  return number_check("a finite number above 0", false);
}

CLI::Validator number_from_zero() {
  return number_check("a finite number from 0", true);
}

void add_common_options(CLI::App& command, CommonOptions& options) {
  constexpr const char* kGroup = "Every command";
  command.add_flag("--json", options.json, "print JSON on standard output and nothing else")
      ->group(kGroup);
  command.add_flag("--quiet", options.quiet, "print errors only")->group(kGroup);
  command.add_option("--threads", options.threads, "threads (default: one for each core)")
      ->check(CLI::Range(0, 4096))
      ->type_name("N")
      ->group(kGroup);
  const CLI::Validator seed(
      [](std::string& text) -> std::string {
        std::int64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, value);
        const bool fits = error == std::errc{} && rest == end && value >= 0;
        return fits ? "" : "'" + text + "' is not a whole number from 0 to 2^63 - 1";
      },
      "");
  command.add_option("--seed", options.seed, "seed of all that is random")
      ->check(seed)
      ->type_name("N")
      ->group(kGroup);
}

}  // namespace dynkit
