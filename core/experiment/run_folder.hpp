#pragma once

#include <string>
#include <vector>

#include "dynkit/core/run.hpp"

namespace dynkit {

/// A folder that holds one run, locked while this object lives.
///
///   experiment.toml  as given          request.json  how it was asked for
///   stages/          one result each   log.txt       what plugins and workers said
///   run.json results.h5 model.h5 report.html         merged at the end
class RunFolder {
 public:
  /// Makes the folder, or opens it to resume. Throws Error (DK_SETTINGS) if it exists and `resume`
  /// is not set, or if another process works in it; (DK_IO) if it cannot be made.
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
  int lock_ = -1;
};

/// Writes and reads request.json: everything a worker needs besides the experiment file.
void write_request(const std::string& folder, const RunOptions& options,
                   const std::string& experiment_directory);
RunOptions read_request(const std::string& folder, std::string& experiment_directory);

}  // namespace dynkit
