#include "run_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "dynkit/core/config.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/error.hpp"
#include "dynkit/host.h"
#include "output/progress.hpp"
#include "output/tables.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

constexpr std::size_t kMostRows = 40;

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
    std::string text = fmt::format("{}: {} {}, {}\n", result.name, result.component, result.version,
                                   reused ? "unchanged" : fmt::format("{:.2f} s", result.seconds));
    text += format_summary(result, width);
    for (const Table& table : result.tables) text += "\n" + format_table(table, kMostRows, width);
    print(text + "\n");
  }

 private:
  bool show_results_;
  ProgressLine line_;
};

void add_seed(std::vector<std::string>& assignments, std::int64_t seed) {
  for (const std::string& text : assignments) {
    if (!text.starts_with("seed=")) continue;
    throw Error(DK_SETTINGS, fmt::format("--seed and --set {} give the same setting: leave one out",
                                         printable(text)));
  }
  assignments.push_back(fmt::format("seed={}", seed));
}

}  // namespace

void add_run_options(CLI::App& command, RunArguments& arguments) {
  RunOptions& options = arguments.options;
  command.add_flag("--resume", options.resume,
                   "go on in the run folder of this experiment, which may have been edited since, "
                   "with the keys of --set and --seed that it was run with; unchanged stages are "
                   "not run again, and the run of another is refused");
  command.add_flag("--dry-run", arguments.dry_run, "check, show all settings, run nothing");
  command
      .add_option("--time-limit", options.time_limit,
                  "seconds without a sign of life after which a stage is ended (default: none)")
      ->check(number_from_zero())
      ->type_name("SECONDS");
  command
      .add_option("--plugin-path", arguments.plugin_folders,
                  "folder to search for plugins first; may be repeated")
      ->type_name("FOLDER");
  command.add_flag("--in-process", options.in_process,
                   "no worker processes, for debuggers: a crash ends dynkit");
  add_common_options(command, arguments.common);
}

RunOutcome execute(const CommandContext& context, RunArguments& arguments) {
  RunOptions& options = arguments.options;
  const CommonOptions& common = arguments.common;
  options.program = context.program;
  options.cancelled = context.cancelled;
  options.threads = common.threads;
  options.plugin_folders = plugin_search_path(arguments.plugin_folders, context.program);
  if (common.seed) add_seed(options.assignments, *common.seed);
  if (arguments.dry_run) {
    const std::string resolved = describe_experiment(options);
    print(common.json ? nlohmann::json{{"resolved", resolved}}.dump() + "\n" : resolved);
    return {};
  }
  RunPrinter printer(!common.json && !common.quiet, !common.quiet);
  RunOutcome outcome = run_experiment(options, printer);
  if (outcome.exit_code != 0) print_error(outcome.message);
  if (common.json) {
    print(outcome.json);
  } else if (!common.quiet) {
    print(fmt::format("results: {}/results.h5\nreport:  {}\n", options.folder, outcome.report));
  }
  return outcome;
}

}  // namespace dynkit
