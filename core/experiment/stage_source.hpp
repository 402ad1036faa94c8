#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/experiment.hpp"
#include "dynkit/core/readout.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/settings.hpp"
#include "dynkit/core/system.hpp"
#include "result_files.hpp"

namespace dynkit {

/// Where a stage runs: the run it belongs to and the host that serves it.
struct StageContext {
  const Experiment& experiment;
  std::string run_folder;
  Registry& registry;
  Services& services;
};

/// Opens what the settings of one stage name, and notes what was read. Everything lives as long as
/// this object.
class StageSource : public SettingSource {
 public:
  StageSource(const StageContext& context, const std::string& stage);
  ~StageSource() override;

  /// The settings of the stage's own component, and of the components that stand in them.
  ResolvedSettings open(const LoadedComponent& component, const Config::Table& settings);

  Array array(const Config& value) override;
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string& path) override;
  const dk_system* system(const Config& value) override;
  const dk_data* dataset(const Config& value) override;
  std::optional<std::int64_t> extent(const std::string& block, std::size_t axis) override;

  /// The run's model, made from its plan: weights, then parameters.
  const System& make_run_system();

  /// The readout of the run with its first parameters: from weights, then `parameters`. Its sizes
  /// are n states and o observations where it was given none.
  struct MadeReadout {
    std::unique_ptr<Readout> readout;
    std::vector<double> theta;
  };
  MadeReadout make_readout(const ModelPlan& plan, std::int64_t n, std::int64_t o);

  /// The run's model, as its own stage left it; nullptr if the run has none.
  const System* run_system();

  /// A model that an earlier stage put, the first one if `model` is empty; nullptr if it put none
  /// at all. Throws Error (DK_SETTINGS) if there is none of that name.
  const System* stored_system(const std::string& stage, const std::string& model);

  /// What the datasets in settings put along with their arrays, in the order of generation.
  const std::vector<StoredModel>& nested_models() const { return nested_models_; }

  /// The arrays of an earlier stage.
  const dk_data* stage_data(const std::string& stage);

  /// The host table for the libraries in this folder.
  const dk_host& host(const std::string& directory);

  /// Files, as the settings name them, and stages that were read so far.
  const StageInputs& inputs() const { return inputs_; }

 private:
  struct Data;
  class Opening;

  const System& make_system(const ModelPlan& plan, const std::string& path);

  // Where no weights are given. Random ones come with a warning: whoever studies a trained network
  // must hear that this one is not.
  std::vector<double> untrained_parameters(const Model& model, const ModelPlan& plan,
                                           const dk_host& table, const std::string& path) const;
  const dk_data* generate(const StagePlan& plan, const std::string& path);
  const ArrayMap* load_weights(const ModelPlan& plan);
  std::string resolve(const std::string& path) const;
  void note_file(const std::string& written, const std::string& path);
  void note_stage(const std::string& stage);
  bool is_stage(const std::string& name) const;
  const System& remake(const StoredModel& kept, const std::string& origin);
  const System& keep(const LoadedComponent& component, const Config::Table& settings,
                     const std::string& path, const ArrayMap* weights, const std::string& prefix,
                     const std::function<std::vector<double>(const Model&)>& parameters);

  StageContext context_;
  std::string stage_;
  StageInputs inputs_;
  Opening* opening_ = nullptr;  // the innermost component whose settings are being opened
  std::deque<HostTable> hosts_;
  std::deque<ArrayMap> weight_files_;
  std::vector<std::unique_ptr<System>> systems_;
  std::map<std::string, const System*> stored_;  // by "stage/model"
  std::vector<std::unique_ptr<Data>> data_;
  std::vector<StoredModel> nested_models_;
};

/// True if every file and stage that a stage read is what it was: what the settings name is looked
/// up as they would now. Throws Error (DK_IO) for a file that cannot be read.
bool are_unchanged(const StageInputs& inputs, const StageContext& context);

/// Enough of a system to make it again.
StoredModel store_model(const std::string& name, const System& system);

std::vector<NamedText> settings_texts(const Config::Table& settings);

}  // namespace dynkit
