#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>

#include "commands.hpp"
#include "dynkit/core/run.hpp"
#include "interruption.hpp"

namespace dynkit {
namespace {

constexpr int kMessageDescriptor = 3;

struct WorkerArguments {
  std::string folder;
  std::string stage;
};

}  // namespace

void add_worker(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<WorkerArguments>();
  CLI::App* command = app.add_subcommand("worker", "")->group("");  // started by dynkit itself
  command->add_option("folder", arguments->folder)->required();
  command->add_option("stage", arguments->stage)->required();
  command->callback([&context, arguments] {
    context.action = [&context, arguments] {
      // Whoever ends the supervisor ends its worker; Ctrl-C reaches it from the terminal and, for
      // the second time, from the supervisor.
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      watch_signals(SecondSignal::is_no_news);
      return run_worker(arguments->folder, arguments->stage, kMessageDescriptor,
                        *context.cancelled);
    };
  });
}

}  // namespace dynkit
