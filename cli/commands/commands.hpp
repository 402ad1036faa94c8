#pragma once

#include <atomic>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace dynkit {

/// What every command can use.
struct CommandContext {
  std::string program;                     // path of this executable
  std::atomic<bool>* cancelled = nullptr;  // set by Ctrl-C
  std::function<int()> action;             // what the parsed command line asks for
};

// Each declares a command with its options and sets `context.action` when it is chosen.
void add_run(CLI::App& app, CommandContext& context);
void add_simulate(CLI::App& app, CommandContext& context);
void add_train(CLI::App& app, CommandContext& context);
void add_analyze(CLI::App& app, CommandContext& context);
void add_plugin(CLI::App& app, CommandContext& context);
void add_report(CLI::App& app, CommandContext& context);
void add_data(CLI::App& app, CommandContext& context);
void add_worker(CLI::App& app, CommandContext& context);

/// `check` below `plugin`, and the hidden command that runs one check.
void add_plugin_check(CLI::App& app, CLI::App& plugin, CommandContext& context);

/// `new` below `plugin`.
void add_plugin_new(CLI::App& plugin, CommandContext& context);

}  // namespace dynkit
