// The stage that fits the model of a run to its dataset.
#pragma once

#include <string>
#include <vector>

#include "dynkit/core/result.hpp"
#include "stage_source.hpp"

namespace dynkit {

/// Trains, and fills the result with what training put and the fitted "model". `key` identifies
/// its settings: its checkpoint, stages/training.npz in the run folder, is gone on from if that was
/// made with the same ones from the same files and stages. True: it was stopped on request, and the
/// best so far is in the result, as it is where the status of the result becomes `failed`. Throws
/// Error like `train`.
bool run_training(const StageContext& context, StageSource& source, const std::string& key,
                  StageResult& result);

/// What a training depends on besides its settings: the readout with its library.
std::string training_surroundings(const StageContext& context);

/// Settings as they are recorded: those of the training, then the readout's.
std::vector<NamedText> training_settings(const StageContext& context);

}  // namespace dynkit
