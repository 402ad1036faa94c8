#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "common_options.hpp"
#include "dynkit/core/run.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

struct ReportArguments {
  std::string folder;
  CommonOptions common;
};

}  // namespace

void add_report(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand("report", "write report.html of a run anew");
  command->footer("Example:\n  dynkit report runs/flip_flop_gru");
  command->add_option("run", arguments->folder, "run folder")->required()->type_name("FOLDER");
  add_common_options(*command, arguments->common);
  command->callback([&context, arguments] {
    context.action = [arguments] {
      const std::string path = write_report(arguments->folder);
      const CommonOptions& common = arguments->common;
      if (common.json) {
        print(nlohmann::json{{"report", path}}.dump() + "\n");
      } else if (!common.quiet) {
        print(path + "\n");
      }
      return 0;
    };
  });
}

}  // namespace dynkit
