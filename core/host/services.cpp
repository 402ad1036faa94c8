#include "dynkit/core/services.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <new>
#include <span>
#include <thread>
#include <utility>

#include "dynkit/core/random.hpp"
#include "dynkit/error.hpp"
#include "threads.hpp"

namespace dynkit {
namespace {

constexpr std::size_t kAlignment = 64;

// Stands in the 64 bytes before each block.
struct BlockHeader {
  std::size_t total;  // bytes, with the header
};
static_assert(sizeof(BlockHeader) <= kAlignment);

using Clock = std::chrono::steady_clock;

// Text from a plugin is data: a terminal must not act on it, and a line of a log is one line.
// Replaces ASCII control characters and U+0080..U+009F by spaces.
std::string without_controls(std::string_view text) {
  std::string clean(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    if (byte < 0x20 || byte == 0x7F) clean[i] = ' ';
    if (byte == 0xC2 && i + 1 < clean.size()) {
      const auto second = static_cast<unsigned char>(clean[i + 1]);
      if (second >= 0x80 && second < 0xA0) clean[i] = clean[i + 1] = ' ';
    }
  }
  return clean;
}

std::int32_t resolved_threads(std::int32_t threads) {
  if (threads != 0) return threads;
  return std::max(1, static_cast<std::int32_t>(std::thread::hardware_concurrency()));
}

Services& services_of(const dk_host* host) {
  return static_cast<const HostTable*>(host->context)->services();
}

}  // namespace

struct Services::Parts {
  explicit Parts(ServicesOptions given)
      : options(std::move(given)), threads(resolved_threads(options.threads)) {}

  const ServicesOptions options;
  ThreadPool threads;
  std::mutex log_mutex, progress_mutex;
  std::atomic<Clock::rep> next_progress{std::numeric_limits<Clock::rep>::min()};
  std::atomic<bool> completion_shown{false};
};

Services::Services(ServicesOptions options)
    : parts_(std::make_unique<Parts>(std::move(options))),
      cancelled_(parts_->options.cancelled != nullptr ? parts_->options.cancelled : &own_flag_) {
  static_assert(std::atomic<bool>::is_always_lock_free);
}

Services::~Services() = default;

void Services::log(std::int32_t level, std::string_view text) {
  if (!parts_->options.log) return;
  try {
    const std::string line = without_controls(text);
    const std::lock_guard lock(parts_->log_mutex);
    parts_->options.log(std::clamp<std::int32_t>(level, DK_LOG_DEBUG, DK_LOG_ERROR), line);
  } catch (...) {  // a message is not worth a failed computation
  }
}

void Services::progress(double fraction, std::string_view text) {
  if (!parts_->options.progress) return;
  const bool complete = fraction >= 1;

  // One thread wins the right to report this interval. The completion of each stage is never left
  // out.
  const Clock::rep now = Clock::now().time_since_epoch().count();
  Clock::rep next = parts_->next_progress.load(std::memory_order_relaxed);
  const bool completes = complete && !parts_->completion_shown.exchange(true);
  if (!complete && parts_->completion_shown.load()) parts_->completion_shown.store(false);
  if (!completes && now < next) return;
  const Clock::duration interval = parts_->options.progress_interval;
  if (!parts_->next_progress.compare_exchange_strong(next, now + interval.count()) && !completes) {
    return;
  }
  try {
    const std::string line = without_controls(text);
    const double shown = fraction >= 0 ? std::min(fraction, 1.0) : -1.0;  // NaN is unknown too
    const std::lock_guard lock(parts_->progress_mutex);
    parts_->options.progress(shown, line);
  } catch (...) {
  }
}

std::int32_t Services::worker_count() const {
  return parts_->threads.worker_count();
}

dk_status Services::parallel_for(std::int64_t count, std::int64_t grain, dk_task task,
                                 void* context, dk_error* error) {
  return parts_->threads.run(count, grain, task, context, error);
}

void* Services::allocate(std::size_t bytes) noexcept {
  if (bytes > std::numeric_limits<std::size_t>::max() - 2 * kAlignment) return nullptr;
  const std::size_t total = kAlignment + (bytes + kAlignment - 1) / kAlignment * kAlignment;

  // Reserve first, so that threads together never pass the budget.
  const std::size_t budget = parts_->options.memory_budget != 0
                                 ? parts_->options.memory_budget
                                 : std::numeric_limits<std::size_t>::max();
  std::size_t used = memory_in_use_.load();
  do {
    if (total > budget || used > budget - total) return nullptr;
  } while (!memory_in_use_.compare_exchange_weak(used, used + total));

  void* memory = ::operator new (total, std::align_val_t{kAlignment}, std::nothrow);
  if (memory == nullptr) {
    memory_in_use_.fetch_sub(total);
    return nullptr;
  }
  std::size_t peak = memory_peak_.load();
  while (peak < used + total && !memory_peak_.compare_exchange_weak(peak, used + total)) {
  }
  ::new (memory) BlockHeader{total};
  return static_cast<std::byte*>(memory) + kAlignment;
}

void Services::free(void* memory) noexcept {
  if (memory == nullptr) return;
  void* block = static_cast<std::byte*>(memory) - kAlignment;
  const std::size_t total = static_cast<const BlockHeader*>(block)->total;
  ::operator delete (block, std::align_val_t{kAlignment});
  memory_in_use_.fetch_sub(total);
}

HostTable::HostTable(Services& services, std::string resource_directory)
    : services_(services), resource_directory_(std::move(resource_directory)), table_{} {
  table_.context = this;
  table_.log = [](const dk_host* host, std::int32_t level, const char* text) {
    services_of(host).log(level, text != nullptr ? text : "");
  };
  table_.progress = [](const dk_host* host, double fraction, const char* text) {
    services_of(host).progress(fraction, text != nullptr ? text : "");
  };
  table_.cancelled = [](const dk_host* host) -> std::int32_t {
    return services_of(host).cancelled() ? 1 : 0;
  };
  table_.parallel_for = [](const dk_host* host, std::int64_t count, std::int64_t grain,
                           dk_task task, void* context, dk_error* error) {
    return services_of(host).parallel_for(count, grain, task, context, error);
  };
  table_.worker_count = [](const dk_host* host) { return services_of(host).worker_count(); };
  table_.uniform = [](const dk_host*, dk_stream* stream, std::int64_t count, double* out) {
    if (count > 0) draw_uniform(*stream, {out, static_cast<std::size_t>(count)});
  };
  table_.normal = [](const dk_host*, dk_stream* stream, std::int64_t count, double* out) {
    if (count > 0) draw_normal(*stream, {out, static_cast<std::size_t>(count)});
  };
  table_.integer = [](const dk_host*, dk_stream* stream, std::int64_t bound, std::int64_t count,
                      std::int64_t* out) {
    if (count > 0) draw_integer(*stream, bound, {out, static_cast<std::size_t>(count)});
  };
  table_.split = [](const dk_host*, const dk_stream* stream, std::int64_t index, dk_stream* child) {
    *child = dynkit::split(*stream, index);
  };
  table_.allocate = [](const dk_host* host, std::size_t bytes) {
    return services_of(host).allocate(bytes);
  };
  table_.free = [](const dk_host* host, void* memory) { services_of(host).free(memory); };
  table_.resource_directory = [](const dk_host* host) {
    return static_cast<const HostTable*>(host->context)->resource_directory().c_str();
  };
  table_.extension = [](const dk_host*, const char*) -> const void* { return nullptr; };
}

}  // namespace dynkit
