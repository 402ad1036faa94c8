#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/core/result.hpp"

namespace dynkit {

/// What a run is asked to do.
struct RunOptions {
  std::string experiment;                   // path of the experiment file
  std::string text;                         // or, with no path, the experiment itself: its relative
                                            // paths start in the current folder
  std::vector<std::string> assignments;     // "key=value", applied in order
  std::string folder;                       // the run folder
  bool resume = false;                      // go on in a folder that holds this experiment's run
  bool in_process = false;                  // run stages in this process, for debuggers
  int threads = 0;                          // 0: one for each core
  double time_limit = 0.0;                  // seconds for each stage; 0: none
  std::vector<std::string> plugin_folders;  // the search path
  std::string program;                      // the dynkit program, which is started again as worker
  std::atomic<bool>* cancelled = nullptr;   // set when the user asks to stop; nullptr: never
};

/// Watches a run. Called from the thread that runs it.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void stage_started(const std::string& stage) = 0;
  /// fraction in [0,1], or < 0: not known.
  virtual void progress(const std::string& stage, double fraction, const std::string& text) = 0;
  virtual void log(int level, const std::string& text) = 0;
  /// `reused`: the result was there already and nothing that it depends on has changed.
  virtual void stage_ended(const StageResult& result, bool reused) = 0;
};

/// How a run ended. Exit codes: 0 done, 1 a stage failed, 2 settings, 3 plugin refused, 4 input or
/// output, 5 a plugin crashed or hung, 130 interrupted.
struct RunOutcome {
  int exit_code = 0;
  std::string message;              // why it is not 0
  std::vector<StageResult> stages;  // in the order they ran
  std::string report;               // path of report.html
  std::string json;                 // run.json: what ran, and the summary of each stage
};

/// Runs an experiment, each stage in a worker process. Whatever happens to a stage, what was done
/// before stays, and the folder is a valid run. Throws Error for what is refused before anything
/// ran: the experiment, the folder (it exists, holds the run of another experiment or of other
/// assignments, or another process works in it).
RunOutcome run_experiment(const RunOptions& options, RunObserver& observer);

/// The stages with all settings resolved, one "name = value" a line, without running anything.
std::string describe_experiment(const RunOptions& options);

/// The worker's side: runs `stage` of the run in `folder`, sends messages to the file descriptor.
/// Returns the exit code of the worker process.
int run_worker(const std::string& folder, const std::string& stage, int message_descriptor,
               std::atomic<bool>& cancelled);

/// Renders report.html anew from what a run folder holds; returns its path.
std::string write_report(const std::string& folder);

/// The exit code for an Error that ends a command.
int exit_code_of(dk_status status);

}  // namespace dynkit
