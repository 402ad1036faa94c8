// Per-lane arrays of the adaptive driver and the first step of a trajectory.
#pragma once

#include <cstdint>

#include "dynkit/core/workspace.hpp"
#include "kernels/kernels.hpp"

namespace dynkit {

/// Memory of a LaneState.
class LaneArrays {
 public:
  explicit LaneArrays(std::int64_t lanes);

  LaneState state;

  /// A lane at the start of a run: at time t, nothing tried, first step h.
  void start(std::int64_t lane, double t, double h);
  void copy(std::int64_t from, std::int64_t to);

 private:
  static constexpr std::int64_t kArrays = 16;
  std::int64_t width_;
  Workspace memory_;
  double* data_ = nullptr;
};

}  // namespace dynkit
