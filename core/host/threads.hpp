#pragma once

#include <cstdint>
#include <memory>

#include "dynkit/host.h"

namespace dynkit {

/// A fixed number of threads for `dk_host.parallel_for`.
///
/// Each thread that works for the pool holds one worker index in [0, worker_count()) as long as it
/// does, and no two threads hold the same one at a time, also when several loops run at once: a
/// buffer for each worker is private. A loop inside a loop runs inline under the index of its
/// thread.
///
/// Chunks are handed out in increasing order, and what was handed out is finished. So the failing
/// chunk with the lowest index always runs, and its error is the one reported: a failing loop fails
/// the same way whatever the number of threads.
class ThreadPool {
 public:
  explicit ThreadPool(std::int32_t workers);
  ~ThreadPool();

  std::int32_t worker_count() const { return workers_; }

  /// Runs `task` on [0, count) in chunks of `grain`; returns when every started chunk is done.
  dk_status run(std::int64_t count, std::int64_t grain, dk_task task, void* context,
                dk_error* error);

 private:
  class Backend;

  std::int32_t workers_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace dynkit
