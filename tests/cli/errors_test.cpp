// What a user is told, and the exit code, where something is wrong.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/command.hpp"
#include "support/refusal.hpp"
#include "support/slowness.hpp"

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

TEST(Errors, NameTheLineAndTheNearestKey) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_text(folder, "[model]\ncomponent = \"a.b.c\"\n[analysys]\n"), 2,
                         "e.toml:3: unknown key 'analysys' (did you mean 'analysis'?)"));
}

TEST(Errors, NameTheNearestComponent) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_text(folder, "[model]\ncomponent = \"org.dynkit.gruu\"\n"), 2,
                         "e.toml:2: no component 'org.dynkit.gruu'"));
  EXPECT_TRUE(is_refused(run_text(folder, gru(""), "--set model.component=org.dynkit.gruu"), 2,
                         "--set model.component=org.dynkit.gruu: no component 'org.dynkit.gruu' "
                         "(dynkit.model/1) on the plugin search path (did you mean "
                         "'org.dynkit.gru'?)"));
}

TEST(Errors, NameTheSettingItsValueAndTheRule) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_text(folder, gru("n = -3\n")), 2,
                         "e.toml:3: setting 'n': -3 is below its lower bound"));
}

TEST(Errors, SuggestThePrefixOfTheWeights) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_text(folder, gru("weights = \"" + kData + "weights.safetensors\"\n")),
                         2, "set prefix = \"rnn.\""));
}

TEST(Errors, RefuseNumbersThatAreNotFinite) {
  const ScratchFolder folder;
  const std::string flip_flop = "[dataset]\ncomponent = \"org.dynkit.flip_flop\"\n";
  EXPECT_TRUE(is_refused(run_text(folder, flip_flop + "amplitude = inf\n"), 2,
                         "e.toml:3: setting 'amplitude': inf is not a finite number"));
  const std::string lorenz =
      "[model]\ncomponent = \"org.dynkit.lorenz63\"\nparameters = {rho = -inf}\n";
  EXPECT_TRUE(is_refused(run_text(folder, lorenz), 2,
                         "e.toml:3: parameter 'rho': -inf is not a finite number"));
}

TEST(Errors, TellAMissingFileWithCode4) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_text(folder, gru("weights = \"nowhere.npz\"\n")), 4, "nowhere.npz"));
}

TEST(Errors, TellThatTomlIsBroken) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_text(folder, "[model\n"), 2, "e.toml:1:"));
}

TEST(Errors, DoNotComeFromOptionsBeforeTheFile) {
  const ScratchFolder folder;
  folder.write("e.toml", "[model]\ncomponent = \"org.dynkit.lorenz63\"\n");
  const CommandResult result =
      run_command(folder, kProgram + " run --dry-run --set seed=3 --set model.parameters.rho=20 " +
                              folder.file("e.toml"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
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
  EXPECT_TRUE(fails(result, 5, "stage 'fixed_points'"));
  EXPECT_TRUE(fails(result, 5, "crashed with signal 6"));
  const json record = json::parse(read_text(folder.file("run/run.json")));
  EXPECT_EQ(record.at("model").at("status"), "done");
  EXPECT_EQ(record.at("analyses").at("fixed_points").at("status"), "crashed");
  EXPECT_TRUE(std::filesystem::exists(folder.file("run/report.html")));
}

TEST(Errors, ReportAHangWithCode5) {
  const ScratchFolder folder;
  const std::string seconds = std::to_string(2 * kSlowness);  // loading a plugin takes less
  EXPECT_TRUE(fails(run_fixture(folder, "hangs", "--time-limit " + seconds), 5,
                    "gave no sign of life for " + seconds + " s"));
}

TEST(Errors, RefuseAComponentWithCode3AndItsReason) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_fixture(folder, "unknown_extension"), 3,
                         "needs the extension 'org.example.telepathy/1'"));
}

TEST(Errors, RefuseAComponentWhoseCreateThrows) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_fixture(folder, "create_throws"), 3,
                         "org.dynkit.test.decay: create throws: no license server"));
}

// Libraries that are refused as a whole may hold what is asked for.
class RefusedLibrary : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(RefusedLibrary, IsNamedWithItsReasonWhereAComponentIsMissing) {
  const ScratchFolder folder;
  const auto [flaw, reason] = GetParam();
  const CommandResult result = run_fixture(folder, flaw);
  EXPECT_TRUE(is_refused(result, 3, "no component 'org.dynkit.test.decay'"));
  EXPECT_TRUE(says(result, std::string("hostile_") + flaw + ".so: " + reason));
  EXPECT_FALSE(std::filesystem::exists(folder.file("run")));
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedLibrary,
    testing::Values(std::pair("wrong_major", "speaks plugin interface 2"),
                    std::pair("other_symbol", "speaks plugin interface 2"),
                    std::pair("no_symbol", "is not a dynkit plugin (no symbol dynkit_plugin_v1)"),
                    std::pair("no_table", "dynkit_plugin_v1 returned no table"),
                    std::pair("duplicate_id", "has two components 'org.dynkit.test.decay'"),
                    std::pair("crashes_on_loading", "crashes with signal 6 (Aborted) on loading"),
                    std::pair("exits_on_loading", "ends the process with code 0 on loading")),
    [](const auto& one) { return std::string(one.param.first); });

TEST(Errors, NameAFileThatIsNoLibraryAtAll) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.file("plugins"));
  folder.write("plugins/garbage.so", "hello");
  const CommandResult result = run_text(folder, "[model]\ncomponent = \"org.dynkit.test.decay\"\n",
                                        "--plugin-path " + folder.file("plugins"));
  EXPECT_TRUE(is_refused(result, 3, folder.file("plugins/garbage.so") + ": "));
}

TEST(Errors, PassOnWhatCreateSaysWithoutControlCharacters) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_fixture(folder, "create_fails"), 2,
                         "org.dynkit.test.decay: no license file [31mhere"));
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
