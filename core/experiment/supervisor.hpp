#pragma once

#include <functional>
#include <string>

#include "dynkit/core/run.hpp"
#include "messages.hpp"

namespace dynkit {

/// How a worker ended.
struct WorkerOutcome {
  StageStatus status = StageStatus::failed;
  bool reused = false;
  dk_status error = DK_OK;  // of a failed stage
  std::string message;      // why it is not done
  std::vector<StageOutline> outline;
};

/// Passes on what a worker says while it runs.
using MessageHandler = std::function<void(const Message&)>;

/// Runs one stage in a worker process and waits for it. A worker that crashes, or that says nothing
/// for the time limit, is an outcome. When the user asks to stop, the worker is asked to, and after
/// a few seconds ended.
WorkerOutcome supervise(const RunOptions& options, const std::string& stage,
                        const MessageHandler& handler);

/// The same in this process.
WorkerOutcome run_in_process(const RunOptions& options, const std::string& stage,
                             const MessageHandler& handler);

}  // namespace dynkit
