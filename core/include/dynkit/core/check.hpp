// Conformance: whether a plugin keeps the rules of the SDK's headers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/result.hpp"

namespace dynkit {

/// How a check ended. `skipped`: it does not apply, the message says why.
enum class CheckVerdict { pass, fail, skipped, crashed, timed_out };

/// "pass", "FAIL", "skipped", "CRASHED", "TIMED OUT"
const char* to_text(CheckVerdict verdict);

struct CheckDescription {
  std::string name;
  std::string applies_to;   // "library", "every component", "models and readouts", ...
  std::string description;  // one paragraph
};

/// Every check, in the order in which they run.
std::vector<CheckDescription> list_checks();

struct CheckResult {
  std::string component;  // id; empty: the library itself
  std::string check;
  CheckVerdict verdict = CheckVerdict::fail;
  std::string message;  // one sentence; empty for a pass
  double seconds = -1.0;
};

/// Throws where a figure cannot be drawn from the arrays put with it.
using FigureCheck = std::function<void(const Figure&, const ArrayMap&)>;

struct CheckOptions {
  std::string file;               // the plugin
  std::string program;            // started again as `check-worker` for each check
  std::vector<std::string> only;  // names of checks; empty: all
  std::uint64_t seed = 1;         // of the random test points
  double time_limit = 45.0;       // seconds for each check
  bool in_process = false;        // no child processes, for debuggers: a crash ends the program
  FigureCheck figure_check;       // used in process only
  std::atomic<bool>* cancelled = nullptr;
};

struct CheckReport {
  std::string refused;  // why the file is no plugin for this host; empty: it is one
  std::vector<CheckResult> results;

  /// All that applies has passed.
  bool passed() const;
};

/// Runs every check that applies to the file, each in a child process; a plugin that crashes or
/// hangs is a result. `observer` hears of each result as it comes. Throws Error (DK_SETTINGS) for a
/// name in `only` that is no check, (DK_CANCELLED) when asked to stop.
CheckReport check_plugin(const CheckOptions& options,
                         const std::function<void(const CheckResult&)>& observer);

/// The child's side: runs one check and writes what came out to the file descriptor.
int run_check_worker(const std::string& file, const std::string& component,
                     const std::string& check, std::uint64_t seed, int descriptor,
                     const FigureCheck& figure_check);

}  // namespace dynkit
