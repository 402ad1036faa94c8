// What a user is told where a command refuses to do what it was asked for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/command.hpp"

namespace dynkit::test {

inline bool says(const CommandResult& result, const std::string& text) {
  return result.errors.find(text) != std::string::npos;
}

/// The exit code, and on standard error one line that holds `text`.
inline testing::AssertionResult fails(const CommandResult& result, int exit_code,
                                      const std::string& text) {
  const auto lines = std::count(result.errors.begin(), result.errors.end(), '\n');
  if (result.exit_code == exit_code && lines == 1 && result.errors.starts_with("dynkit: error: ") &&
      says(result, text)) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << "instead of code " << exit_code << " and '" << text << "': code " << result.exit_code
         << " and '" << result.errors << "'";
}

/// The same, before anything was done: there is nothing on standard output.
inline testing::AssertionResult is_refused(const CommandResult& result, int exit_code,
                                           const std::string& text) {
  if (result.output.empty()) return fails(result, exit_code, text);
  return testing::AssertionFailure()
         << "instead of a refusal '" << text << "': '" << result.output << "'";
}

}  // namespace dynkit::test
