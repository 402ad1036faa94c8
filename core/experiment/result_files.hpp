#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "dynkit/core/result.hpp"

namespace dynkit {

/// A stage's result on disk: NAME.h5 holds the arrays (columns of tables as tables/TABLE/COLUMN),
/// NAME.json everything else and the hash of NAME.h5. The JSON file is written last, so a result is
/// complete if and only if it is there and the hash fits.
struct StageFiles {
  std::string arrays;
  std::string record;
};
StageFiles stage_files(const std::string& run_folder, const std::string& stage);

/// What a stage's result was made from: if it is unchanged the stage need not run again.
struct StageInputs {
  std::string key;  // hash of the stage's settings, its component and library, and the seed
  std::vector<NamedText> files;   // name as written, and SHA-256, of every file that was read
  std::vector<NamedText> stages;  // name and record hash of every earlier stage that was read
};

struct StoredStage {
  StageResult result;
  StageInputs inputs;
};

void write_stage(const std::string& run_folder, const StageResult& result,
                 const StageInputs& inputs);

/// Throws Error (DK_IO) if the result is missing or not complete.
StoredStage read_stage(const std::string& run_folder, const std::string& stage);

/// The hash by which later stages recognize this result.
std::string stage_digest(const std::string& run_folder, const std::string& stage);

/// A number, integer or text of rank 0 as JSON; not finite: "nan", "inf", "-inf".
nlohmann::ordered_json value_json(const Array& array);

/// The summary values of a stage in the order they were put.
nlohmann::ordered_json summary_json(const StageResult& result);

}  // namespace dynkit
