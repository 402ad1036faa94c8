#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/core/run.hpp"
#include "dynkit/error.hpp"
#include "interruption.hpp"
#include "output/terminal.hpp"

namespace {

// A command that is none is named, with the nearest one.
std::string usage_message(const CLI::App& app, int argc, char** argv,
                          const CLI::ParseError& error) {
  const std::string word = argc > 1 ? argv[1] : "";
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) known.push_back(command->get_name());
  }
  const bool is_command = std::find(known.begin(), known.end(), word) != known.end();
  if (!word.empty() && word.front() != '-' && !is_command) {
    return "'" + word + "' is no command" + dynkit::suggest(word, known) + " (see 'dynkit --help')";
  }
  return std::string(error.what()) + " (see 'dynkit --help')";
}

// An option that may be repeated takes one value each time: what follows is the next word.
void take_single_values(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) option->allow_extra_args(false);
  }
  for (CLI::App* child : command.get_subcommands({})) take_single_values(*child);
}

int run_command(int argc, char** argv, std::atomic<bool>& cancelled) {
  CLI::App app{
      "dynkit studies dynamical systems: it simulates them, fits models to data, and takes "
      "both apart.\n\nExample: dynkit run examples/flip_flop_gru.toml"};
  app.set_version_flag("--version", DK_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);

  dynkit::CommandContext context;
  context.program = std::filesystem::read_symlink("/proc/self/exe").string();
  context.cancelled = &cancelled;
  dynkit::add_run(app, context);
  dynkit::add_simulate(app, context);
  dynkit::add_train(app, context);
  dynkit::add_analyze(app, context);
  dynkit::add_plugin(app, context);
  dynkit::add_data(app, context);
  dynkit::add_report(app, context);
  dynkit::add_worker(app, context);
  take_single_values(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    dynkit::print_error(usage_message(app, argc, argv, error));
    return 2;
  }
  return context.action();
}

}  // namespace

int main(int argc, char** argv) {
  std::atomic<bool>& cancelled = dynkit::watch_signals(dynkit::SecondSignal::ends);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has seen enough must not cost the results
  try {
    return run_command(argc, argv, cancelled);
  } catch (const dynkit::Error& error) {
    dynkit::print_error(error.what());
    return dynkit::exit_code_of(error.status());
  } catch (const std::exception& error) {
    dynkit::print_error(error.what());
    return 1;
  }
}
