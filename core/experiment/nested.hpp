// Components that stand in the settings of others: a dataset that makes its own trajectories of a
// model, `dataset = { component = "...", model = { component = "..." }, trials = 20 }`.
#pragma once

#include <string>
#include <vector>

#include "dynkit/core/experiment.hpp"
#include "dynkit/core/registry.hpp"

namespace dynkit {

/// The stage of [training].
inline constexpr const char* kTrainingStage = "training";

/// Names of the dataset, the training and the analyses that have run when `stage` runs, in this
/// order.
std::vector<std::string> stages_before(const Experiment& experiment, const std::string& stage);

/// What is wrong with the key `system` of an analysis; empty: nothing. Models are known once their
/// stage has run, stages are known now.
std::string system_flaw(const Experiment& experiment, const StagePlan& analysis);

/// The model that a setting stands for: a component, or a table with its settings, weights and
/// parameters. Throws Error (DK_SETTINGS) for a table that names no component.
ModelPlan model_in_setting(const Config& value);

/// The same for the table of a dataset.
StagePlan dataset_in_setting(const Config& value);

/// The component of a stage or of a setting. Throws Error like Registry::find, with the line.
LoadedComponent find_component(Registry& registry, const StagePlan& plan, const char* interface_id);

/// "stage/name" in two; both empty: the text has another form.
struct StoredName {
  std::string stage;
  std::string model;
};
StoredName stored_name(const std::string& text);

/// What went wrong in `setting` with the component in it: "line 9: setting 'dataset'
/// (org.example.trials): ...". The line is the one that the message begins with, else the value's.
std::string message_in_setting(const std::string& setting, const std::string& component,
                               const Config& value, const std::string& message);

/// Checks the settings of a stage as far as that is possible before anything is opened or
/// generated.
class NestedSettings {
 public:
  /// The registry and the experiment must outlive this object.
  NestedSettings(Registry& registry, const Experiment& experiment, const std::string& stage);

  /// Every setting that has a value, defaults included, checked for name, type, bounds and choices;
  /// tables of components with every setting of theirs. Throws Error (DK_SETTINGS); the message
  /// begins with the line.
  Config::Table checked(const dk_component& component, const Config::Table& given);

  /// The components that stand in the settings checked so far, at any depth.
  const std::vector<LoadedComponent>& components() const { return components_; }

 private:
  Config checked_model(const Config& value);
  Config checked_dataset(const Config& value);
  bool is_earlier(const std::string& stage) const;

  Registry& registry_;
  const Experiment& experiment_;
  std::vector<std::string> earlier_;
  std::vector<LoadedComponent> components_;
};

}  // namespace dynkit
