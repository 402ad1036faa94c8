#pragma once

#include <string>
#include <vector>

#include "dynkit/core/experiment.hpp"
#include "dynkit/core/registry.hpp"
#include "dynkit/core/result.hpp"

namespace dynkit {

/// One stage as the run remembers it.
struct StageEntry {
  StageResult result;
  std::vector<NamedText> files;  // what it read: name as written, and SHA-256
  bool reused = false;
  bool has_results = true;  // also of a stage that failed, as far as it got
};

/// A run as run.json tells it.
struct RunSummary {
  const Experiment& experiment;
  std::string folder;
  std::string status;   // "running", "done", "failed", "interrupted"
  std::string started;  // UTC, ISO 8601
  double seconds = 0.0;
  int threads = 0;
  std::vector<StageEntry> stages;
  std::vector<NamedText> plugins;  // component and version; library and hash
};

/// Where the arrays of a stage stand in results.h5.
std::string results_group(const Experiment& experiment, const std::string& stage);

/// The content of run.json.
std::string run_json(const RunSummary& summary);

/// Rows for the report: versions, seed, machine, threads, hashes.
std::vector<NamedText> provenance(const RunSummary& summary);

/// The same rows from the run.json of an earlier run. Throws Error (DK_IO).
std::vector<NamedText> read_provenance(const std::string& run_folder);

/// Writes results.h5 and model.h5 from the stages' own files.
void merge_results(const RunSummary& summary);

/// Now, in UTC, as 2026-01-31T12:34:56Z.
std::string utc_now();

}  // namespace dynkit
