#include "worker.hpp"

#include <fmt/format.h>

#include "dynkit/core/files.hpp"
#include "dynkit/core/memory.hpp"
#include "dynkit/core/run.hpp"
#include "dynkit/error.hpp"
#include "messages.hpp"
#include "run_folder.hpp"

namespace dynkit {

void work(const std::string& folder, const std::string& stage, MessageWriter& writer,
          std::atomic<bool>& cancelled) {
  std::string directory;
  const RunOptions options = read_request(folder, directory);
  const auto text = read_file(folder + "/experiment.toml");
  Experiment experiment =
      parse_experiment(std::string(as_text(text)), options.experiment, directory);
  set_values(experiment, options.assignments);

  // Before any thread is started: libraries that are new to the index are read in a child process.
  Registry registry(options.plugin_folders, plugin_index_path(), {.cancelled = &cancelled});
  ServicesOptions services_options;
  services_options.threads = options.threads;
  services_options.cancelled = &cancelled;
  services_options.memory_budget = usable_memory();
  // What an outline would say, the stages say again.
  if (stage != kOutlineStage) {
    services_options.log = [&](std::int32_t level, std::string_view line) {
      writer.send({Message::Kind::log, -1.0, level, std::string(line), {}});
    };
  }
  services_options.progress = [&](double fraction, std::string_view line) {
    writer.send({Message::Kind::progress, fraction, 0, std::string(line), {}});
  };
  Services services(services_options);
  const StageContext context{experiment, folder, registry, services};
  if (stage == kOutlineStage) {
    writer.send({Message::Kind::outline, -1.0, 0, {}, outline(context)});
  } else if (is_up_to_date(context, stage)) {
    writer.send({Message::Kind::ended, -1.0, 1, to_text(StageStatus::done), {}});
  } else {
    const StageStatus status = run_stage(context, stage);
    writer.send({Message::Kind::ended, -1.0, 0, to_text(status), {}});
  }
}

int run_worker(const std::string& folder, const std::string& stage, int message_descriptor,
               std::atomic<bool>& cancelled) {
  MessageWriter writer(message_descriptor);
  try {
    work(folder, stage, writer, cancelled);
    return 0;
  } catch (const Error& e) {
    writer.send({Message::Kind::error, -1.0, e.status(), e.what(), {}});
  } catch (const std::bad_alloc&) {
    writer.send({Message::Kind::error, -1.0, DK_MEMORY, "out of memory", {}});
  } catch (const std::exception& e) {
    writer.send({Message::Kind::error, -1.0, DK_INTERNAL, e.what(), {}});
  }
  return 1;
}

}  // namespace dynkit
