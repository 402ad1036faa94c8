// The settings of a training, read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dynkit/core/config.hpp"
#include "fit.hpp"
#include "trainer.hpp"

namespace dynkit::training {

enum class Precision { automatic, single_precision, double_precision };

struct TrainingPlan {
  std::vector<ObjectiveTerm> terms;
  std::string inputs;
  InitialState initial = InitialState::data;
  std::vector<double> initial_state;
  Forcing forcing;
  Shooting shooting;
  RolloutOptions rollout;
  std::int64_t part_rows = 32;
  TrainerOptions trainer;
  MinimizerOptions minimizer;
  double validation = 0.0, test = 0.0;  // shares of the trials where the data have no split
  Precision precision = Precision::automatic;
  double penalty = 0.0, jacobian_penalty = 0.0;
  std::map<std::string, double> penalties;  // by block
  std::vector<std::string> freeze;          // blocks
};

/// The terms of the objective, from checked settings. `has_readout`: whether they compare
/// observations where they do not say. Throws Error (DK_SETTINGS) for a component that is no
/// whole number.
std::vector<ObjectiveTerm> read_terms(const Config::Table& checked, bool has_readout);

/// From checked settings. `has_readout`: whether terms compare observations where they do not say.
/// Throws Error (DK_SETTINGS) where settings do not go together, or one would not be heeded.
TrainingPlan read_plan(const Config::Table& checked, bool has_readout);

}  // namespace dynkit::training
