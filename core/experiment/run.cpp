#include "dynkit/core/run.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "dynkit/core/experiment.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/core/report.hpp"
#include "dynkit/error.hpp"
#include "result_files.hpp"
#include "run_folder.hpp"
#include "run_record.hpp"
#include "supervisor.hpp"
#include "worker.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

Experiment read_with_assignments(const RunOptions& options) {
  const bool has_file = !options.experiment.empty();
  Experiment experiment =
      has_file ? read_experiment(options.experiment)
               : parse_experiment(options.text, "experiment", fs::current_path().string());
  set_values(experiment, options.assignments);
  return experiment;
}

// "line 7: no" becomes "net.toml:7: no", or "--set a.n=2: no" where the line is that of an
// assignment; lines of an experiment without a file say nothing.
std::string with_place(const RunOptions& options, const std::string& message) {
  constexpr std::string_view kLine = "line ";
  const auto end = message.find(": ");
  if (!message.starts_with(kLine) || end == message.npos) return message;
  const std::string reason = message.substr(end + 2);
  int line = 0;
  std::from_chars(message.data() + kLine.size(), message.data() + end, line);
  if (line <= 0) return message;
  const auto assignment = static_cast<std::size_t>(line - kAssignmentLine);
  if (line >= kAssignmentLine && assignment < options.assignments.size()) {
    return fmt::format("--set {}: {}", printable(options.assignments[assignment]), reason);
  }
  return options.experiment.empty() ? reason
                                    : fmt::format("{}:{}: {}", options.experiment, line, reason);
}

// Runs the stages of one experiment in one locked folder.
class Run {
 public:
  Run(const RunOptions& options, const Experiment& experiment, RunObserver& observer)
      : options_(options),
        observer_(observer),
        summary_{.experiment = experiment,
                 .folder = options.folder,
                 .status = "running",
                 .started = utc_now(),
                 .threads = threads(options),
                 .stages = {},
                 .plugins = {}} {}

  /// Throws Error where the experiment is refused as a whole.
  void check() {
    const WorkerOutcome outcome = work(kOutlineStage);
    if (outcome.status == StageStatus::interrupted) {
      throw Error(DK_CANCELLED, "stopped on request before the first stage");
    }
    if (outcome.status == StageStatus::crashed) {
      throw Error(DK_UNSUPPORTED,
                  fmt::format("while the plugins were being loaded a worker {}", outcome.message));
    }
    if (outcome.error != DK_OK) {
      throw Error(outcome.error, with_place(options_, outcome.message));
    }
    outline_ = outcome.outline;
    for (const StageOutline& stage : outline_) {
      summary_.plugins.insert(summary_.plugins.end(), stage.plugins.begin(), stage.plugins.end());
    }
  }

  const std::vector<StageOutline>& outline() const { return outline_; }

  RunOutcome execute() {
    RunOutcome outcome;
    for (const StageOutline& stage : outline_) {
      if (outcome.exit_code != 0) break;
      run_stage(stage, outcome);
      save("running");
    }
    finish(outcome);
    return outcome;
  }

 private:
  static int threads(const RunOptions& options) {
    if (options.threads > 0) return options.threads;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }

  WorkerOutcome work(const std::string& stage) {
    const MessageHandler handler = [&](const Message& message) {
      if (message.kind == Message::Kind::progress) {
        observer_.progress(stage, message.fraction, message.text);
      } else {
        append_to_log(stage, message.text);
        observer_.log(message.level, message.text);
      }
    };
    return options_.in_process ? run_in_process(options_, stage, handler)
                               : supervise(options_, stage, handler);
  }

  void append_to_log(const std::string& stage, const std::string& text) const {
    std::ofstream(options_.folder + "/log.txt", std::ios::app)
        << utc_now() << " " << stage << ": " << text << "\n";
  }

  // A stage that failed may have written how far it got.
  bool kept_something(const std::string& stage, const WorkerOutcome& worker) const {
    if (worker.status != StageStatus::failed) return false;
    try {
      const StageResult stored = read_stage(options_.folder, stage).result;
      return stored.status == StageStatus::failed && stored.message == worker.message;
    } catch (const Error&) {
      return false;  // nothing, or of an earlier run that was damaged
    }
  }

  void run_stage(const StageOutline& stage, RunOutcome& outcome) {
    observer_.stage_started(stage.name);
    const auto start = std::chrono::steady_clock::now();
    const WorkerOutcome worker = work(stage.name);
    StageEntry entry;
    entry.reused = worker.reused;
    entry.has_results = worker.status == StageStatus::done ||
                        (worker.status == StageStatus::interrupted && worker.message.empty()) ||
                        kept_something(stage.name, worker);
    if (entry.has_results) {
      StoredStage stored = read_stage(options_.folder, stage.name);
      entry.result = std::move(stored.result);
      entry.files = std::move(stored.inputs.files);
    } else {
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      entry.result.name = stage.name;
      entry.result.component = stage.component;
      entry.result.version = stage.version;
      entry.result.summary_line = stage.summary_line;
      entry.result.settings = stage.settings;
      entry.result.status = worker.status;
      entry.result.message = with_place(options_, worker.message);
      entry.result.seconds = elapsed.count();
    }
    if (worker.status != StageStatus::done && !worker.message.empty()) {
      append_to_log(stage.name, with_place(options_, worker.message));
    }
    entry.result.group = results_group(summary_.experiment, stage.name);
    judge(worker, entry.result, outcome);
    observer_.stage_ended(entry.result, entry.reused);
    summary_.stages.push_back(std::move(entry));
  }

  // Components were found before any stage ran: what one does not support now is asked of it by the
  // settings.
  static int exit_code_of_stage(dk_status status) {
    return exit_code_of(status == DK_UNSUPPORTED ? DK_SETTINGS : status);
  }

  static void judge(const WorkerOutcome& worker, const StageResult& result, RunOutcome& outcome) {
    switch (worker.status) {
      case StageStatus::done:
        return;
      case StageStatus::failed:
        outcome.exit_code = exit_code_of_stage(worker.error);
        break;
      case StageStatus::crashed:
        outcome.exit_code = 5;
        break;
      case StageStatus::interrupted:
        outcome.exit_code = 130;
        break;
    }
    outcome.message =
        fmt::format("stage '{}' ({}): {}", result.name, result.component, result.message);
  }

  std::string save(const std::string& status) {
    summary_.status = status;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
    summary_.seconds = elapsed.count();
    std::string json = run_json(summary_);
    write_file_atomically(options_.folder + "/run.json", as_bytes(json));
    return json;
  }

  void finish(RunOutcome& outcome) {
    merge_results(summary_);
    outcome.json = save(outcome.exit_code == 0     ? "done"
                        : outcome.exit_code == 130 ? "interrupted"
                                                   : "failed");
    RunRecord record{summary_.experiment.title, summary_.experiment.text, provenance(summary_), {}};
    for (const StageEntry& entry : summary_.stages) record.stages.push_back(entry.result);
    outcome.report = options_.folder + "/report.html";
    write_file_atomically(outcome.report, as_bytes(render_report(record)));
    outcome.stages = std::move(record.stages);
  }

  const RunOptions& options_;
  RunObserver& observer_;
  RunSummary summary_;
  std::vector<StageOutline> outline_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// experiment.toml and request.json of a run folder. An experiment that is refused must not take the
// place of the one that made what is there.
class RequestFiles {
 public:
  explicit RequestFiles(const std::string& folder) : folder_(folder) {
    for (const char* name : {"/experiment.toml", "/request.json"}) {
      if (fs::exists(folder + name)) earlier_.emplace_back(name, read_file(folder + name));
    }
  }

  void write(const RunOptions& options, const Experiment& experiment, const Owner& owner) const {
    write_file_atomically(folder_ + "/experiment.toml", as_bytes(experiment.text));
    write_request(folder_, options, experiment.directory, owner);
  }

  void restore() const {
    for (const auto& [name, bytes] : earlier_) write_file_atomically(folder_ + name, bytes);
  }

 private:
  std::string folder_;
  std::vector<std::pair<std::string, std::vector<std::byte>>> earlier_;
};

class SilentObserver : public RunObserver {
 public:
  void stage_started(const std::string&) override {}
  void progress(const std::string&, double, const std::string&) override {}
  void log(int, const std::string&) override {}
  void stage_ended(const StageResult&, bool) override {}
};

}  // namespace

RunOutcome run_experiment(const RunOptions& options, RunObserver& observer) {
  const Experiment experiment = read_with_assignments(options);
  RunFolder folder(options.folder, options.resume);
  const Owner owner = owner_of_run(folder, options, experiment);
  check_assignments_are_kept(folder, options.assignments);
  RequestFiles request(folder.path());
  request.write(options, experiment, owner);
  Run run(options, experiment, observer);
  try {
    run.check();
  } catch (...) {
    request.restore();
    folder.discard();
    throw;
  }
  return run.execute();
}

std::string describe_experiment(const RunOptions& given) {
  const Experiment experiment = read_with_assignments(given);
  std::string pattern = (fs::temp_directory_path() / "dynkit-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw Error(DK_IO, fmt::format("{}: no temporary folder can be made", pattern));
  }
  RunOptions options = given;
  options.folder = pattern + "/run";
  RunFolder folder(options.folder, false);
  RequestFiles(folder.path()).write(options, experiment, {});
  SilentObserver observer;
  Run run(options, experiment, observer);
  std::string text =
      fmt::format("title = \"{}\"\nseed = {}\n", printable(experiment.title), experiment.seed);
  std::exception_ptr failure;
  try {
    run.check();
  } catch (...) {
    failure = std::current_exception();
  }
  fs::remove_all(pattern);
  if (failure) std::rethrow_exception(failure);
  for (const StageOutline& stage : run.outline()) {
    text += fmt::format("\n[{}]  # {} {}\n", stage.name, stage.component, stage.version);
    for (const NamedText& setting : stage.settings) {
      text += fmt::format("{} = {}\n", setting.name, setting.value);
    }
  }
  return text;
}

std::string write_report(const std::string& folder) {
  std::string directory;
  const RunOptions options = read_request(folder, directory);
  const auto text = read_file(folder + "/experiment.toml");
  Experiment experiment =
      parse_experiment(std::string(as_text(text)), options.experiment, directory);
  set_values(experiment, options.assignments);

  RunRecord record{experiment.title, experiment.text, read_provenance(folder), {}};
  for (const std::string& stage : stage_names(experiment)) {
    if (fs::exists(stage_files(folder, stage).record)) {
      StageResult& result = record.stages.emplace_back(read_stage(folder, stage).result);
      result.group = results_group(experiment, stage);
    }
  }
  std::string path = folder + "/report.html";
  write_file_atomically(path, as_bytes(render_report(record)));
  return path;
}

int exit_code_of(dk_status status) {
  switch (status) {
    case DK_OK:
      return 0;
    case DK_INVALID_ARGUMENT:
    case DK_SHAPE_MISMATCH:
    case DK_SETTINGS:
    case DK_TOO_LARGE:
      return 2;
    case DK_UNSUPPORTED:
      return 3;
    case DK_IO:
      return 4;
    case DK_CANCELLED:
      return 130;
    default:
      return 1;
  }
}

}  // namespace dynkit
