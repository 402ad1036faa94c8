#include "step_list.hpp"

#include <algorithm>
#include <cmath>

#include "dynkit/core/steps.hpp"

namespace dynkit::training {

void StepList::clear(std::int64_t S) {
  S_ = S;
  interval_.clear();
  t_.clear();
  h_.clear();
}

void StepList::add(std::int64_t k, const double* t, const double* h) {
  interval_.push_back(k);
  t_.insert(t_.end(), t, t + S_);
  h_.insert(h_.end(), h, h + S_);
}

void StepList::add_equal(std::int64_t k, double t, double h) {
  interval_.push_back(k);
  t_.insert(t_.end(), static_cast<std::size_t>(S_), t);
  h_.insert(h_.end(), static_cast<std::size_t>(S_), h);
}

void StepList::fill_map(const double* times, std::int64_t T, std::int64_t S) {
  clear(S);
  for (std::int64_t k = 0; k + 1 < T; ++k) add_equal(k, times[k], times[k + 1] - times[k]);
}

void StepList::fill_equal(const double* times, std::int64_t T, std::int64_t S, double step) {
  clear(S);
  for (std::int64_t k = 0; k + 1 < T; ++k) {
    const double interval = times[k + 1] - times[k];
    const double count = steps_in(interval, step);
    for (double i = 0.0; i < count; i += 1.0) {
      add_equal(k, times[k] + i * (interval / count), interval / count);
    }
  }
}

}  // namespace dynkit::training
