#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/core/run.hpp"
#include "dynkit/error.hpp"
#include "output/terminal.hpp"

namespace {

std::atomic<bool> cancelled{false};

// The first Ctrl-C asks to stop, the second ends the process.
void ask_to_stop(int signal_number) {
  if (cancelled.exchange(true)) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }
}

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

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

int run_command(int argc, char** argv) {
  CLI::App app{
      "dynkit studies dynamical systems: it simulates them, finds their fixed points and takes "
      "them apart.\n\nExample: dynkit run examples/flip_flop_gru.toml"};
  app.set_version_flag("--version", DK_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);

  dynkit::CommandContext context;
  context.program = std::filesystem::read_symlink("/proc/self/exe").string();
  context.cancelled = &cancelled;
  dynkit::add_run(app, context);
  dynkit::add_simulate(app, context);
  dynkit::add_analyze(app, context);
  dynkit::add_plugin(app, context);
  dynkit::add_data(app, context);
  dynkit::add_report(app, context);
  dynkit::add_worker(app, context);
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
  watch_signals();
  try {
    return run_command(argc, argv);
  } catch (const dynkit::Error& error) {
    dynkit::print_error(error.what());
    return dynkit::exit_code_of(error.status());
  } catch (const std::exception& error) {
    dynkit::print_error(error.what());
    return 1;
  }
}
