#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dynkit/core/services.hpp"
#include "dynkit/job.hpp"

namespace dynkit {
namespace {

using Chunk = std::pair<std::int64_t, std::int64_t>;

struct Host {
  Services services;
  HostTable host;

  explicit Host(std::int32_t threads)
      : services([&] {
          ServicesOptions options;
          options.threads = threads;
          return options;
        }()),
        host(services, "") {}

  const dk_host& table() const { return host.table(); }
};

std::set<Chunk> chunks_of(const Host& host, std::int64_t count, std::int64_t grain) {
  std::mutex mutex;
  std::set<Chunk> chunks;
  parallel_for(host.table(), count, grain, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(chunks.emplace(begin, end).second);
  });
  return chunks;
}

TEST(ParallelFor, CutsByCountAndGrainWhateverTheThreads) {
  const std::set<Chunk> expected{{0, 4}, {4, 8}, {8, 11}};
  for (const std::int32_t threads : {1, 2, 5}) {
    EXPECT_EQ(chunks_of(Host(threads), 11, 4), expected) << threads << " threads";
  }
}

TEST(ParallelFor, RunsNothingForNoCount) {
  EXPECT_TRUE(chunks_of(Host(3), 0, 7).empty());
}

TEST(ParallelFor, RunsOneChunkForAGrainBeyondTheCount) {
  EXPECT_EQ(chunks_of(Host(3), 5, 1'000'000'000'000), (std::set<Chunk>{{0, 5}}));
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  const Host host(4);
  std::vector<int> visits(10'007);  // neighbors in one chunk: no two threads share an element
  for (int repeat = 0; repeat < 20; ++repeat) {
    parallel_for(host.table(), 10'007, 13, [&](std::int64_t begin, std::int64_t end, std::int32_t) {
      for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
    });
  }
  EXPECT_EQ(std::count(visits.begin(), visits.end(), 20), 10'007);
}

TEST(ParallelFor, GivesEachWorkerAnIndexOfItsOwn) {
  const Host host(3);
  ASSERT_EQ(host.table().worker_count(&host.table()), 3);
  std::vector<std::atomic<int>> busy(3);
  std::atomic<bool> shared{false};
  parallel_for(host.table(), 3000, 1, [&](std::int64_t, std::int64_t, std::int32_t worker) {
    if (busy.at(static_cast<std::size_t>(worker)).fetch_add(1) != 0) shared = true;
    std::this_thread::yield();
    busy[static_cast<std::size_t>(worker)].fetch_sub(1);
  });
  EXPECT_FALSE(shared);
}

// Buffers by worker stay private also when several threads of a program start loops.
TEST(ParallelFor, KeepsWorkerIndicesApartBetweenConcurrentLoops) {
  const Host host(2);
  std::vector<std::int64_t> sums(2);  // unguarded: a shared index is a race and a wrong sum
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        parallel_for(host.table(), 100, 3,
                     [&](std::int64_t begin, std::int64_t end, std::int32_t worker) {
                       sums[static_cast<std::size_t>(worker)] += end - begin;
                     });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sums[0] + sums[1], 3 * 50 * 100);
}

TEST(ParallelFor, UsesSeveralThreads) {
  const Host host(3);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<int> arrived{0};
  // Each chunk waits for another thread: with one thread this would not end.
  parallel_for(host.table(), 2, 1, [&](std::int64_t, std::int64_t, std::int32_t) {
    {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  EXPECT_EQ(threads.size(), 2u);
}

TEST(ParallelFor, RunsNestedLoopsInlineUnderTheSameIndex) {
  const Host host(3);
  std::atomic<int> inner_calls{0}, moved{0};
  parallel_for(host.table(), 20, 1, [&](std::int64_t, std::int64_t, std::int32_t outer) {
    const std::thread::id here = std::this_thread::get_id();
    std::int64_t next = 0;
    parallel_for(host.table(), 5, 2, [&](std::int64_t begin, std::int64_t end, std::int32_t inner) {
      ++inner_calls;
      if (inner != outer || std::this_thread::get_id() != here || begin != next) ++moved;
      next = end;
    });
  });
  EXPECT_EQ(inner_calls, 60);
  EXPECT_EQ(moved, 0);
}

dk_status failing_task(void* context, std::int64_t begin, std::int64_t, std::int32_t,
                       dk_error* error) {
  static_cast<std::atomic<std::int64_t>*>(context)->fetch_add(1);
  if (begin < 30) return DK_OK;
  return set_error(error, begin % 2 == 0 ? DK_RETRY : DK_NUMERIC, "at " + std::to_string(begin));
}

TEST(ParallelFor, ReportsTheErrorOfTheLowestChunkWhateverTheThreads) {
  for (const std::int32_t threads : {1, 2, 4}) {
    const Host host(threads);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::atomic<std::int64_t> calls{0};
      dk_error error{};
      EXPECT_EQ(host.table().parallel_for(&host.table(), 500, 1, failing_task, &calls, &error),
                DK_RETRY);
      EXPECT_STREQ(error.message, "at 30");
    }
  }
}

TEST(ParallelFor, StopsAfterAnError) {
  const Host host(1);
  std::atomic<std::int64_t> calls{0};
  host.table().parallel_for(&host.table(), 500, 1, failing_task, &calls, nullptr);
  EXPECT_EQ(calls, 31);
}

TEST(ParallelFor, TurnsAnExceptionOfTheTaskIntoAStatus) {
  const Host host(2);
  const dk_task task = [](void*, std::int64_t, std::int64_t, std::int32_t, dk_error*) -> dk_status {
    throw std::runtime_error("thrown");
  };
  dk_error error{};
  EXPECT_EQ(host.table().parallel_for(&host.table(), 9, 2, task, nullptr, &error), DK_INTERNAL);
  EXPECT_STREQ(error.message, "thrown");
}

TEST(ParallelFor, WorksAgainAfterAnError) {
  const Host host(2);
  std::atomic<std::int64_t> calls{0};
  host.table().parallel_for(&host.table(), 40, 1, failing_task, &calls, nullptr);
  EXPECT_EQ(chunks_of(host, 3, 2), (std::set<Chunk>{{0, 2}, {2, 3}}));
}

TEST(ParallelFor, RefusesAGrainBelowOne) {
  const Host host(2);
  dk_error error{};
  EXPECT_EQ(host.table().parallel_for(&host.table(), 9, 0, failing_task, nullptr, &error),
            DK_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message,
               "parallel_for: count 9, grain 0; rule: count >= 0, grain >= 1 and a task");
}

TEST(ServicesThreads, RefusesANegativeNumber) {
  EXPECT_THROW(Host(-1), Error);
}

}  // namespace
}  // namespace dynkit
