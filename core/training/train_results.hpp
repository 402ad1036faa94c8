// What a training shows: losses, their history, predictions beside the data.
#pragma once

#include <vector>

#include "dynkit/job.hpp"
#include "engine.hpp"
#include "plan.hpp"

namespace dynkit::training {

struct FittedModel {
  const Fit& fit;
  const Split& split;
  const Variables& variables;               // the best
  const std::vector<double>& first_values;  // where training began
  const VariableMap& map;
  const TrainerState& state;
  const TrainingOutcome& outcome;
  const char* precision;
};

void put_results(const FittedModel& fitted, Engine& engine, const Sink& sink);

}  // namespace dynkit::training
