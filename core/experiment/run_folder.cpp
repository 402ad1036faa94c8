#include "run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dynkit/core/config.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool looks_like_a_run(const std::string& path) {
  return fs::exists(path + "/request.json");
}

// Empty: there is no file, or its place cannot be told.
std::string seen_from(const std::string& folder, const std::string& file) {
  std::error_code code;
  return file.empty() ? "" : fs::relative(file, folder, code).string();
}

// Calls read(json) with the content of request.json.
template <class Read>
auto with_request(const std::string& folder, Read read) {
  const std::string path = folder + "/request.json";
  const auto bytes = read_file(path);
  try {
    return read(Json::parse(as_text(bytes)));
  } catch (const Json::exception& e) {
    throw Error(DK_IO, fmt::format("{}: is damaged: {}", path, e.what()));
  }
}

Owner recorded_owner(const std::string& folder) {
  return with_request(folder, [](const Json& request) {
    return Owner{request.at("owner"), request.at("owner_from_here")};
  });
}

// A recorded file that cannot be reached, as in a folder of somebody else, is another one.
bool is_same_file(const Owner& recorded, const std::string& file, const std::string& folder) {
  std::error_code code;
  const fs::path path = fs::weakly_canonical(recorded.path, code);
  if (!code && path == fs::weakly_canonical(file, code) && !code) return true;
  return !recorded.from_here.empty() && recorded.from_here == seen_from(folder, file);
}

bool is_gone(const std::string& file) {
  std::error_code code;
  return fs::status(file, code).type() == fs::file_type::not_found;
}

// experiment.toml as the folder has it; empty: it does not.
std::string recorded_text(const RunFolder& folder) {
  const std::string path = folder.file("experiment.toml");
  return fs::exists(path) ? std::string(as_text(read_file(path))) : "";
}

// What an experiment without a file is known by; empty: nothing.
std::string title_of(const std::string& text) {
  try {
    return parse_experiment(text, "experiment", "").title;
  } catch (const Error&) {
    return "";
  }
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
  for (fs::path above = fs::absolute(path).lexically_normal().parent_path(); !fs::exists(above);
       above = above.parent_path()) {
    made_above_.push_back(above.string());
  }
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
  for (const std::string& above : made_above_) fs::remove(above, code);  // those that are empty
}

Owner owner_of_run(const RunFolder& folder, const RunOptions& options,
                   const Experiment& experiment) {
  const bool has_file = !options.experiment.empty();
  Owner current = {has_file ? fs::absolute(options.experiment).string() : "",
                   seen_from(folder.path(), options.experiment)};
  if (!looks_like_a_run(folder.path())) return current;
  Owner recorded = recorded_owner(folder.path());
  const bool had_file = !recorded.path.empty();
  if (had_file && has_file && is_same_file(recorded, options.experiment, folder.path())) {
    return current;
  }
  const std::string text = recorded_text(folder);
  if (text == experiment.text) return had_file && is_gone(recorded.path) ? current : recorded;

  const std::string held = had_file ? recorded.path : title_of(text);
  const std::string asked = has_file ? options.experiment : experiment.title;
  if (!had_file && !has_file && held == asked) return recorded;
  throw Error(DK_SETTINGS,
              fmt::format("run folder {} holds the run of another experiment ({}), whose results "
                          "would be replaced by those of {}: choose another folder with --out, or "
                          "remove this one first",
                          folder.path(), printable(held), printable(asked)));
}

void check_assignments_are_kept(const RunFolder& folder,
                                const std::vector<std::string>& assignments) {
  if (!looks_like_a_run(folder.path())) return;
  const auto key_of = [](const std::string& text) { return text.substr(0, text.find('=')); };
  std::string directory;
  for (const std::string& recorded : read_request(folder.path(), directory).assignments) {
    const bool given = std::any_of(assignments.begin(), assignments.end(), [&](const auto& text) {
      return key_of(text) == key_of(recorded);
    });
    if (given) continue;
    throw Error(DK_SETTINGS,
                fmt::format("run folder {} holds results with --set {}, which is not given now: "
                            "give it again, with this value or another, or choose another folder "
                            "with --out",
                            folder.path(), printable(recorded)));
  }
}

void write_request(const std::string& folder, const RunOptions& options,
                   const std::string& experiment_directory, const Owner& owner) {
  const std::string file =
      options.experiment.empty() ? "" : fs::absolute(options.experiment).string();
  const Json request = {{"experiment", file},
                        {"owner", owner.path},
                        {"owner_from_here", owner.from_here},
                        {"directory", experiment_directory},
                        {"assignments", options.assignments},
                        {"threads", options.threads},
                        {"plugin_folders", options.plugin_folders}};
  const std::string text = request.dump(1) + "\n";
  write_file_atomically(folder + "/request.json", as_bytes(text));
}

RunOptions read_request(const std::string& folder, std::string& experiment_directory) {
  return with_request(folder, [&](const Json& request) {
    RunOptions options;
    options.folder = folder;
    options.experiment = request.at("experiment");
    options.assignments = request.at("assignments").get<std::vector<std::string>>();
    options.threads = request.at("threads");
    options.plugin_folders = request.at("plugin_folders").get<std::vector<std::string>>();
    experiment_directory = request.at("directory");
    return options;
  });
}

}  // namespace dynkit
