#include <fmt/format.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "common_options.hpp"
#include "dynkit/core/check.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/core/report.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kReportDescriptor = 3;
constexpr int kRefused = 3;  // exit code

struct CheckArguments {
  CheckOptions options;
  CommonOptions common;
  bool list = false;
  std::string worker_check, worker_component;  // of check-worker
};

// Lower-case words for machines: "pass", "fail", "skipped", "crashed", "timed out".
std::string verdict_word(CheckVerdict verdict) {
  std::string word = to_text(verdict);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

// Words set into lines of the terminal's width behind an indent.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string result, line(indent, ' ');
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() > indent && line.size() + 1 + word.size() > width) {
      result += line + "\n";
      line.assign(indent, ' ');
    }
    line += (line.size() > indent ? " " : "") + word;
    begin = end + 1;
  }
  return result + line + "\n";
}

int list_all(const CheckArguments& arguments) {
  Json list = Json::array();
  std::string text;
  const auto width = static_cast<std::size_t>(std::min(terminal_width(), 100));
  for (const CheckDescription& one : list_checks()) {
    list.push_back(
        {{"name", one.name}, {"applies_to", one.applies_to}, {"description", one.description}});
    text +=
        fmt::format("{} ({})\n{}", one.name, one.applies_to, wrapped(one.description, 4, width));
  }
  print(arguments.common.json ? list.dump(2) + "\n" : text);
  return 0;
}

// One line a check, under the name of what is checked.
class LinePrinter {
 public:
  void operator()(const CheckResult& result) {
    const std::string subject = result.component.empty() ? "library" : result.component;
    if (subject != subject_) print(printable(subject) + "\n");
    subject_ = subject;
    std::string line = fmt::format("  {:<20}{:<9}", result.check, to_text(result.verdict));
    if (!result.message.empty()) line += "  " + printable(result.message);
    line.erase(line.find_last_not_of(' ') + 1);
    print(line + "\n");
  }

 private:
  std::string subject_;
};

std::string summary(const CheckReport& report, const CheckOptions& options) {
  int counts[5] = {};
  for (const CheckResult& result : report.results) ++counts[static_cast<int>(result.verdict)];
  const int failed = counts[1] + counts[3] + counts[4];
  std::string text = fmt::format("\n{} passed, {} skipped, {} failed (seed {})\n", counts[0],
                                 counts[2], failed, options.seed);
  for (const CheckResult& result : report.results) {
    if (result.verdict == CheckVerdict::pass || result.verdict == CheckVerdict::skipped) continue;
    text += fmt::format("again: dynkit plugin check {} --only {} --seed {}\n", options.file,
                        result.check, options.seed);
    break;
  }
  return text;
}

Json to_json(const CheckReport& report, const CheckOptions& options) {
  Json results = Json::array();
  for (const CheckResult& result : report.results) {
    results.push_back({{"component", result.component},
                       {"check", result.check},
                       {"verdict", verdict_word(result.verdict)},
                       {"message", result.message},
                       {"seconds", result.seconds}});
  }
  return {{"file", options.file},
          {"seed", options.seed},
          {"refused", report.refused},
          {"passed", report.passed()},
          {"results", results}};
}

void check_one_figure(const Figure& figure, const ArrayMap& arrays) {
  check_figure(figure, arrays);
}

int run_checks(const CommandContext& context, CheckArguments arguments) {
  if (arguments.list) return list_all(arguments);
  CheckOptions& options = arguments.options;
  if (options.file.empty()) {
    print_error("plugin check: name the file of a plugin (see 'dynkit plugin check --help')");
    return 2;
  }
  regular_file_size(options.file);  // one that cannot be read is no refused plugin
  options.program = context.program;
  options.cancelled = context.cancelled;
  options.figure_check = check_one_figure;
  const CommonOptions& common = arguments.common;
  if (common.seed) options.seed = static_cast<std::uint64_t>(*common.seed);
  const bool silent = common.json || common.quiet;
  LinePrinter lines;
  const CheckReport report = check_plugin(options, [&](const CheckResult& result) {
    if (!silent) lines(result);
  });
  if (arguments.common.json) print(to_json(report, options).dump(2) + "\n");
  if (!report.refused.empty()) {
    print_error(report.refused);
    return kRefused;
  }
  if (!silent) print(summary(report, options));
  return report.passed() ? 0 : 1;
}

// The child's side of one check, started by dynkit itself.
void add_check_worker(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = app.add_subcommand("check-worker", "")->group("");
  command->add_option("file", arguments->options.file)->required();
  command->add_option("check", arguments->worker_check)->required();
  command->add_option("--component", arguments->worker_component);
  command->add_option("--seed", arguments->options.seed);
  command->callback([&context, arguments] {
    context.action = [arguments] {
      // Whoever ends the supervisor ends its worker.
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      return run_check_worker(arguments->options.file, arguments->worker_component,
                              arguments->worker_check, arguments->options.seed, kReportDescriptor,
                              check_one_figure);
    };
  });
}

}  // namespace

void add_plugin_check(CLI::App& app, CLI::App& plugin, CommandContext& context) {
  auto arguments = std::make_shared<CheckArguments>();
  CheckOptions& options = arguments->options;
  CLI::App* command = plugin.add_subcommand("check", "whether a plugin keeps the SDK's rules");
  command->footer(
      "Example:\n  dynkit plugin check ./my_model.so\n\n"
      "Exit codes: 0 every check passes or does not apply, 1 one fails, crashes or hangs,\n"
      "3 the file is no plugin for this host, 4 it cannot be read.");
  command->add_option("file", options.file, "the plugin's library");
  command->add_flag("--list", arguments->list, "print the checks and what each one asks for");
  command->add_option("--only", options.only, "run this check; may be repeated");
  command->add_option("--time-limit", options.time_limit, "seconds for each check (default: 45)")
      ->check(positive_number());
  command->add_flag("--in-process", options.in_process,
                    "no child processes, for debuggers: a crash ends dynkit");
  add_common_options(*command, arguments->common);
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { return run_checks(context, *arguments); };
  });
  add_check_worker(app, context);
}

}  // namespace dynkit
