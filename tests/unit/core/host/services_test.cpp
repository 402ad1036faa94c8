#include "dynkit/core/services.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dynkit/core/random.hpp"

namespace dynkit {
namespace {

TEST(ServicesMemory, IsAlignedAndCountedUntilItIsFreed) {
  Services services;
  void* memory = services.allocate(100);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0u);
  std::memset(memory, 0xAB, 100);
  EXPECT_EQ(services.memory_in_use(), 192u);  // 100 rounded up to 128, and a header of 64
  services.free(memory);
  EXPECT_EQ(services.memory_in_use(), 0u);
  EXPECT_EQ(services.memory_peak(), 192u);
}

TEST(ServicesMemory, EndsAtTheBudgetAndComesBack) {
  ServicesOptions options;
  options.memory_budget = 1024;
  Services services(std::move(options));
  void* first = services.allocate(896);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(services.allocate(1), nullptr);
  services.free(first);
  void* second = services.allocate(960);
  EXPECT_NE(second, nullptr);
  services.free(second);
  EXPECT_EQ(services.allocate(961), nullptr);
}

TEST(ServicesMemory, RefusesSizesThatWouldOverflow) {
  Services services;
  EXPECT_EQ(services.allocate(std::numeric_limits<std::size_t>::max()), nullptr);
  EXPECT_EQ(services.allocate(std::numeric_limits<std::size_t>::max() - 100), nullptr);
  EXPECT_EQ(services.memory_in_use(), 0u);
}

TEST(ServicesMemory, GivesBlocksOfZeroBytesAndFreesNull) {
  Services services;
  void* nothing = services.allocate(0);
  EXPECT_NE(nothing, nullptr);
  services.free(nothing);
  services.free(nullptr);
  EXPECT_EQ(services.memory_in_use(), 0u);
}

TEST(ServicesMemory, NeverPassesTheBudgetWithManyThreads) {
  ServicesOptions options;
  options.memory_budget = 128 * 10;
  Services services(std::move(options));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        void* a = services.allocate(64);
        void* b = services.allocate(10);
        services.free(a);
        services.free(b);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(services.memory_in_use(), 0u);
  EXPECT_LE(services.memory_peak(), 128u * 10);
  EXPECT_GE(services.memory_peak(), 256u);
}

TEST(ServicesLog, ReplacesControlCharactersAndClampsTheLevel) {
  std::vector<std::pair<std::int32_t, std::string>> lines;
  ServicesOptions options;
  options.log = [&](std::int32_t level, std::string_view text) { lines.emplace_back(level, text); };
  Services services(std::move(options));
  const HostTable host(services, "");
  host.table().log(&host.table(), 99,
                   "a\x1b[31m\nb\xc2\x9b"
                   "c \xc3\xa9");
  host.table().log(&host.table(), DK_LOG_INFO, nullptr);
  EXPECT_EQ(lines, (std::vector<std::pair<std::int32_t, std::string>>{
                       {DK_LOG_ERROR, "a [31m b  c \xc3\xa9"}, {DK_LOG_INFO, ""}}));
}

TEST(ServicesLog, DropsWhatTheCallbackThrows) {
  ServicesOptions options;
  options.log = [](std::int32_t, std::string_view) { throw 1; };
  options.progress = [](double, std::string_view) { throw 2; };
  Services services(std::move(options));
  EXPECT_NO_THROW(services.log(DK_LOG_INFO, "x"));
  EXPECT_NO_THROW(services.progress(0.5, "x"));
}

TEST(ServicesLog, CallsBackOneAtATime) {
  std::atomic<int> inside{0};
  int calls = 0;  // unguarded on purpose: a race is what ThreadSanitizer would report
  bool overlapped = false;
  ServicesOptions options;
  options.log = [&](std::int32_t, std::string_view) {
    overlapped |= inside.fetch_add(1) != 0;
    ++calls;
    inside.fetch_sub(1);
  };
  Services services(std::move(options));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < 500; ++line) services.log(DK_LOG_DEBUG, "line");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 1500);
  EXPECT_FALSE(overlapped);
}

struct Progress {
  std::vector<double> fractions;
  Services services;

  explicit Progress(std::chrono::milliseconds interval)
      : services([&] {
          ServicesOptions options;
          options.progress_interval = interval;
          options.progress = [this](double fraction, std::string_view) {
            fractions.push_back(fraction);
          };
          return options;
        }()) {}
};

TEST(ServicesProgress, PassesOnTheFirstAndTheCompletionWithinAnInterval) {
  Progress progress(std::chrono::hours(1));
  for (int i = 0; i <= 1000; ++i) progress.services.progress(i / 1000.0, "step");
  progress.services.progress(1, "again");
  EXPECT_EQ(progress.fractions, (std::vector<double>{0, 1}));
}

TEST(ServicesProgress, PassesOnTheCompletionOfEachStage) {
  Progress progress(std::chrono::hours(1));
  for (const double fraction : {0.0, 1.0, 0.5, 1.0}) progress.services.progress(fraction, "");
  EXPECT_EQ(progress.fractions, (std::vector<double>{0, 1, 1}));
}

TEST(ServicesProgress, MapsWhatIsNoFractionToUnknown) {
  Progress progress(std::chrono::milliseconds(0));
  progress.services.progress(std::nan(""), "");
  progress.services.progress(-0.5, "");
  progress.services.progress(1.5, "");
  EXPECT_EQ(progress.fractions, (std::vector<double>{-1, -1, 1}));
}

TEST(HostTable, TellsWhetherTheRunIsCancelled) {
  Services services;
  const HostTable host(services, "/plugins");
  EXPECT_EQ(host.table().cancelled(&host.table()), 0);
  services.cancel_flag().store(true);
  EXPECT_EQ(host.table().cancelled(&host.table()), 1);
}

TEST(HostTable, HeedsAFlagOfTheProgram) {
  std::atomic<bool> cancelled{false};
  ServicesOptions options;
  options.cancelled = &cancelled;
  Services services(std::move(options));
  const HostTable host(services, "");
  cancelled = true;
  EXPECT_EQ(host.table().cancelled(&host.table()), 1);
}

TEST(HostTable, TellsTheFolderOfItsOwnLibrary) {
  Services services;
  const HostTable first(services, "/plugins/a"), second(services, "/plugins/b");
  EXPECT_STREQ(first.table().resource_directory(&first.table()), "/plugins/a");
  EXPECT_STREQ(second.table().resource_directory(&second.table()), "/plugins/b");
}

TEST(HostTable, HasEveryFunction) {
  Services services;
  const HostTable host(services, "");
  const dk_host& table = host.table();
  EXPECT_TRUE(table.log && table.progress && table.cancelled && table.parallel_for &&
              table.worker_count && table.uniform && table.normal && table.integer && table.split &&
              table.allocate && table.free && table.resource_directory && table.extension);
  EXPECT_EQ(table.extension(&table, "org.example.unknown/1"), nullptr);
}

TEST(HostTable, DrawsTheNumbersOfTheStream) {
  Services services;
  const HostTable host(services, "");
  dk_stream stream = make_stream(3, "table");
  dk_stream copy = stream;
  double from_table[3], direct[3];
  host.table().normal(&host.table(), &stream, 3, from_table);
  draw_normal(copy, direct);
  EXPECT_TRUE(std::equal(direct, direct + 3, from_table));
  host.table().uniform(&host.table(), &stream, 0, nullptr);
  EXPECT_EQ(stream.position, 3u);
}

TEST(HostTable, AllocatesFromTheBudget) {
  ServicesOptions options;
  options.memory_budget = 256;
  Services services(std::move(options));
  const HostTable host(services, "");
  void* memory = host.table().allocate(&host.table(), 128);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(host.table().allocate(&host.table(), 128), nullptr);
  host.table().free(&host.table(), memory);
  EXPECT_EQ(services.memory_in_use(), 0u);
}

}  // namespace
}  // namespace dynkit
