#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dynkit/core/config.hpp"
#include "dynkit/core/readout.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/job.h"
#include "dynkit/plugin.h"

namespace dynkit {

/// What the table [training] of an experiment may hold, for messages and help. Besides, its key
/// `objective` may be a list of tables ([[training.objective]]), `initial_state` a list of numbers,
/// `freeze` a list of names of parameter blocks, and `penalties` a table from such names to
/// numbers.
const dk_component& training_component();
/// What a table [[training.objective]] may hold.
const dk_component& objective_component();

/// Every setting of a table [training] that has a value, checked. Throws Error (DK_SETTINGS); the
/// message begins with the line where that is known.
Config::Table checked_training(const Config::Table& given);

/// The series that the first term on observations is compared with, "targets" if no term names one:
/// what decides the size of a readout that was given none.
std::string observed_series(const Config::Table& checked);

/// A training: the model with its first parameters, an optional readout, data, settings.
struct TrainingRequest {
  const System& system;
  const Readout* readout = nullptr;
  std::vector<double> readout_theta;
  const Config::Table& settings;  // as `checked_training` gives them
  const dk_data& data;
  dk_stream stream;
  std::filesystem::path checkpoint;  // file of the state, read if it holds `key`
  std::string key;
};

struct TrainedParameters {
  std::vector<double> theta, readout_theta;
  bool interrupted = false;  // on request: the best so far
  std::string failure;       // why the loss did not stay finite; the best before. Empty: it did
};

/// Fits the parameters and puts the history, losses, predictions and figures into the sink. Throws
/// Error (DK_SETTINGS, DK_SHAPE_MISMATCH) where the parts do not go together.
TrainedParameters train(const TrainingRequest& request, const dk_sink& sink);

}  // namespace dynkit
