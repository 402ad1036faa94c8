#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dynkit/core/config.hpp"

namespace dynkit {

/// A component with the settings that the user gave: one stage of a run.
struct StagePlan {
  std::string name;       // unique in the run; names its results
  std::string component;  // "org.example.name" or "org.example.name@1"
  Config::Table settings;
  std::optional<Config> system;  // of an analysis: which model it works on
  int line = 0;                  // of the table
  int component_line = 0;
};

/// The model of a run, and where its parameters come from: the component's own, then `weights`,
/// then `parameters`.
struct ModelPlan {
  StagePlan stage;      // named "model"
  std::string weights;  // file with a state dict; empty: none
  std::string prefix;   // of the names in it, "net."
  Config::Table parameters;
};

/// An experiment file: what to run on what.
///
///   title = "..."             seed = 0
///   [model]                   component, weights, prefix, parameters, and its settings
///   [dataset]                 component, name, and its settings
///   [readout]                 component, weights, prefix, parameters, and its settings
///   [training]                settings of the training (dynkit/core/training.hpp)
///   [[analysis]]              component, name, system, and its settings; any number
///
/// A training fits the [model], and the [readout] where there is one, to the dataset. Its stage is
/// named "training" and puts the fitted "model".
///
/// An analysis works on the model that its key `system` names: "model", the run's own before any
/// training, or "stage/name", a model that an earlier stage put: "training/model", or the system
/// that made a dataset's trajectories ("trajectories/system"). Left out: the fitted model, without
/// a training the [model], without that the first model that the dataset put.
///
/// A setting that stands for a model is a component, or a table of a component with its settings,
/// or one of the names that `system` takes. One that stands for a dataset is the name of an earlier
/// stage, or a table of a component with its settings:
///
///   dataset = { component = "org.example.trials", model = { component = "org.example.pendulum" } }
///
/// That dataset is generated for the stage in whose settings it stands, and the models that it puts
/// become models of that stage. A component in a setting has a random stream of its own, the root
/// stream of (seed, "stage/setting"), or of (seed, "stage/setting/setting") one level further in.
struct Experiment {
  std::string text;       // as given
  std::string path;       // of the file, for messages
  std::string directory;  // that relative paths in it start from
  std::string title;
  std::uint64_t seed = 0;
  std::optional<ModelPlan> model;
  std::optional<StagePlan> dataset;
  std::optional<ModelPlan> readout;   // named "readout"
  std::optional<StagePlan> training;  // named "training"; its component is the host's own
  std::vector<StagePlan> analyses;
  std::vector<std::string> assignments;  // "key=value", set after reading, in their order
};

/// Parses TOML. Throws Error (DK_SETTINGS) with file and line where the text is not TOML.
Config parse_toml(const std::string& text, const std::string& path);

/// Reads an experiment file strictly. Throws Error (DK_IO, DK_SETTINGS); the message names file,
/// line and, for an unknown key, the nearest known one.
Experiment read_experiment(const std::string& path);

/// The same from text. `directory` is where relative paths start.
Experiment parse_experiment(const std::string& text, const std::string& path,
                            const std::string& directory);

/// Sets a value as `key=value` does on the command line: `seed=3`, `model.prefix=net.`,
/// `search.tolerance=1e-9` (a stage's setting), `spikes.dataset.trials=20` (a setting of a
/// component in a setting, at any depth). Texts need no quotes. Values that are set get the line
/// `line`, tables that are changed line 0: no line of the file is to blame. Throws Error
/// (DK_SETTINGS).
void set_value(Experiment& experiment, const std::string& assignment, int line = 0);

/// No experiment file has so many lines: line kAssignmentLine + i is the assignment i.
inline constexpr int kAssignmentLine = 1 << 25;

/// The assignments of a run in their order, each with its line.
void set_values(Experiment& experiment, const std::vector<std::string>& assignments);

/// Sets the value at a path below the settings of one component: "tolerance", "dataset.model.n".
/// What is not there yet is made, so that a component can be written key by key; one that is named
/// by its id alone, model = "org.example.pendulum", becomes a table of it. Tables that are made get
/// the line of the value, those that are changed line 0. Behind "parameters."
/// stands one name, since names of parameters have dots. Throws Error (DK_SETTINGS) for a path with
/// an empty part or one that leads through a value without settings of its own.
void assign_setting(Config::Table& settings, const std::string& path, Config value);

}  // namespace dynkit
