#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dynkit/host.h"

namespace dynkit {

/// What the embedding program gives to its plugins. The callbacks may be called from any thread,
/// one call at a time; they must not call back into log or progress, and what they throw is
/// dropped.
struct ServicesOptions {
  std::int32_t threads = 0;                          // 0: one for each core
  std::size_t memory_budget = 0;                     // bytes; 0: no limit
  std::chrono::milliseconds progress_interval{100};  // progress is passed on no more often

  /// Set by whoever asks everything to stop, such as a signal handler; nullptr: a flag of its own.
  std::atomic<bool>* cancelled = nullptr;

  /// Level DK_LOG_DEBUG..DK_LOG_ERROR and one line of text without control characters.
  std::function<void(std::int32_t level, std::string_view text)> log;

  /// Fraction in [0,1], or -1: unknown.
  std::function<void(double fraction, std::string_view text)> progress;
};

/// The services of one run: threads, memory, messages, cancellation. Everything may be called from
/// any thread. Plugins reach it through the `HostTable` of their library.
class Services {
 public:
  explicit Services(ServicesOptions options = {});
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  void log(std::int32_t level, std::string_view text);
  void progress(double fraction, std::string_view text);

  /// Set it to ask everything to stop. It is lock-free, so a signal handler may.
  std::atomic<bool>& cancel_flag() { return *cancelled_; }
  bool cancelled() const { return cancelled_->load(std::memory_order_relaxed); }

  std::int32_t worker_count() const;

  /// As dk_host.parallel_for, see dynkit/host.h.
  dk_status parallel_for(std::int64_t count, std::int64_t grain, dk_task task, void* context,
                         dk_error* error);

  /// 64-byte aligned memory that counts, with its alignment and one block of 64 bytes, against the
  /// budget; nullptr: the budget is used up.
  void* allocate(std::size_t bytes) noexcept;
  void free(void* memory) noexcept;
  std::size_t memory_in_use() const { return memory_in_use_.load(); }
  std::size_t memory_peak() const { return memory_peak_.load(); }

 private:
  struct Parts;

  std::unique_ptr<Parts> parts_;
  std::atomic<bool> own_flag_{false};
  std::atomic<bool>* cancelled_;
  std::atomic<std::size_t> memory_in_use_{0}, memory_peak_{0};
};

/// The dk_host of one library: the services, and the folder the library lies in. Both must outlive
/// every instance that was created with it.
class HostTable {
 public:
  HostTable(Services& services, std::string resource_directory);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  const dk_host& table() const { return table_; }
  Services& services() const { return services_; }
  const std::string& resource_directory() const { return resource_directory_; }

 private:
  Services& services_;
  std::string resource_directory_;
  dk_host table_;
};

}  // namespace dynkit
