// parallel_for: the chunks of a loop and its errors, on one of two backends. oneTBB is the usual
// one; plain threads serve ThreadSanitizer, which sees false races in a oneTBB that was not built
// for it.
#include "threads.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>

#include "dynkit/error.hpp"

#if DYNKIT_USE_TBB
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <optional>
#else
#include <condition_variable>
#include <deque>
#include <thread>
#include <vector>
#endif

namespace dynkit {
namespace {

// The pools that this thread works for at the moment, innermost first: tells a nested loop.
struct Membership {
  const ThreadPool* pool;
  std::int32_t worker;
  const Membership* outer;
};

thread_local const Membership* current_membership = nullptr;

class ScopedMembership {
 public:
  ScopedMembership(const ThreadPool* pool, std::int32_t worker)
      : membership_{pool, worker, current_membership} {
    current_membership = &membership_;
  }
  ~ScopedMembership() { current_membership = membership_.outer; }
  ScopedMembership(const ScopedMembership&) = delete;
  ScopedMembership& operator=(const ScopedMembership&) = delete;

 private:
  Membership membership_;
};

const Membership* membership_in(const ThreadPool* pool) {
  const Membership* membership = current_membership;
  while (membership != nullptr && membership->pool != pool) membership = membership->outer;
  return membership;
}

// One loop: hands out its chunks and keeps its error.
class Loop {
 public:
  Loop(std::int64_t count, std::int64_t grain, dk_task task, void* context)
      : count_(count), grain_(grain), task_(task), context_(context) {}

  std::int64_t chunk_count() const { return count_ / grain_ + (count_ % grain_ != 0 ? 1 : 0); }
  bool has_chunks_left() const { return next_.load() < chunk_count(); }

  // Takes chunks until none is left.
  void work(std::int32_t worker) {
    for (std::int64_t chunk; (chunk = next_.fetch_add(1)) < chunk_count();) {
      const std::int64_t begin = chunk * grain_;
      const std::int64_t end = begin + std::min(grain_, count_ - begin);
      dk_error error{};
      const dk_status status =
          guard(&error, [&] { return task_(context_, begin, end, worker, &error); });
      if (status != DK_OK) fail(chunk, status, error);
    }
  }

  dk_status finish(dk_error* error) const {
    return status_ == DK_OK ? DK_OK : set_error(error, status_, error_.message);
  }

 private:
  void fail(std::int64_t chunk, dk_status status, const dk_error& error) {
    next_.store(chunk_count());
    const std::lock_guard lock(mutex_);
    if (status_ != DK_OK && failed_chunk_ < chunk) return;
    failed_chunk_ = chunk;
    status_ = status;
    error_ = error;
    error_.message[sizeof(error_.message) - 1] = '\0';
  }

  const std::int64_t count_, grain_;
  const dk_task task_;
  void* const context_;
  std::atomic<std::int64_t> next_{0};

  std::mutex mutex_;
  std::int64_t failed_chunk_ = -1;
  dk_status status_ = DK_OK;
  dk_error error_{};
};

}  // namespace

#if DYNKIT_USE_TBB

// An arena of the pool's own. Its slots are the worker indices; one is kept for the thread that
// calls, and a second caller at the same time joins as a worker or waits for a slot.
class ThreadPool::Backend {
 public:
  explicit Backend(const ThreadPool& pool) : pool_(pool), arena_(pool.worker_count(), 1) {
    // oneTBB starts no more threads than there are cores unless it is told to.
    if (pool.worker_count() > tbb::info::default_concurrency()) {
      limit_.emplace(tbb::global_control::max_allowed_parallelism,
                     static_cast<std::size_t>(pool.worker_count()));
    }
  }

  void run(Loop& loop) {
    const std::int64_t runners = std::min<std::int64_t>(pool_.worker_count(), loop.chunk_count());
    arena_.execute([&] {
      tbb::parallel_for(
          std::int64_t{0}, runners, std::int64_t{1},
          [&](std::int64_t) {
            const std::int32_t worker = tbb::this_task_arena::current_thread_index();
            const ScopedMembership membership(&pool_, worker);
            loop.work(worker);
          },
          tbb::simple_partitioner());
    });
  }

 private:
  const ThreadPool& pool_;
  std::optional<tbb::global_control> limit_;
  tbb::task_arena arena_;
};

#else

// Workers 1.. are threads of the pool, worker 0 is the thread that calls. A second caller at the
// same time waits until index 0 is free or the pool has done its loop.
class ThreadPool::Backend {
 public:
  explicit Backend(const ThreadPool& pool) : pool_(pool) {
    for (std::int32_t worker = 1; worker < pool.worker_count(); ++worker) {
      threads_.emplace_back([this, worker] { serve(worker); });
    }
  }

  ~Backend() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_arrived_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void run(Loop& loop) {
    Entry entry{&loop, 0};
    std::unique_lock lock(mutex_);
    entries_.push_back(&entry);
    work_arrived_.notify_all();
    const auto done = [&] { return entry.active == 0 && !loop.has_chunks_left(); };
    something_ended_.wait(lock, [&] { return !caller_working_ || done(); });
    if (!done()) {
      caller_working_ = true;
      work_on(entry, 0, lock);
      caller_working_ = false;
      something_ended_.notify_all();
    }
    something_ended_.wait(lock, done);
    std::erase(entries_, &entry);
  }

 private:
  // A loop and how many threads are at it.
  struct Entry {
    Loop* loop;
    std::int32_t active;
  };

  void serve(std::int32_t worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
      auto entry = entries_.end();
      work_arrived_.wait(lock, [&] {
        entry = std::find_if(entries_.begin(), entries_.end(),
                             [](const Entry* e) { return e->loop->has_chunks_left(); });
        return stopping_ || entry != entries_.end();
      });
      if (stopping_) return;
      work_on(**entry, worker, lock);
    }
  }

  void work_on(Entry& entry, std::int32_t worker, std::unique_lock<std::mutex>& lock) {
    ++entry.active;
    lock.unlock();
    {
      const ScopedMembership membership(&pool_, worker);
      entry.loop->work(worker);
    }
    lock.lock();
    if (--entry.active == 0) something_ended_.notify_all();
  }

  const ThreadPool& pool_;
  std::mutex mutex_;
  std::condition_variable work_arrived_, something_ended_;
  std::deque<Entry*> entries_;
  bool caller_working_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

#endif

ThreadPool::ThreadPool(std::int32_t workers) : workers_(workers) {
  if (workers < 1) {
    throw Error(DK_INVALID_ARGUMENT, "number of threads " + std::to_string(workers) + " < 1");
  }
  backend_ = std::make_unique<Backend>(*this);
}

ThreadPool::~ThreadPool() = default;

dk_status ThreadPool::run(std::int64_t count, std::int64_t grain, dk_task task, void* context,
                          dk_error* error) {
  return guard(error, [&] {
    if (count < 0 || grain < 1 || task == nullptr) {
      throw Error(DK_INVALID_ARGUMENT, "parallel_for: count " + std::to_string(count) + ", grain " +
                                           std::to_string(grain) +
                                           "; rule: count >= 0, grain >= 1 and a task");
    }
    Loop loop(count, grain, task, context);
    if (const Membership* membership = membership_in(this)) {
      loop.work(membership->worker);
    } else if (count > 0) {
      backend_->run(loop);
    }
    return loop.finish(error);
  });
}

}  // namespace dynkit
