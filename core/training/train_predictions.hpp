// Predictions of a fitted model beside the data.
#pragma once

#include <cstdint>
#include <vector>

#include "train_results.hpp"

namespace dynkit::training {

/// Trials to judge by: of the test, of the validation, or all that there are.
const std::vector<std::int64_t>& judged_trials(const Split& split);

/// Free runs of some of these trials, over time and in the phase plane, and how far they extend.
void put_predictions(const FittedModel& fitted, Engine& engine, const Sink& sink);

}  // namespace dynkit::training
