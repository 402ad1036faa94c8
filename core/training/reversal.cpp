#include "reversal.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dynkit::training {
namespace {

constexpr std::int64_t kAlignment = 64;

// C(checkpoints + sweeps, sweeps): so many steps can be reversed from so many checkpoints if none
// is run forwards more than `sweeps` times; at most `enough`.
std::int64_t reach(std::int64_t checkpoints, std::int64_t sweeps, std::int64_t enough) {
  double count = 1.0;
  for (std::int64_t i = 1; i <= sweeps; ++i) {
    count *= static_cast<double>(checkpoints + i) / static_cast<double>(i);
    if (count >= static_cast<double>(enough)) return enough;
  }
  return std::llround(count);
}

}  // namespace

ReversalMemory reversal_memory(const RolloutOptions& options, std::int64_t N, std::int64_t state,
                               std::int64_t tape) {
  if (options.checkpoints > 0) {
    return {std::min(options.checkpoints, std::max<std::int64_t>(1, N)), 1};
  }
  const std::int64_t fits = std::max<std::int64_t>(1, options.memory / (state + tape));
  if (N <= fits) return {1, std::max<std::int64_t>(1, N)};
  // Half of the memory for each.
  return {std::max<std::int64_t>(1, options.memory / 2 / state),
          std::max<std::int64_t>(1, fits / 2)};
}

std::int64_t next_checkpoint(std::int64_t count, std::int64_t taped, std::int64_t free) {
  const std::int64_t runs = (count + taped - 1) / taped;  // of taped steps
  if (free == 0) return (runs - 1) * taped;
  std::int64_t sweeps = 1;
  while (reach(free, sweeps, runs) < runs) ++sweeps;
  return std::clamp<std::int64_t>((sweeps * runs + sweeps + free - 1) / (sweeps + free), 1,
                                  runs - 1) *
         taped;
}

template <class Number>
void Reversal<Number>::reserve() {
  const auto round_up = [](std::int64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  };
  const std::int64_t state_bytes = round_up(course_->numbers() * std::int64_t{sizeof(Number)});
  tape_stride_ = round_up(course_->tape_size());
  state_stride_ = state_bytes / std::int64_t{sizeof(Number)};
  const std::int64_t states = size_.checkpoints + size_.taped_steps + 1 + 2;
  auto* data = static_cast<std::byte*>(storage_.bytes(
      static_cast<std::size_t>(states * state_bytes + size_.taped_steps * tape_stride_)));
  states_ = reinterpret_cast<Number*>(data);
  tapes_ = data + states * state_bytes;
}

template <class Number>
double Reversal<Number>::run(Course<Number>& course, Observer<Number>& observer,
                             const ReversalMemory& memory, const Number* x0, Number* x_bar,
                             const RolloutGradient<Number>& gradient) {
  course_ = &course;
  observer_ = &observer;
  gradient_ = &gradient;
  x_bar_ = x_bar;
  size_ = memory;
  loss_ = 0.0;
  reserve();
  const std::int64_t N = course.steps().size();
  std::fill_n(x_bar, course.numbers(), Number(0));
  std::copy_n(x0, course.numbers(), state(0));
  if (N == 0) observe(0, state(0));
  reverse(0, N, 0);
  return loss_;
}

// Adds what the loss has to say of x_j.
template <class Number>
void Reversal<Number>::observe(std::int64_t j, const Number* x) {
  const std::int64_t k = course_->time_of_state(j);
  if (k >= 0) loss_ += observer_->observe(k, x, x_bar_);
}

template <class Number>
void Reversal<Number>::advance(std::int64_t first, std::int64_t last, const Number* x,
                               Number* x_last) {
  Number* other = state(size_.checkpoints + size_.taped_steps + 1);
  Number* one = other + state_stride_;
  for (std::int64_t j = first; j < last; ++j) {
    Number* next = j + 1 == last ? x_last : other;
    course_->forward(j, x, next, nullptr);
    x = next;
    std::swap(one, other);
  }
}

template <class Number>
void Reversal<Number>::reverse(std::int64_t first, std::int64_t last, std::int64_t slot) {
  while (last - first > size_.taped_steps) {
    const std::int64_t free = size_.checkpoints - 1 - slot;
    const std::int64_t middle = first + next_checkpoint(last - first, size_.taped_steps, free);
    if (free > 0) {
      advance(first, middle, state(slot), state(slot + 1));
      reverse(middle, last, slot + 1);
    } else {
      advance(first, middle, state(slot), state(size_.checkpoints));
      reverse_taped(middle, last, state(size_.checkpoints));
    }
    last = middle;
  }
  reverse_taped(first, last, state(slot));
}

template <class Number>
void Reversal<Number>::reverse_taped(std::int64_t first, std::int64_t last, const Number* x) {
  const auto taped = [&](std::int64_t j) { return state(size_.checkpoints + j - first); };
  if (x != taped(first)) std::copy_n(x, course_->numbers(), taped(first));
  for (std::int64_t j = first; j < last; ++j) {
    course_->forward(j, taped(j), taped(j + 1), tape(j - first));
  }
  if (last == course_->steps().size() && last > first) observe(last, taped(last));
  for (std::int64_t j = last; j-- > first;) {
    course_->backward(j, taped(j), tape(j - first), x_bar_, *gradient_);
    observe(j, taped(j));
  }
}

template class Reversal<double>;
template class Reversal<float>;

}  // namespace dynkit::training
