#pragma once

#include <string>
#include <vector>

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
  std::vector<std::string> settings;    // "key=value" of the stage, "model.key=value" of the model
};

void add_model_options(CLI::App& command, ModelArguments& model);

/// The stage that uses the model.
struct StageOnModel {
  std::string heading;  // "[dataset]" or "[[analysis]]"
  std::string component;
  std::vector<std::string> settings;  // "key=value", before those of the command line
};

/// An experiment file with that model and one stage on it. Throws Error (DK_SETTINGS) for
/// assignments that are none.
std::string experiment_text(const std::string& title, const ModelArguments& model,
                            const StageOnModel& stage);

}  // namespace dynkit
