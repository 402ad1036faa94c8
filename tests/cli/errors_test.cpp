// What a user is told, and the exit code, where something is wrong.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/command.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

const std::string kProgram = DYNKIT_PROGRAM;
const std::string kData = std::string(SOURCE_FOLDER) + "/examples/data/flip_flop_gru/";

std::string gru(const std::string& lines) {
  return "[model]\ncomponent = \"org.dynkit.gru\"\n" + lines;
}

CommandResult run_text(const ScratchFolder& folder, const std::string& text,
                       const std::string& words = "") {
  folder.write("e.toml", text);
  return run_command(folder, kProgram + " run " + folder.file("e.toml") + " --out " +
                                 folder.file("run") + " " + words);
}

// The plugin of a flaw as the model of an analysis that evaluates it.
CommandResult run_fixture(const ScratchFolder& folder, const std::string& flaw,
                          const std::string& words = "") {
  return run_text(folder,
                  "[model]\ncomponent = \"org.dynkit.test.decay\"\n"
                  "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n",
                  "--plugin-path " + std::string(FIXTURES) + "/" + flaw + " " + words);
}

bool says(const CommandResult& result, const std::string& text) {
  return result.errors.find(text) != std::string::npos;
}

TEST(Errors, NameTheLineAndTheNearestKey) {
  const ScratchFolder folder;
  const CommandResult result = run_text(folder, "[model]\ncomponent = \"a.b.c\"\n[analysys]\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(says(result, "e.toml:3: unknown key 'analysys' (did you mean 'analysis'?)"))
      << result.errors;
}

TEST(Errors, NameTheNearestComponent) {
  const ScratchFolder folder;
  const CommandResult result = run_text(folder, "[model]\ncomponent = \"org.dynkit.gruu\"\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(says(result, "did you mean 'org.dynkit.gru'?")) << result.errors;
}

TEST(Errors, NameTheSettingItsValueAndTheRule) {
  const ScratchFolder folder;
  const CommandResult result = run_text(folder, gru("n = -3\n"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(says(result, "e.toml:3: setting 'n': -3 is below its lower bound")) << result.errors;
}

TEST(Errors, SuggestThePrefixOfTheWeights) {
  const ScratchFolder folder;
  const CommandResult result =
      run_text(folder, gru("weights = \"" + kData + "weights.safetensors\"\n"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(says(result, "set prefix = \"rnn.\"")) << result.errors;
}

TEST(Errors, TellAMissingFileWithCode4) {
  const ScratchFolder folder;
  const CommandResult result = run_text(folder, gru("weights = \"nowhere.npz\"\n"));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_TRUE(says(result, "nowhere.npz")) << result.errors;
}

TEST(Errors, TellThatTomlIsBroken) {
  const ScratchFolder folder;
  const CommandResult result = run_text(folder, "[model\n");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(says(result, "e.toml:1:")) << result.errors;
}

TEST(Errors, RefuseWrongUseWithCode2) {
  const ScratchFolder folder;
  EXPECT_EQ(run_command(folder, kProgram + " run").exit_code, 2);
  EXPECT_EQ(run_command(folder, kProgram + " fly").exit_code, 2);
  EXPECT_EQ(run_command(folder, kProgram + " --help").exit_code, 0);
}

TEST(Errors, ReportACrashWithCode5AndKeepWhatWasDone) {
  const ScratchFolder folder;
  const CommandResult result = run_fixture(folder, "crashes");
  EXPECT_EQ(result.exit_code, 5) << result.errors;
  EXPECT_TRUE(says(result, "stage 'fixed_points'")) << result.errors;
  EXPECT_TRUE(says(result, "crashed with signal 6")) << result.errors;
  const json record = json::parse(read_text(folder.file("run/run.json")));
  EXPECT_EQ(record.at("model").at("status"), "done");
  EXPECT_EQ(record.at("analyses").at("fixed_points").at("status"), "crashed");
  EXPECT_TRUE(std::filesystem::exists(folder.file("run/report.html")));
}

TEST(Errors, ReportAHangWithCode5) {
  const ScratchFolder folder;
  const CommandResult result = run_fixture(folder, "hangs", "--time-limit 2");
  EXPECT_EQ(result.exit_code, 5) << result.errors;
  EXPECT_TRUE(says(result, "gave no sign of life for 2 s")) << result.errors;
}

TEST(Errors, RefuseAComponentWithCode3AndItsReason) {
  const ScratchFolder folder;
  const CommandResult result = run_fixture(folder, "unknown_extension");
  EXPECT_EQ(result.exit_code, 3) << result.errors;
  EXPECT_TRUE(says(result, "needs the extension 'org.example.telepathy/1'")) << result.errors;
}

TEST(Errors, PassOnWhatCreateSaysWithoutControlCharacters) {
  const ScratchFolder folder;
  const CommandResult result = run_fixture(folder, "create_fails");
  EXPECT_EQ(result.exit_code, 2) << result.errors;
  EXPECT_TRUE(says(result, "org.dynkit.test.decay: no license file [31mhere")) << result.errors;
}

TEST(PluginList, NamesRefusedLibrariesWithTheirReasons) {
  const ScratchFolder folder;
  const CommandResult result =
      run_command(folder, kProgram + " plugin list --plugin-path " + FIXTURES + "/wrong_major");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.output.find("speaks plugin interface 2"), std::string::npos);
  EXPECT_NE(result.output.find("org.dynkit.gru"), std::string::npos);
}

TEST(DryRun, ShowsEverySettingAndRunsNothing) {
  const ScratchFolder folder;
  const CommandResult result = run_text(
      folder, gru("weights = \"" + kData + "weights.npz\"\nprefix = \"rnn.\"\n"), "--dry-run");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("n = 64"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file("run")));
}

}  // namespace
}  // namespace dynkit::test
