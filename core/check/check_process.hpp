// One check in a process of its own.
#pragma once

#include "worker.hpp"

namespace dynkit::conformance {

/// Starts `program check-worker` for one check and waits for it, at most the time limit. Whatever
/// becomes of the process is a verdict. Throws Error (DK_INTERNAL) if it cannot be started,
/// (DK_CANCELLED) when asked to stop.
Report run_in_child(const CheckOptions& options, const std::string& component,
                    const std::string& name);

}  // namespace dynkit::conformance
