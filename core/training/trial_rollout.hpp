// What a rollout of some trials begins from, is driven by and is drawn to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fit.hpp"
#include "rollout.hpp"

namespace dynkit::training {

/// S trials at a time, whichever these are. States are rows of `width` >= n numbers, of which the
/// first n are the model's; the others begin, and are drawn to, zero.
template <class Number>
class TrialRollout {
 public:
  TrialRollout(const Fit& fit, std::int64_t S, std::int64_t width);

  /// Free runs up to time T and the lag behind it.
  void begin(const Variables& variables, const VariableMap& map, const std::int64_t* trials,
             std::int64_t T);
  /// After `begin`: with the states that trajectories are drawn to, or go on from.
  void add_teacher(const Variables& variables, const VariableMap& map, const std::int64_t* trials,
                   std::int64_t T);

  const RolloutData<Number>& data() const { return data_; }
  /// [S,width], to be changed before a rollout.
  std::vector<Number>& initial_states() { return x0_; }
  double alpha(std::int64_t k) const { return alpha_[static_cast<std::size_t>(k)]; }
  /// Of row s at time k [n], after `add_teacher`.
  const Number* teacher(std::int64_t k, std::int64_t s) const {
    return teacher_.data() + (k * S_ + s) * width_;
  }

 private:
  void load_series(const std::string& name, const std::int64_t* trials, std::int64_t T,
                   std::int64_t width, std::vector<Number>& rows) const;
  void load_initial_states(const Variables& variables, const VariableMap& map,
                           const std::int64_t* trials);

  const Fit& fit_;
  const std::int64_t S_, n_, m_, width_;
  RolloutData<Number> data_;
  std::vector<double> times_;  // the data's, and those behind them that a lag needs
  std::vector<Number> x0_, inputs_, teacher_;
  std::vector<double> alpha_;
};

}  // namespace dynkit::training
