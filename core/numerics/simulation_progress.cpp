#include "simulation_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dynkit {

SimulationProgress::SimulationProgress(const dk_host& host, std::int64_t trajectories,
                                       std::function<Clock::time_point()> now)
    : host_(host),
      trajectories_(static_cast<double>(trajectories)),
      now_(std::move(now)),
      begin_(now_()),
      text_(fmt::format("simulating {} {}", trajectories,
                        trajectories == 1 ? "trajectory" : "trajectories")) {}

bool SimulationProgress::Share::keep_going(double done) {
  const double more = done - told_;
  told_ = done;
  whole_.done_.fetch_add(more, std::memory_order_relaxed);
  if (whole_.now_() - whole_.begin_ > kSilence) whole_.tell();
  return whole_.host_.cancelled(&whole_.host_) == 0;
}

// While one thread tells, the others need not. The sum is read by the one that tells, so that no
// smaller fraction follows a larger one.
void SimulationProgress::tell() {
  const std::unique_lock lock(telling_, std::try_to_lock);
  if (!lock) return;
  told_ = std::clamp(done_.load(std::memory_order_relaxed) / trajectories_, told_, 1.0);
  has_told_ = true;
  host_.progress(&host_, told_, text_.c_str());
}

void SimulationProgress::end() {
  if (has_told_ && host_.cancelled(&host_) == 0) host_.progress(&host_, 1.0, text_.c_str());
}

}  // namespace dynkit
