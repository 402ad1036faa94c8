// The way back through the steps of a rollout, with bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "course.hpp"
#include "dynkit/core/workspace.hpp"

namespace dynkit::training {

/// How many states are kept, the first one among them, and how many steps in a row are kept with
/// their states and tapes.
struct ReversalMemory {
  std::int64_t checkpoints = 1;
  std::int64_t taped_steps = 1;
};

/// For N steps whose states and tapes take so many bytes each.
ReversalMemory reversal_memory(const RolloutOptions& options, std::int64_t N, std::int64_t state,
                               std::int64_t tape);

/// Where to set the next checkpoint among `count` steps, of which `taped` in a row need none, with
/// `free` checkpoints left: so many steps from the first. In 0 < result < count.
std::int64_t next_checkpoint(std::int64_t count, std::int64_t taped, std::int64_t free);

template <class Number>
class Reversal {
 public:
  /// L and its gradient, from x0 [S,n]. x_bar [S,n] is written: dL/dx_0.
  double run(Course<Number>& course, Observer<Number>& observer, const ReversalMemory& memory,
             const Number* x0, Number* x_bar, const RolloutGradient<Number>& gradient);

 private:
  // Steps [first, last) from the state in a checkpoint or on the tape back to it.
  void reverse(std::int64_t first, std::int64_t last, std::int64_t slot);
  void reverse_taped(std::int64_t first, std::int64_t last, const Number* x);
  void advance(std::int64_t first, std::int64_t last, const Number* x, Number* x_last);
  void observe(std::int64_t j, const Number* x);
  void reserve();

  std::byte* tape(std::int64_t i) const { return tapes_ + i * tape_stride_; }
  Number* state(std::int64_t i) const { return states_ + i * state_stride_; }

  Course<Number>* course_ = nullptr;
  Observer<Number>* observer_ = nullptr;
  const RolloutGradient<Number>* gradient_ = nullptr;
  Number* x_bar_ = nullptr;
  ReversalMemory size_;
  double loss_ = 0.0;

  // States: those of checkpoints, those of taped steps and the one behind these, two to advance
  // with.
  Workspace storage_;
  Number* states_ = nullptr;
  std::byte* tapes_ = nullptr;
  std::int64_t state_stride_ = 0, tape_stride_ = 0;
};

}  // namespace dynkit::training
