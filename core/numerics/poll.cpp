#include "poll.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace dynkit {
namespace {

// Between two questions, as long as calls take about the same time each; and in case they suddenly
// take a thousand times longer, at most so many.
constexpr std::chrono::milliseconds kInterval{5};
constexpr std::int64_t kMostCalls = 1024;

}  // namespace

Poll::Poll(KeepGoing keep_going, std::function<double()> done)
    : keep_going_(std::move(keep_going)), done_(std::move(done)), asked_(Clock::now()) {
  if (!keep_going_) left_ = std::numeric_limits<std::int64_t>::max();
}

// The number of calls between two questions doubles until they take longer than the interval.
bool Poll::ask() {
  if (stopped_) return true;
  const Clock::time_point now = Clock::now();
  stride_ = now - asked_ < kInterval ? std::min(2 * stride_, kMostCalls) : 1;
  left_ = stride_ - 1;
  asked_ = now;
  most_ = std::max(most_, done_());
  stopped_ = !keep_going_(most_);
  if (stopped_) left_ = 0;
  return stopped_;
}

}  // namespace dynkit
