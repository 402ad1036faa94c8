#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/run.hpp"
#include "dynkit/host.h"
#include "output/progress.hpp"
#include "output/tables.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

constexpr std::size_t kMostRows = 40;

struct RunArguments {
  RunOptions options;
  std::vector<std::string> plugin_folders;
  std::optional<std::int64_t> seed;
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
};

class RunPrinter : public RunObserver {
 public:
  RunPrinter(bool show_results, bool show_progress)
      : show_results_(show_results), line_(show_progress) {}

  void stage_started(const std::string& stage) override { line_.draw(stage, -1.0, ""); }

  void progress(const std::string& stage, double fraction, const std::string& text) override {
    line_.draw(stage, fraction, text);
  }

  void log(int level, const std::string& text) override {
    if (level < DK_LOG_WARNING) return;
    line_.clear();
    print_note(text);
  }

  void stage_ended(const StageResult& result, bool reused) override {
    line_.clear();
    if (!show_results_ || result.status == StageStatus::failed ||
        result.status == StageStatus::crashed) {
      return;
    }
    const int width = terminal_width();
    std::string text = fmt::format("{}: {} {}, {}\n", result.name, result.component,
                                   result.version,
                                   reused ? "unchanged" : fmt::format("{:.2f} s", result.seconds));
    text += format_summary(result, width);
    for (const Table& table : result.tables) text += "\n" + format_table(table, kMostRows, width);
    print(text + "\n");
  }

 private:
  bool show_results_;
  ProgressLine line_;
};

std::string default_folder(const std::string& experiment) {
  return "runs/" + std::filesystem::path(experiment).stem().string();
}

int run(const CommandContext& context, RunArguments arguments) {
  RunOptions& options = arguments.options;
  options.program = context.program;
  options.cancelled = context.cancelled;
  options.plugin_folders = plugin_search_path(arguments.plugin_folders, context.program);
  if (options.folder.empty()) options.folder = default_folder(options.experiment);
  if (arguments.seed) options.assignments.push_back(fmt::format("seed={}", *arguments.seed));
  if (arguments.dry_run) {
    print(describe_experiment(options));
    return 0;
  }
  RunPrinter printer(!arguments.json && !arguments.quiet, !arguments.quiet);
  const RunOutcome outcome = run_experiment(options, printer);
  if (outcome.exit_code != 0) print_error(outcome.message);
  if (arguments.json) {
    print(outcome.json);
  } else if (!arguments.quiet) {
    print(fmt::format("results: {}/results.h5\nreport:  {}\n", options.folder, outcome.report));
  }
  return outcome.exit_code;
}

}  // namespace

void add_run(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<RunArguments>();
  RunOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("run", "run an experiment file: model, dataset, analyses");
  command->footer(
      "Example:\n  dynkit run examples/flip_flop_gru.toml --out runs/flip_flop --seed 3\n\n"
      "Exit codes: 0 done, 1 a stage failed, 2 usage or settings, 3 plugin refused,\n"
      "4 input or output, 5 a plugin crashed or hung, 130 interrupted (what was done is kept).");
  command->add_option("experiment", options.experiment, "experiment file (TOML)")->required();
  command->add_option("--out", options.folder, "run folder (default: runs/<experiment>)");
  command->add_flag("--resume", options.resume,
                    "go on in a run folder that exists; unchanged stages are not run again");
  command->add_option("--set", options.assignments,
                      "change a setting: seed=3, model.prefix=rnn., fixed_points.tolerance=1e-9");
  command->add_option("--seed", arguments->seed, "random seed, in place of the file's")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--threads", options.threads, "threads (default: one for each core)")
      ->check(CLI::Range(0, 4096));
  command->add_option("--time-limit", options.time_limit,
                      "seconds without a sign of life after which a stage is ended (default: none)")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--plugin-path", arguments->plugin_folders,
                      "folder to search for plugins first; may be repeated");
  command->add_flag("--dry-run", arguments->dry_run, "check, show all settings, run nothing");
  command->add_flag("--in-process", options.in_process,
                    "no worker processes, for debuggers: a crash ends dynkit");
  command->add_flag("--json", arguments->json, "print the content of run.json and nothing else");
  command->add_flag("--quiet", arguments->quiet, "print errors only");
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { return run(context, *arguments); };
  });
}

}  // namespace dynkit
