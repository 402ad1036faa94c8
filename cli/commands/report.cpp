#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "dynkit/core/run.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

struct ReportArguments {
  std::string folder;
  bool json = false;
};

}  // namespace

void add_report(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand("report", "write report.html of a run anew");
  command->footer("Example:\n  dynkit report runs/flip_flop_gru");
  command->add_option("run", arguments->folder, "run folder")->required();
  command->add_flag("--json", arguments->json, "print the path as JSON");
  command->callback([&context, arguments] {
    context.action = [arguments] {
      const std::string path = write_report(arguments->folder);
      print(arguments->json ? nlohmann::json{{"report", path}}.dump() + "\n" : path + "\n");
      return 0;
    };
  });
}

}  // namespace dynkit
