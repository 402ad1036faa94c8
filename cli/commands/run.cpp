#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "run_options.hpp"

namespace dynkit {

void add_run(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<RunArguments>();
  RunOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("run", "run an experiment file: model, dataset, analyses");
  command->footer(
      "Example:\n  dynkit run examples/flip_flop_gru.toml --out runs/flip_flop --seed 3\n\n"
      "Exit codes: 0 done, 1 a stage failed, 2 usage or settings, 3 plugin refused,\n"
      "4 input or output, 5 a plugin crashed or hung, 130 interrupted (what was done is kept).");
  command->add_option("experiment", options.experiment, "experiment file (TOML)")
      ->required()
      ->type_name("FILE");
  command->add_option("--out", options.folder, "run folder (default: runs/<experiment>)")
      ->type_name("FOLDER");
  command
      ->add_option("--set", options.assignments,
                   "change a setting: model.prefix=rnn., fixed_points.tolerance=1e-9, or one of a "
                   "component in a setting: spikes.dataset.trials=20; may be repeated")
      ->type_name("STAGE.KEY=VALUE");
  add_run_options(*command, *arguments);
  command->callback([&context, arguments] {
    context.action = [&context, arguments] {
      RunOptions& asked = arguments->options;
      if (asked.folder.empty()) {
        asked.folder = "runs/" + std::filesystem::path(asked.experiment).stem().string();
      }
      return execute(context, *arguments).exit_code;
    };
  });
}

}  // namespace dynkit
