// Calls from several threads at once.
#include <array>
#include <chrono>
#include <exception>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include "all_operations.hpp"
#include "checks.hpp"

namespace dynkit::conformance {
namespace {

constexpr int kThreads = 8;
constexpr int kRounds = 12;
constexpr auto kStress = std::chrono::milliseconds(400);  // threads need time to meet

// Runs body(thread) on eight threads that begin together; throws the first exception of any.
template <class Body>
void on_eight_threads(Body body) {
  std::latch start(kThreads);
  std::mutex mutex;
  std::exception_ptr first;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      try {
        start.arrive_and_wait();
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

Task task_of(const Subject& subject, int thread) {
  return make_task(subject, 3 + thread, 1 + thread % 3, fmt::format("thread {}", thread),
                   thread % 2 == 0);
}

void check_threads(const CheckContext& context) {
  const Subject subject(context);
  std::vector<Task> tasks;
  std::vector<AllResults> expected;
  for (int i = 0; i < kThreads; ++i) {
    tasks.push_back(task_of(subject, i));
    expected.push_back(run_all(subject, tasks.back()));
  }
  const bool shared = subject.facts().threading == DK_REENTRANT;
  on_eight_threads([&](int thread) {
    const auto at = static_cast<std::size_t>(thread);
    std::unique_ptr<Subject> own;
    if (!shared) own = std::make_unique<Subject>(context);
    const Subject& used = shared ? subject : *own;
    Form form;
    const auto end = std::chrono::steady_clock::now() + kStress;
    for (int round = 0; round < kRounds || std::chrono::steady_clock::now() < end; ++round) {
      form.fill = static_cast<unsigned char>(round * 31 + thread);
      expect_same_bits(fmt::format("on one of {} threads", kThreads),
                       run_all(used, tasks[at], form), expected[at]);
    }
  });
}

void check_thread_instances(const CheckContext& context) {
  const Config::Table settings = small_settings(context);
  on_eight_threads([&](int) {
    for (int round = 0; round < 2 * kRounds; ++round) {
      const LivingInstance instance(context, settings, 1);
    }
  });
}

// Created on one thread, used on a second, destroyed on a third.
void check_thread_handover(const CheckContext& context) {
  std::unique_ptr<Subject> subject;
  std::exception_ptr error;
  const auto on_thread = [&](auto body) {
    std::thread([&] {
      try {
        body();
      } catch (...) {
        error = std::current_exception();
      }
    }).join();
    if (error) std::rethrow_exception(error);
  };
  on_thread([&] { subject = std::make_unique<Subject>(context); });
  on_thread([&] { run_all(*subject, task_of(*subject, 1)); });
  on_thread([&] { subject.reset(); });
}

void check_entry_point(const CheckContext& context) {
  on_eight_threads([&](int) {
    const Library again = load_library(context.library.path);
    if (again.table != context.library.table) {
      fail("{} returns another table at another call", DK_ENTRY_POINT);
    }
  });
}

constexpr std::array kChecks = {
    Check{"entry_point", Scope::library, false,
          "The entry point returns the same table at every call, from eight threads at once.",
          check_entry_point},
    Check{"threads", Scope::numeric, false,
          "Eight threads, each with its own points, scratch and results, get the same bits as one "
          "alone: from one instance if it is DK_REENTRANT, else from an instance each.",
          check_threads},
    Check{"thread_instances", Scope::component, false,
          "Eight threads create and destroy instances at once.", check_thread_instances},
    Check{"thread_handover", Scope::numeric, false,
          "An instance is created on one thread, used on a second and destroyed on a third.",
          check_thread_handover},
};

}  // namespace

std::span<const Check> thread_checks() {
  return kChecks;
}

}  // namespace dynkit::conformance
