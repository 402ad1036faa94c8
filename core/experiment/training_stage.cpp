#include "training_stage.hpp"

#include <fmt/format.h>

#include "dynkit/core/files.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/training.hpp"
#include "dynkit/error.hpp"
#include "nested.hpp"
#include "result_sink.hpp"

namespace dynkit {
namespace {

// The number of components of the data that a readout is compared with.
std::int64_t observed_width(const dk_data& data, const Config::Table& settings) {
  const std::string name = observed_series(settings);
  dk_array array{};
  dk_error error{};
  if (data.find(&data, name.c_str(), &array, &error) != DK_OK || array.rank != 3) {
    throw Error(DK_SETTINGS,
                fmt::format("the readout is compared with '{}' [trials, times, components], which "
                            "the dataset has not put",
                            name));
  }
  return array.shape[2];
}

// The readout's parameters, "readout/weight".
void put_readout(const Readout& readout, const std::vector<double>& theta, StageResult& result) {
  for (auto& [block, array] : parameters_as_arrays(readout.layout(), theta)) {
    result.arrays["readout/" + block] = array;
  }
}

// With all that was read: a checkpoint of other data, another model or other weights is not one of
// this training.
std::string checkpoint_key(const std::string& key, const StageInputs& inputs) {
  std::string text = key;
  for (const auto* list : {&inputs.files, &inputs.stages}) {
    for (const NamedText& one : *list) text += fmt::format("\n{} {}", one.name, one.value);
  }
  return sha256(as_bytes(text));
}

}  // namespace

bool run_training(const StageContext& context, StageSource& source, const std::string& key,
                  StageResult& result) {
  const Experiment& experiment = context.experiment;
  const System& system = *source.run_system();
  const dk_data& data = *source.stage_data(experiment.dataset->name);
  const Config::Table settings = checked_training(experiment.training->settings);
  StageSource::MadeReadout made;
  if (experiment.readout) {
    made = source.make_readout(*experiment.readout, system.model().info().n,
                               observed_width(data, settings));
  }
  result.time_kind = system.model().info().time_kind;
  result.settings = training_settings(context);
  const ResultSink sink(result, [](const std::string&, const dk_system&) {});
  const TrainedParameters trained =
      train({system, made.readout.get(), made.theta, settings, data,
             make_stream(experiment.seed, kTrainingStage),
             context.run_folder + "/stages/training.npz", checkpoint_key(key, source.inputs())},
            sink.table());
  const System fitted(system.shared_model(), trained.theta, system.host());
  result.models.push_back(store_model("model", fitted));
  if (made.readout) put_readout(*made.readout, trained.readout_theta, result);
  if (!trained.failure.empty()) {
    result.status = StageStatus::failed;
    result.message = trained.failure;
  }
  return trained.interrupted;
}

std::string training_surroundings(const StageContext& context) {
  if (!context.experiment.readout) return {};
  const ModelPlan& plan = *context.experiment.readout;
  const LoadedComponent component = find_component(context.registry, plan.stage, DK_READOUT_V1);
  return fmt::format("\nreadout {} {} {}\n{}\n{}\n{}\n{}", component.component->id,
                     component.component->version, component.sha256,
                     to_text(Config{plan.stage.settings, 0}), plan.weights, plan.prefix,
                     to_text(Config{plan.parameters, 0}));
}

std::vector<NamedText> training_settings(const StageContext& context) {
  std::vector<NamedText> texts =
      settings_texts(checked_training(context.experiment.training->settings));
  if (!context.experiment.readout) return texts;
  const ModelPlan& plan = *context.experiment.readout;
  texts.push_back({"readout", to_text({plan.stage.component, 0})});
  for (const NamedText& setting : settings_texts(plan.stage.settings)) {
    texts.push_back({"readout." + setting.name, setting.value});
  }
  return texts;
}

}  // namespace dynkit
