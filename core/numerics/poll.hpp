// How a run tells how much is done and learns that it is to stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "dynkit/core/integrate.hpp"

namespace dynkit {

/// Asks the caller of a run every few milliseconds. To be called for every evaluation of the
/// right-hand side, since a single one takes a tenth of a second where a network is large, and
/// cheap enough for that.
class Poll {
 public:
  /// done() is what keep_going is told.
  Poll(KeepGoing keep_going, std::function<double()> done);

  /// True once the caller wants the run to stop, and from then on.
  bool stops() { return --left_ < 0 && ask(); }

 private:
  using Clock = std::chrono::steady_clock;

  bool ask();

  KeepGoing keep_going_;
  std::function<double()> done_;
  double most_ = 0.0;  // told so far; sums over lanes are rounded
  std::int64_t stride_ = 1;
  std::int64_t left_ = 0;    // calls until the next question
  Clock::time_point asked_;  // when the last one was
  bool stopped_ = false;
};

}  // namespace dynkit
