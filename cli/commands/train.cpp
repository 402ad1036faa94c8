#include <CLI/CLI.hpp>
#include <memory>

#include "component_names.hpp"
#include "dynkit/dataset.h"
#include "dynkit/model.h"
#include "dynkit/readout.h"
#include "model_options.hpp"
#include "run_options.hpp"

namespace dynkit {
namespace {

struct TrainArguments {
  RunArguments run;
  ModelArguments model;
  std::string dataset, readout;
};

int train(const CommandContext& context, TrainArguments& arguments) {
  RunOptions& options = arguments.run.options;
  Registry registry = open_registry(context, arguments.run.plugin_folders);
  const auto full_name = [&](const std::string& name, const char* interface_id) {
    return name.empty() ? name : find_component_name(registry, name, interface_id).reference;
  };
  ModelArguments& model = arguments.model;
  model.component = full_name(model.component, DK_MODEL_V1);
  const std::string dataset = full_name(arguments.dataset, DK_DATASET_V1);
  options.text = training_text("train " + model.component + " on " + dataset, model, dataset,
                               full_name(arguments.readout, DK_READOUT_V1), registry);
  if (options.folder.empty()) {
    options.folder = "runs/" + last_part(model.component) + "_on_" + last_part(dataset);
  }
  return execute(context, arguments.run).exit_code;
}

}  // namespace

void add_train(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = app.add_subcommand("train", "fit one model to one dataset");
  command->footer(
      "Examples:\n"
      "  dynkit train gru flip_flop --readout affine --set model.n=24 --set model.m=3 \\\n"
      "    --set initial_state=zero --set batch=50 --set learning_rate=0.01\n"
      "  dynkit train node recording --set model.n=2 --set 'dataset.columns=[1, 2]' \\\n"
      "    --set dataset.data=examples/data/lynx_hare/hudson-bay-lynx-hare.csv \\\n"
      "    --set dataset.standardize=true --set horizon=5 --set epochs=500\n\n"
      "The run folder holds experiment.toml, which dynkit run takes, and the fitted parameters in\n"
      "model.h5. The settings of a training, for --set: dynkit plugin info training");
  add_model_options(*command, arguments->model);
  command
      ->add_option("dataset", arguments->dataset,
                   "component id of the dataset, or its last part: flip_flop")
      ->required()
      ->type_name("DATASET");
  command
      ->add_option("--readout", arguments->readout,
                   "component id of what stands between states and data, or its last part: affine")
      ->type_name("READOUT");
  command
      ->add_option("--set", arguments->model.settings,
                   "a setting of the training, epochs=200, or of a component, model.n=40, "
                   "dataset.trials=600, readout.link=exp; may be repeated")
      ->type_name("KEY=VALUE");
  command
      ->add_option("--out", arguments->run.options.folder,
                   "run folder (default: runs/<model>_on_<dataset>)")
      ->type_name("FOLDER");
  add_run_options(*command, arguments->run);
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { return train(context, *arguments); };
  });
}

}  // namespace dynkit
