#include "interruption.hpp"

#include <signal.h>
#include <time.h>

#include <cstdint>

namespace dynkit {
namespace {

constexpr std::int64_t kOneWish = 500'000'000;  // nanoseconds

std::atomic<bool> cancelled{false};
std::atomic<std::int64_t> first_signal{0};  // nanoseconds of the monotonic clock; 0: none yet
std::atomic<bool> second_ends{true};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);  // a handler may use it

std::int64_t nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void ask_to_stop(int signal_number) {
  const std::int64_t now = nanoseconds();
  std::int64_t first = 0;
  cancelled = true;
  if (first_signal.compare_exchange_strong(first, now)) return;
  if (now - first < kOneWish || !second_ends) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

std::atomic<bool>& watch_signals(SecondSignal second) {
  second_ends = second == SecondSignal::ends;
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return cancelled;
}

}  // namespace dynkit
