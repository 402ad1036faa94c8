// A host for tests of plugins without the core: plain threads, a small deterministic generator.
#pragma once

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <numbers>
#include <thread>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/host.h"

namespace dynkit::testing {

/// Behaves as dynkit/host.h says, with other random numbers than the real host. Set `workers`
/// before use; `cancel_after` >= 0: the number of `cancelled` calls that still say no.
class FakeHost {
 public:
  explicit FakeHost(std::int32_t workers = 1) : workers_(workers) {
    table_.context = this;
    table_.log = [](const dk_host*, std::int32_t, const char*) {};
    table_.progress = [](const dk_host* host, double, const char*) { ++self(host).progress_calls; };
    table_.cancelled = [](const dk_host* host) -> std::int32_t {
      FakeHost& me = self(host);
      return me.cancel_after >= 0 && me.questions_++ >= me.cancel_after ? 1 : 0;
    };
    table_.parallel_for = parallel_for;
    table_.worker_count = [](const dk_host* host) { return self(host).workers_; };
    table_.uniform = uniform;
    table_.normal = normal;
    table_.integer = integer;
    table_.split = split;
    table_.allocate = [](const dk_host*, std::size_t bytes) {
      return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    };
    table_.free = [](const dk_host*, void* memory) { std::free(memory); };
    table_.resource_directory = [](const dk_host*) { return ""; };
    table_.extension = [](const dk_host*, const char*) -> const void* { return nullptr; };
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const dk_host& table() const { return table_; }

  static dk_stream stream(std::uint32_t seed) { return {{seed, 0}, {0, 0}, 0}; }

  std::int64_t cancel_after = -1;
  std::atomic<std::int64_t> progress_calls = 0;

 private:
  static FakeHost& self(const dk_host* host) { return *static_cast<FakeHost*>(host->context); }

  // Mixes 64 bits (the finalizer of splitmix64).
  static std::uint64_t mix(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  static std::uint64_t next(dk_stream& stream) {
    const std::uint64_t key = std::bit_cast<std::uint64_t>(stream.key);
    const std::uint64_t path = std::bit_cast<std::uint64_t>(stream.path);
    return mix(mix(mix(key) ^ path) ^ stream.position++);
  }

  static double next_uniform(dk_stream& stream) {
    return (static_cast<double>(next(stream) >> 11) + 0.5) * 0x1p-53;
  }

  static void uniform(const dk_host*, dk_stream* stream, std::int64_t count, double* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = next_uniform(*stream);
  }

  static void normal(const dk_host*, dk_stream* stream, std::int64_t count, double* out) {
    for (std::int64_t i = 0; i < count; ++i) {
      const double radius = std::sqrt(-2 * std::log(next_uniform(*stream)));
      out[i] = radius * std::cos(2 * std::numbers::pi * next_uniform(*stream));
    }
  }

  static void integer(const dk_host*, dk_stream* stream, std::int64_t bound, std::int64_t count,
                      std::int64_t* out) {
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = static_cast<std::int64_t>(next(*stream) % static_cast<std::uint64_t>(bound));
    }
  }

  static void split(const dk_host*, const dk_stream* stream, std::int64_t index, dk_stream* child) {
    const std::uint64_t path = std::bit_cast<std::uint64_t>(stream->path);
    const std::uint64_t branch = mix(mix(path) ^ static_cast<std::uint64_t>(index + 1));
    *child = *stream;
    child->path[0] = static_cast<std::uint32_t>(branch);
    child->path[1] = static_cast<std::uint32_t>(branch >> 32);
    child->position = 0;
  }

  // Chunks go to whichever worker is free, as in the real host.
  static dk_status parallel_for(const dk_host* host, std::int64_t count, std::int64_t grain,
                                dk_task task, void* context, dk_error* error) {
    std::atomic<std::int64_t> next_chunk = 0;
    std::atomic<bool> failed = false;
    std::mutex mutex;
    dk_status first = DK_OK;
    const auto work = [&](std::int32_t worker) {
      while (!failed) {
        const std::int64_t begin = grain * next_chunk++;
        if (begin >= count) return;
        dk_error own{};
        const dk_status status = task(context, begin, std::min(begin + grain, count), worker, &own);
        if (status == DK_OK) continue;
        const std::lock_guard lock(mutex);
        if (!failed.exchange(true)) {
          first = status;
          if (error != nullptr) *error = own;
        }
      }
    };
    std::vector<std::thread> threads;
    for (std::int32_t w = 1; w < self(host).workers_; ++w) threads.emplace_back(work, w);
    work(0);
    for (std::thread& thread : threads) thread.join();
    return first;
  }

  dk_host table_{};
  std::int32_t workers_;
  std::atomic<std::int64_t> questions_ = 0;
};

}  // namespace dynkit::testing
