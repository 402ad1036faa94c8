#pragma once

#include <atomic>

namespace dynkit {

/// What a second Ctrl-C, or SIGTERM, does. One that follows the first within half a second is the
/// same wish, come twice: `timeout` and a batch system signal a process and its group.
enum class SecondSignal {
  ends,       // the process, at once
  is_no_news  // for a worker, which its supervisor ends
};

/// From now on the first Ctrl-C or SIGTERM sets the flag that is returned. To be called again for
/// another behavior; the flag is the same.
std::atomic<bool>& watch_signals(SecondSignal second);

}  // namespace dynkit
