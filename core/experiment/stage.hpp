#pragma once

#include <string>
#include <vector>

#include "dynkit/core/result.hpp"
#include "result_files.hpp"
#include "stage_source.hpp"

namespace dynkit {

/// Names of the stages of a run, in the order in which they run.
std::vector<std::string> stage_names(const Experiment& experiment);

/// Runs one stage and writes its result to the run folder. Throws Error where it is refused or
/// fails; a stage that was cancelled writes what it has and ends as `interrupted`, and one that broke
/// down after some of its work may write that as `failed`.
StageStatus run_stage(const StageContext& context, const std::string& stage);

/// True if the run folder holds a complete result of this stage, made from the same settings, seed,
/// component, files and earlier stages.
bool is_up_to_date(const StageContext& context, const std::string& stage);

/// One stage with every setting that it would run with, defaults included.
struct StageOutline {
  std::string name;
  std::string component;
  std::string version;
  std::string summary_line;
  std::vector<NamedText> plugins;  // component and version, with path and hash of its library: the
                                   // stage's own, then those in its settings
  std::vector<NamedText> settings;
};

/// Checks all stages as far as possible before any runs: components are there, settings are known
/// and of the right type. Throws Error as the run would.
std::vector<StageOutline> outline(const StageContext& context);

}  // namespace dynkit
