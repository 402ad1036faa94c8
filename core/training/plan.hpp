// The settings of a training, read.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "dynkit/core/config.hpp"
#include "fit.hpp"
#include "trainer.hpp"

namespace dynkit::training {

enum class Precision { automatic, single_precision, double_precision };

struct TrainingPlan {
  std::vector<ObjectiveTerm> terms;
  std::string inputs;  // series; empty: the model is not driven
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

/// Throws Error (DK_SETTINGS) with the reason where one of these settings is not its default.
void refuse_given(const Config::Table& checked, std::span<const char* const> keys,
                  const std::string& reason);

/// The terms of the objective, from checked settings. `has_readout`: whether they compare
/// observations where they do not say. Throws Error (DK_SETTINGS) for a component that is no
/// whole number.
std::vector<ObjectiveTerm> read_terms(const Config::Table& checked, bool has_readout);

/// From checked settings. `has_readout`: whether terms compare observations where they do not say.
/// Throws Error (DK_SETTINGS) where settings do not go together, or one would not be heeded.
TrainingPlan read_plan(const Config::Table& checked, bool has_readout);

}  // namespace dynkit::training
