#pragma once

#include <string>
#include <vector>

#include "dynkit/core/registry.hpp"

namespace CLI {
class App;
}

namespace dynkit {

/// A model named on the command line, and values for it and for the stage that uses it.
struct ModelArguments {
  std::string component;
  std::string weights;
  std::string prefix;
  std::vector<std::string> parameters;  // "rho=28"
  std::vector<std::string> settings;    // "key=value" of the stage, "model.key=value" of the model;
                                        // "key.key=value" of a component in a setting
};

void add_model_options(CLI::App& command, ModelArguments& model);

/// A setting that has an option of its own.
struct OptionValue {
  std::string option;  // "--burn-in"
  std::string key;     // "burn_in"
  std::string value;
};

/// The stage that uses the model.
struct StageOnModel {
  std::string heading;  // "[dataset]" or "[[analysis]]"
  std::string component;
  std::vector<OptionValue> options;
};

/// An experiment file with that model and one stage on it. The registry tells which settings name
/// files. Throws Error (DK_SETTINGS) for
/// assignments that are none, and for a setting that both --set and an option of its own give.
std::string experiment_text(const std::string& title, const ModelArguments& model,
                            const StageOnModel& stage, Registry& registry);

/// An experiment file that trains that model on a dataset, through a readout unless that is empty.
/// Settings are those of the training, or "model.key", "dataset.key", "readout.key".
std::string training_text(const std::string& title, const ModelArguments& model,
                          const std::string& dataset, const std::string& readout,
                          Registry& registry);

}  // namespace dynkit
