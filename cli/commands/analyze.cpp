#include <CLI/CLI.hpp>
#include <memory>

#include "component_names.hpp"
#include "dynkit/analysis.h"
#include "dynkit/model.h"
#include "model_options.hpp"
#include "run_options.hpp"

namespace dynkit {
namespace {

struct AnalyzeArguments {
  RunArguments run;
  ModelArguments model;
  std::string analysis;
};

int analyze(const CommandContext& context, AnalyzeArguments& arguments) {
  RunOptions& options = arguments.run.options;
  Registry registry = open_registry(context, arguments.run.plugin_folders);
  const std::string analysis =
      find_component_name(registry, arguments.analysis, DK_ANALYSIS_V1).reference;
  arguments.model.component =
      find_component_name(registry, arguments.model.component, DK_MODEL_V1).reference;
  options.text = experiment_text("analyze " + analysis + " of " + arguments.model.component,
                                 arguments.model, {"[[analysis]]", analysis, {}}, registry);
  if (options.folder.empty()) {
    options.folder = "runs/" + last_part(analysis) + "_of_" + last_part(arguments.model.component);
  }
  return execute(context, arguments.run).exit_code;
}

}  // namespace

void add_analyze(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<AnalyzeArguments>();
  CLI::App* command = app.add_subcommand("analyze", "one analysis of one model");
  command->footer(
      "Examples:\n"
      "  dynkit analyze lyapunov lorenz63 --set length=1000\n"
      "  dynkit analyze fixed_points gru --weights weights.npz --prefix rnn. --set starts=h.npy\n\n"
      "The run folder holds experiment.toml, which dynkit run takes. The settings of an\n"
      "analysis, for --set: dynkit plugin info org.dynkit.lyapunov");
  command
      ->add_option("analysis", arguments->analysis,
                   "component id of the analysis, or its last part: fixed_points")
      ->required()
      ->type_name("ANALYSIS");
  add_model_options(*command, arguments->model);
  command
      ->add_option("--set", arguments->model.settings,
                   "a setting of the analysis, tolerance=1e-9, of a component in a setting, "
                   "KEY.KEY=VALUE, or of the model, model.n=40; may be repeated")
      ->type_name("KEY=VALUE");
  command
      ->add_option("--out", arguments->run.options.folder,
                   "run folder (default: runs/<analysis>_of_<model>)")
      ->type_name("FOLDER");
  add_run_options(*command, arguments->run);
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { return analyze(context, *arguments); };
  });
}

}  // namespace dynkit
