#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "component_names.hpp"
#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "model_options.hpp"
#include "output/terminal.hpp"
#include "run_options.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTrajectories = "org.dynkit.trajectories";
struct SimulateArguments {
  RunArguments run;
  ModelArguments model;
  std::optional<std::int64_t> trials, samples;
  std::optional<double> duration, dt, burn_in, rtol, atol;
  std::string initial, input, method, save;
  bool noise = false;
};

std::vector<OptionValue> options_of(const SimulateArguments& arguments) {
  std::vector<OptionValue> options;
  const auto add = [&](const char* option, const char* key, const auto& value) {
    if (value) options.push_back({option, key, fmt::format("{}", *value)});
  };
  const auto add_text = [&](const char* option, const char* key, const std::string& value) {
    if (!value.empty()) options.push_back({option, key, value});
  };
  add("--trials", "trials", arguments.trials);
  add("--samples", "samples", arguments.samples);
  add("--duration", "duration", arguments.duration);
  add("--dt", "dt", arguments.dt);
  add("--burn-in", "burn_in", arguments.burn_in);
  add_text("--initial", "initial", arguments.initial);
  add_text("--input", "input", arguments.input);
  if (arguments.noise) options.push_back({"--noise", "noise", "true"});
  add_text("--method", "method", arguments.method);
  add("--rtol", "rtol", arguments.rtol);
  add("--atol", "atol", arguments.atol);
  return options;
}

// The generator can take a model of its own, which would not be the one that was named.
void check_model(const ModelArguments& model) {
  for (const std::string& text : model.settings) {
    if (!text.starts_with("model=")) continue;
    throw Error(DK_SETTINGS, fmt::format("--set {}: the model is {} already, by the words of the "
                                         "command itself",
                                         printable(text), model.component));
  }
}

// What cannot be saved is refused before anything is computed.
void check_save(const std::string& path) {
  const fs::path parent = fs::absolute(path).parent_path();
  if (!fs::is_directory(parent)) {
    throw Error(DK_IO, fmt::format("--save {}: there is no folder {}", path, parent.string()));
  }
  // Trajectories are several arrays of up to three dimensions.
  constexpr const char* kEndings[] = {".npz", ".h5", ".hdf5", ".safetensors"};
  const std::string ending = fs::path(path).extension().string();
  if (std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings)) return;
  throw Error(DK_SETTINGS,
              fmt::format("--save {}: the ending is none of {}", path, fmt::join(kEndings, " ")));
}

void save(const RunOutcome& outcome, const std::string& path, bool quiet) {
  ArrayMap arrays;
  for (const auto& [name, array] : outcome.stages.back().arrays) {
    if (!array.shape.empty()) arrays.emplace(name, array);
  }
  save_arrays(path, arrays);
  if (!quiet) print(fmt::format("saved:   {}\n", path));
}

int simulate(const CommandContext& context, SimulateArguments& arguments) {
  RunOptions& options = arguments.run.options;
  if (!arguments.save.empty()) check_save(arguments.save);
  Registry registry = open_registry(context, arguments.run.plugin_folders);
  arguments.model.component =
      find_component_name(registry, arguments.model.component, DK_MODEL_V1).reference;
  check_model(arguments.model);
  options.text = experiment_text("simulate " + arguments.model.component, arguments.model,
                                 {"[dataset]", kTrajectories, options_of(arguments)}, registry);
  if (options.folder.empty()) {
    options.folder = "runs/simulate_" + last_part(arguments.model.component);
  }
  const RunOutcome outcome = execute(context, arguments.run);
  if (outcome.exit_code == 0 && !arguments.run.dry_run && !arguments.save.empty()) {
    save(outcome, arguments.save, arguments.run.common.quiet || arguments.run.common.json);
  }
  return outcome.exit_code;
}

void add_time_options(CLI::App& command, SimulateArguments& arguments) {
  constexpr const char* kGroup = "Simulation";
  command
      .add_option("--duration", arguments.duration,
                  "time of the last sample, in place of --samples or --dt")
      ->check(positive_number())
      ->type_name("TIME")
      ->group(kGroup);
  command
      .add_option("--dt", arguments.dt, "time between samples (default: 0.01; of a map: one step)")
      ->check(positive_number())
      ->type_name("TIME")
      ->group(kGroup);
  command
      .add_option("--samples", arguments.samples,
                  "number of samples, the initial state included (default: 1000)")
      ->check(positive_number())
      ->type_name("N")
      ->group(kGroup);
  command.add_option("--burn-in", arguments.burn_in, "time that is simulated first and left out")
      ->check(number_from_zero())
      ->type_name("TIME")
      ->group(kGroup);
}

void add_simulation_options(CLI::App& command, SimulateArguments& arguments) {
  constexpr const char* kGroup = "Simulation";
  command.add_option("--trials", arguments.trials, "number of trajectories")
      ->check(positive_number())
      ->type_name("N")
      ->group(kGroup);
  command
      .add_option("--initial", arguments.initial,
                  "initial state \"[1, 0, 2]\", one for each trial, or a file of them")
      ->type_name("ARRAY")
      ->group(kGroup);
  command.add_option("--input", arguments.input, "constant input \"[0.5]\", or a file")
      ->type_name("ARRAY")
      ->group(kGroup);
  command.add_flag("--noise", arguments.noise, "with the model's own noise")->group(kGroup);
  command
      .add_option("--method", arguments.method,
                  "tsit5 dop853 rk4 adams bdf arkode euler_maruyama heun baoab (default: chosen)")
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--rtol", arguments.rtol, "relative tolerance")
      ->type_name("NUMBER")
      ->group(kGroup);
  command.add_option("--atol", arguments.atol, "absolute tolerance")
      ->type_name("NUMBER")
      ->group(kGroup);
}

}  // namespace

void add_simulate(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App* command = app.add_subcommand("simulate", "trajectories of one model");
  command->footer(
      "Example:\n"
      "  dynkit simulate lorenz63 --parameter rho=20 --duration 50 --dt 0.01 --save lorenz.npz\n\n"
      "The run folder holds experiment.toml, which dynkit run takes. All settings of the\n"
      "simulation, for --set: dynkit plugin info org.dynkit.trajectories");
  add_model_options(*command, arguments->model);
  command
      ->add_option("--set", arguments->model.settings,
                   "a setting of the simulation, spread=0.1, or of the model, model.n=40; may be "
                   "repeated")
      ->type_name("KEY=VALUE");
  command
      ->add_option("--out", arguments->run.options.folder,
                   "run folder (default: runs/simulate_<model>)")
      ->type_name("FOLDER");
  command
      ->add_option("--save", arguments->save, "also write the trajectories: .npz .h5 .safetensors")
      ->type_name("FILE");
  add_time_options(*command, *arguments);
  add_simulation_options(*command, *arguments);
  add_run_options(*command, arguments->run);
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { return simulate(context, *arguments); };
  });
}

}  // namespace dynkit
