// How much of one simulation is done, told to the user.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "dynkit/host.h"

namespace dynkit {

/// Adds up what the tasks of a simulation have done, and tells the host once the simulation has
/// lasted half a second: the many short ones of an analysis are not the user's business.
class SimulationProgress {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kSilence{500};

  /// Of `trajectories` > 0; the host must live on. now: for tests.
  SimulationProgress(const dk_host& host, std::int64_t trajectories,
                     std::function<Clock::time_point()> now = Clock::now);

  /// What one task does, on one thread at a time.
  class Share {
   public:
    explicit Share(SimulationProgress& whole) : whole_(whole) {}

    /// So many trajectories of this task are done; false: the user has asked to stop.
    bool keep_going(double done);

   private:
    SimulationProgress& whole_;
    double told_ = 0.0;
  };

  /// All tasks have ended. Tells it if anything was told before.
  void end();

 private:
  void tell();

  const dk_host& host_;
  const double trajectories_;
  const std::function<Clock::time_point()> now_;
  const Clock::time_point begin_;
  const std::string text_;
  std::atomic<double> done_{0.0};
  std::mutex telling_;
  double told_ = 0.0;  // the last fraction, guarded by telling_
  bool has_told_ = false;
};

}  // namespace dynkit
