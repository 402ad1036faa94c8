// A dataset that makes its own trajectories, and analyses of the system behind them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

const std::string kProgram = DYNKIT_PROGRAM;
const std::string kDatasetOfLorenz =
    "[dataset]\ncomponent = \"org.dynkit.spikes\"\nneurons = 4\n"
    "[dataset.dataset]\ncomponent = \"org.dynkit.trajectories\"\n"
    "model = { component = \"org.dynkit.lorenz63\" }\nsamples = 9\ntrials = 3\n";

CommandResult run_text(const ScratchFolder& folder, const std::string& text,
                       const std::string& words = "", const std::string& out = "run") {
  folder.write("e.toml", text);
  return run_command(folder, kProgram + " run " + folder.file("e.toml") + " --json --out " +
                                 folder.file(out) + " " + words);
}

TEST(SpikesExample, FindsTheFixedPointsOfTheTruth) {
  const ScratchFolder folder;
  const CommandResult result =
      run_command(folder, kProgram + " run " + SOURCE_FOLDER + "/examples/lorenz_spikes.toml " +
                              "--json --out " + folder.file("run"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("run/results.h5"));
  EXPECT_EQ(arrays.at("dataset/spikes").shape, (std::vector<std::int64_t>{50, 70, 30}));
  // Zero, and (+-r, +-r, 27) with r^2 = beta (rho - 1) = 72.
  const auto& x = arrays.at("analyses/fixed_points/x").numbers();
  ASSERT_EQ(x.size(), 9U);
  std::vector<double> first = {x[0], x[3], x[6]};
  std::sort(first.begin(), first.end());
  EXPECT_NEAR(first[0], -std::sqrt(72.0), 1e-9);
  EXPECT_NEAR(first[1], 0.0, 1e-9);
  EXPECT_NEAR(first[2], std::sqrt(72.0), 1e-9);
  const json settings = json::parse(result.output).at("analyses").at("fixed_points").at("settings");
  EXPECT_EQ(settings.at("system"), "\"spikes/system\"");
}

TEST(NestedDataset, StandsWithItsLibraryInTheRecord) {
  const ScratchFolder folder;
  const CommandResult result = run_text(folder, kDatasetOfLorenz);
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const json plugins = json::parse(result.output).at("plugins");
  ASSERT_EQ(plugins.size(), 3U) << plugins;
  for (const char* id : {"spikes", "trajectories", "lorenz63"}) {
    const std::string key = std::string("org.dynkit.") + id + " 1.0.0";
    EXPECT_NE(plugins.value(key, "").find("SHA-256"), std::string::npos) << key;
  }
}

TEST(NestedDataset, HasAStreamOfItsOwn) {
  const ScratchFolder folder;
  const std::string spread = "spread = 1.0\n";
  ASSERT_EQ(run_text(folder, "seed = 1\n" + kDatasetOfLorenz + spread, "", "a").exit_code, 0);
  ASSERT_EQ(
      run_text(folder, "seed = 1\n" + kDatasetOfLorenz + spread, "--threads 1", "b").exit_code, 0);
  ASSERT_EQ(run_text(folder, "seed = 2\n" + kDatasetOfLorenz + spread, "", "c").exit_code, 0);
  const auto states = [&](const std::string& run) {
    return load_arrays(folder.file(run + "/results.h5")).at("dataset/states").numbers();
  };
  EXPECT_EQ(states("a"), states("b"));
  EXPECT_NE(states("a"), states("c"));
}

TEST(NestedDataset, IsCheckedAndNotGeneratedByADryRun) {
  const ScratchFolder folder;
  // A burn-in of this length would take hours.
  const CommandResult good = run_text(folder, kDatasetOfLorenz + "burn_in = 1e9\n", "--dry-run");
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_NE(good.output.find("samples = 9"), std::string::npos) << good.output;
  const CommandResult bad = run_text(folder, kDatasetOfLorenz + "trails = 5\n", "--dry-run");
  EXPECT_TRUE(is_refused(bad, 2, "e.toml:9: setting 'dataset'"));
  EXPECT_TRUE(is_refused(bad, 2, "has no setting 'trails' (did you mean 'trials'?)"));
}

TEST(NestedDataset, IsNamedWhereItFails) {
  const ScratchFolder folder;
  EXPECT_TRUE(fails(run_text(folder, kDatasetOfLorenz + "initial = [1, 2]\n"), 2,
                    "setting 'dataset' (org.dynkit.trajectories): setting 'initial': shape "
                    "[2] is neither [3] nor [3,3]"));
}

TEST(NestedDataset, IsGeneratedAgainOnlyWhenItChanges) {
  const ScratchFolder folder;
  ASSERT_EQ(run_text(folder, kDatasetOfLorenz).exit_code, 0);
  const CommandResult same = run_text(folder, kDatasetOfLorenz, "--resume");
  ASSERT_EQ(same.exit_code, 0) << same.errors;
  EXPECT_EQ(json::parse(same.output).at("dataset").at("reused"), true);
  const CommandResult other = run_text(folder, kDatasetOfLorenz + "dt = 0.02\n", "--resume");
  ASSERT_EQ(other.exit_code, 0) << other.errors;
  EXPECT_EQ(json::parse(other.output).at("dataset").at("reused"), false);
}

TEST(NestedDataset, IsGeneratedAgainWhenItsLibraryChanges) {
  const ScratchFolder folder;
  const std::string library = folder.file("plugins/dynkit_trajectories.so");
  std::filesystem::create_directory(folder.file("plugins"));
  std::filesystem::copy(std::string(PLUGIN_FOLDER) + "/dynkit_trajectories.so", library);
  const std::string words = "--plugin-path " + folder.file("plugins");
  ASSERT_EQ(run_text(folder, kDatasetOfLorenz, words).exit_code, 0);
  std::ofstream(library, std::ios::app) << "the loader ignores what stands here";
  const CommandResult result = run_text(folder, kDatasetOfLorenz, words + " --resume");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(json::parse(result.output).at("dataset").at("reused"), false);
}

TEST(SystemKey, SuggestsTheNearestModelOfAStage) {
  const ScratchFolder folder;
  EXPECT_TRUE(
      fails(run_text(folder, kDatasetOfLorenz +
                                 "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nsystem = "
                                 "\"spikes/sytem\"\n"),
            2,
            "e.toml:11: system = \"spikes/sytem\": stage 'spikes' has put no model "
            "'sytem' (did you mean 'system'?)"));
}

TEST(SystemKey, ChoosesBetweenTheModelAndTheTruth) {
  const ScratchFolder folder;
  const CommandResult result = run_text(
      folder, "[model]\ncomponent = \"org.dynkit.van_der_pol\"\n" + kDatasetOfLorenz +
                  "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nname = \"own\"\n"
                  "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nname = \"truth\"\n"
                  "system = \"spikes/system\"\n");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const json analyses = json::parse(result.output).at("analyses");
  EXPECT_EQ(analyses.at("own").at("summary").at("found"), 1);
  EXPECT_EQ(analyses.at("truth").at("summary").at("found"), 3);
}

}  // namespace
}  // namespace dynkit::test
