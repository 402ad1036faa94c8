#pragma once

#include <string>
#include <vector>

#include "dynkit/core/experiment.hpp"
#include "dynkit/core/run.hpp"

namespace dynkit {

/// A folder that holds one run, locked while this object lives.
///
///   experiment.toml  as given          request.json  how it was asked for
///   stages/          one result each   log.txt       what plugins and workers said
///   run.json results.h5 model.h5 report.html         merged at the end
class RunFolder {
 public:
  /// Makes the folder, with those above it, or opens it to resume. Throws Error (DK_SETTINGS) if it
  /// exists and `resume` is not set, or if another process works in it; (DK_IO) if it cannot be
  /// made.
  RunFolder(const std::string& path, bool resume);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// Removes the folder again if this object made it: nothing has run.
  void discard();

 private:
  std::string path_;
  bool made_ = false;
  std::vector<std::string> made_above_;  // the nearest first
  int lock_ = -1;
};

/// The experiment file whose runs a folder holds.
struct Owner {
  std::string path;       // empty: an experiment without a file
  std::string from_here;  // seen from the folder; empty: not recorded
};

/// The owner of the folder after this run. Throws Error (DK_SETTINGS) if the folder holds the run
/// of another experiment, whose results this one would replace. An experiment is the same, edited
/// or not, if its file is the owner, or stands where that stood seen from the folder (both were
/// moved). A copy is the same as long as its text is, and owns the folder only if the first file is
/// gone. Without a file it is the title that tells.
Owner owner_of_run(const RunFolder& folder, const RunOptions& options,
                   const Experiment& experiment);

/// Throws Error (DK_SETTINGS) where the run in the folder was made with `--set` or `--seed` of a
/// key that is not given now: its results would be replaced by others for want of a word.
void check_assignments_are_kept(const RunFolder& folder,
                                const std::vector<std::string>& assignments);

/// Writes and reads request.json: everything a worker needs besides the experiment file.
void write_request(const std::string& folder, const RunOptions& options,
                   const std::string& experiment_directory, const Owner& owner);
RunOptions read_request(const std::string& folder, std::string& experiment_directory);

}  // namespace dynkit
