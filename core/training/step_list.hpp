// The steps from the first of some times to the last.
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/core/integrate.hpp"

namespace dynkit::training {

/// Steps of S rows one after the other. A step lies within one interval t_k to t_k+1; each row has
/// its own time and length, 0 where it waits for the others.
class StepList {
 public:
  /// One step for each interval.
  void fill_map(const double* times, std::int64_t T, std::int64_t S);
  /// Equal steps of at most `step` in each interval.
  void fill_equal(const double* times, std::int64_t T, std::int64_t S, double step);
  /// Empty, for `add`.
  void clear(std::int64_t S);
  /// A step in interval k with t, h [S].
  void add(std::int64_t k, const double* t, const double* h);

  std::int64_t size() const { return static_cast<std::int64_t>(interval_.size()); }
  /// The interval k of step j.
  std::int64_t interval(std::int64_t j) const { return interval_[static_cast<std::size_t>(j)]; }
  /// Whether step j is the first of its interval.
  bool begins_interval(std::int64_t j) const { return j == 0 || interval(j - 1) != interval(j); }

  const double* t(std::int64_t j) const { return t_.data() + j * S_; }  // [S]
  const double* h(std::int64_t j) const { return h_.data() + j * S_; }  // [S]

 private:
  void add_equal(std::int64_t k, double t, double h);

  std::int64_t S_ = 0;
  std::vector<std::int64_t> interval_;
  std::vector<double> t_, h_;  // [N,S]
};

}  // namespace dynkit::training
