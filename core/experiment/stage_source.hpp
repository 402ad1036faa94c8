#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/experiment.hpp"
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
  explicit StageSource(const StageContext& context);
  ~StageSource() override;

  Array array(const Config& value) override;
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string& path) override;
  const dk_system* system(const Config& value) override;
  const dk_data* dataset(const Config& value) override;
  std::optional<std::int64_t> extent(const std::string& block, std::size_t axis) override;

  /// A model made from its plan: weights, then parameters.
  const System& make_system(const ModelPlan& plan);

  /// The run's model, as its own stage left it; nullptr if the run has none.
  const System* run_system();

  /// The arrays of an earlier stage.
  const dk_data* stage_data(const std::string& stage);

  /// The host table for the libraries in this folder.
  const dk_host& host(const std::string& directory);

  /// Files and stages that were read so far.
  const StageInputs& inputs() const { return inputs_; }

 private:
  struct Data;

  std::string resolve(const std::string& path) const;
  void note_file(const std::string& path);
  void note_stage(const std::string& stage);
  bool is_stage(const std::string& name) const;
  const System& keep(const LoadedComponent& component, const Config::Table& settings,
                     const std::function<std::vector<double>(const Model&)>& parameters);

  StageContext context_;
  StageInputs inputs_;
  const ArrayMap* weights_ = nullptr;  // of the model that is being made
  std::string prefix_;
  std::deque<HostTable> hosts_;
  std::deque<ArrayMap> weight_files_;
  std::vector<std::unique_ptr<System>> systems_;
  std::vector<std::unique_ptr<Data>> data_;
};

}  // namespace dynkit
