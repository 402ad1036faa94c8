#pragma once

#include <string>
#include <vector>

#include "commands.hpp"
#include "common_options.hpp"
#include "dynkit/core/run.hpp"

namespace dynkit {

/// What the commands that run an experiment have in common.
struct RunArguments {
  RunOptions options;
  CommonOptions common;
  std::vector<std::string> plugin_folders;
  bool dry_run = false;
};

void add_run_options(CLI::App& command, RunArguments& arguments);

/// Runs the experiment that `arguments` names, or describes it, and prints what comes of it.
RunOutcome execute(const CommandContext& context, RunArguments& arguments);

}  // namespace dynkit
