#include "run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool looks_like_a_run(const std::string& path) {
  return fs::exists(path + "/request.json");
}

}  // namespace

RunFolder::RunFolder(const std::string& path, bool resume) : path_(path) {
  std::error_code code;
  const bool occupied = fs::exists(path) && !(fs::is_directory(path) && fs::is_empty(path, code));
  if (occupied && !resume) {
    throw Error(DK_SETTINGS,
                fmt::format("run folder {} exists: choose another with --out, or go on "
                            "in it with --resume",
                            path));
  }
  if (occupied && !looks_like_a_run(path)) {
    throw Error(DK_SETTINGS, fmt::format("{} is not a run folder, so it cannot be resumed", path));
  }
  made_ = !fs::exists(path);
  fs::create_directories(path + "/stages", code);
  if (code) throw Error(DK_IO, fmt::format("{}: cannot be made: {}", path, code.message()));
  lock_ = open(file(".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const bool busy = lock_ >= 0 && errno == EWOULDBLOCK;
    const std::string reason = std::strerror(errno);
    if (lock_ >= 0) close(lock_);
    throw Error(busy ? DK_SETTINGS : DK_IO,
                busy ? fmt::format("another dynkit is at work in {}", path)
                     : fmt::format("{}: cannot be locked: {}", path, reason));
  }
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
}

void RunFolder::discard() {
  std::error_code code;
  if (made_) fs::remove_all(path_, code);
}

void write_request(const std::string& folder, const RunOptions& options,
                   const std::string& experiment_directory) {
  const std::string file =
      options.experiment.empty() ? "" : fs::absolute(options.experiment).string();
  const Json request = {{"experiment", file},
                        {"directory", experiment_directory},
                        {"assignments", options.assignments},
                        {"threads", options.threads},
                        {"plugin_folders", options.plugin_folders}};
  const std::string text = request.dump(1) + "\n";
  write_file_atomically(folder + "/request.json", as_bytes(text));
}

RunOptions read_request(const std::string& folder, std::string& experiment_directory) {
  const std::string path = folder + "/request.json";
  const auto bytes = read_file(path);
  try {
    const Json request = Json::parse(as_text(bytes));
    RunOptions options;
    options.folder = folder;
    options.experiment = request.at("experiment");
    options.assignments = request.at("assignments").get<std::vector<std::string>>();
    options.threads = request.at("threads");
    options.plugin_folders = request.at("plugin_folders").get<std::vector<std::string>>();
    experiment_directory = request.at("directory");
    return options;
  } catch (const Json::exception& e) {
    throw Error(DK_IO, fmt::format("{}: is damaged: {}", path, e.what()));
  }
}

}  // namespace dynkit
