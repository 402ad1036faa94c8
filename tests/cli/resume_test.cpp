// `--resume`: what counts as unchanged, and whose run a folder holds.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// In the folder `place`, as a user there would.
CommandResult run_in(const ScratchFolder& folder, const std::string& place,
                     const std::string& words) {
  return run_command(folder, "cd " + folder.file(place) + " && " DYNKIT_PROGRAM " run " + words +
                                 " --json --resume");
}

// Fixed points of the Lorenz system: three with rho > 1, else one.
const std::string kLorenz =
    "[model]\ncomponent = \"org.dynkit.lorenz63\"\nweights = \"w.npz\"\n"
    "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n";

void write_weights(const ScratchFolder& folder, const std::string& place, double rho) {
  ArrayMap weights;
  weights["sigma"] = {{}, std::vector<double>{10.0}, {}, {}, {}};
  weights["rho"] = {{}, std::vector<double>{rho}, {}, {}, {}};
  weights["beta"] = {{}, std::vector<double>{8.0 / 3.0}, {}, {}, {}};
  fs::create_directories(folder.file(place));
  save_arrays(folder.file(place + "/w.npz"), weights);
}

std::int64_t found(const CommandResult& result) {
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  if (result.exit_code != 0) return -1;
  return json::parse(result.output)
      .at("analyses")
      .at("fixed_points")
      .at("summary")
      .at("found")
      .get<std::int64_t>();
}

bool reused(const CommandResult& result, const char* analysis) {
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return json::parse(result.output).at("analyses").at(analysis).at("reused").get<bool>();
}

TEST(Resume, ReadsTheFilesOfACopyOfTheProject) {
  const ScratchFolder folder;
  write_weights(folder, "old", 28.0);
  folder.write("old/e.toml", kLorenz);
  ASSERT_EQ(found(run_in(folder, "old", "e.toml --out runs/e")), 3);
  fs::copy(folder.file("old"), folder.file("new"), fs::copy_options::recursive);
  write_weights(folder, "new", 0.5);
  EXPECT_EQ(found(run_in(folder, "new", "e.toml --out runs/e")), 1);
}

TEST(Resume, ReadsTheFilesOfTheExperimentThatIsRun) {
  const ScratchFolder folder;
  for (const double rho : {28.0, 0.5}) {
    const std::string place = rho > 1.0 ? "p1" : "p2";
    write_weights(folder, place, rho);
    folder.write(place + "/e.toml", kLorenz);
  }
  ASSERT_EQ(found(run_in(folder, "p1", "e.toml --out ../run")), 3);
  EXPECT_EQ(found(run_in(folder, "p2", "e.toml --out ../run")), 1);
  EXPECT_EQ(found(run_in(folder, "p1", "e.toml --out ../run")), 3);
}

TEST(Resume, RunsNothingAgainWhereTheProjectWasMovedWithItsFiles) {
  const ScratchFolder folder;
  write_weights(folder, "old", 28.0);
  folder.write("old/e.toml", kLorenz);
  ASSERT_EQ(found(run_in(folder, "old", "e.toml --out runs/e")), 3);
  fs::rename(folder.file("old"), folder.file("new"));
  EXPECT_TRUE(reused(run_in(folder, "new", "e.toml --out runs/e"), "fixed_points"));
}

TEST(Resume, RunsAStageAgainThatIsGivenAnotherModel) {
  const ScratchFolder folder;
  const std::string rest =
      "[dataset]\ncomponent = \"org.dynkit.trajectories\"\nsamples = 9\n"
      "model = {component = \"org.dynkit.lorenz63\", parameters = {rho = 0.5}}\n"
      "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n";
  folder.write("e.toml", "[model]\ncomponent = \"org.dynkit.lorenz63\"\n" + rest);
  ASSERT_EQ(found(run_in(folder, ".", "e.toml --out run")), 3);
  folder.write("e.toml", rest);
  EXPECT_EQ(found(run_in(folder, ".", "e.toml --out run")), 1);
}

// "data/x.npy" was a file, and is an array of the stage "data" now.
TEST(Resume, RunsAStageAgainWhereAFileBecameAnArrayOfAStage) {
  const ScratchFolder folder;
  fs::create_directory(folder.file("data"));
  save_arrays(folder.file("data/x.npy"),
              {{"x", {{2, 2}, std::vector<double>{1.0, 2.0, 3.0, 4.0}, {}, {}, {}}}});
  const std::string model = "[model]\ncomponent = \"org.dynkit.henon\"\n";
  const std::string search =
      "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nstarts = \"data/x.npy\"\n";
  folder.write("e.toml", model + search);
  ASSERT_EQ(run_in(folder, ".", "e.toml --out run").exit_code, 0);
  const std::string stage =
      "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nname = \"data\"\n";
  folder.write("e.toml", model + stage + search);
  const CommandResult again = run_in(folder, ".", "e.toml --out run");
  EXPECT_TRUE(fails(again, 4, "stage 'fixed_points'"));
  EXPECT_TRUE(says(again, "stages/data.h5")) << again.errors;
}

std::string henon(const std::string& extra = "") {
  return "[model]\ncomponent = \"org.dynkit.henon\"\n"
         "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n" +
         extra;
}

// A loop of links stands for all that cannot be reached, as folders of others.
TEST(Resume, RefusesARunWhoseFileCannotBeReached) {
  const ScratchFolder folder;
  fs::create_directory(folder.file("there"));
  folder.write("there/a.toml", henon());
  ASSERT_EQ(run_in(folder, ".", "there/a.toml --out run").exit_code, 0);
  fs::remove_all(folder.file("there"));
  fs::create_symlink("there", folder.file("there"));
  folder.write("b.toml", henon("max_starts = 100\n"));
  EXPECT_TRUE(is_refused(run_in(folder, ".", "b.toml --out run"), 2,
                         "another experiment (" + folder.file("there/a.toml") + ")"));
}

TEST(Resume, LeavesTheFolderToTheFirstOfTwoFilesOfTheSameText) {
  const ScratchFolder folder;
  folder.write("a.toml", henon());
  folder.write("b.toml", henon());
  ASSERT_EQ(run_in(folder, ".", "a.toml --out run").exit_code, 0);
  ASSERT_EQ(run_in(folder, ".", "b.toml --out run").exit_code, 0);
  folder.write("b.toml", henon("max_starts = 100\n"));
  EXPECT_TRUE(is_refused(run_in(folder, ".", "b.toml --out run"), 2,
                         "another experiment (" + folder.file("a.toml") + ")"));
  folder.write("a.toml", henon("max_starts = 90\n"));
  EXPECT_EQ(run_in(folder, ".", "a.toml --out run").exit_code, 0);
}

TEST(Resume, GivesTheFolderToAFileThatWasRenamed) {
  const ScratchFolder folder;
  folder.write("a.toml", henon());
  ASSERT_EQ(run_in(folder, ".", "a.toml --out run").exit_code, 0);
  fs::rename(folder.file("a.toml"), folder.file("b.toml"));
  ASSERT_EQ(run_in(folder, ".", "b.toml --out run").exit_code, 0);
  folder.write("b.toml", henon("max_starts = 100\n"));
  EXPECT_EQ(run_in(folder, ".", "b.toml --out run").exit_code, 0);
}

// The short one of two experiments in one folder; seconds would say nothing more.
std::string experiment_of(const std::string& model, const std::string& extra = "") {
  return "[model]\ncomponent = \"org.dynkit." + model + "\"\n" + extra +
         "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n";
}

CommandResult run_at(const ScratchFolder& folder, const std::string& file,
                     const std::string& words = "") {
  return run_command(folder, std::string(DYNKIT_PROGRAM) + " run " + folder.file(file) +
                                 " --json --out " + folder.file("run") + " " + words);
}

TEST(Resume, RefusesTheRunOfAnotherExperimentAndKeepsIt) {
  const ScratchFolder folder;
  folder.write("a.toml", experiment_of("henon"));
  folder.write("b.toml", experiment_of("lorenz63"));
  ASSERT_EQ(run_at(folder, "a.toml").exit_code, 0);
  const std::string before = read_text(folder.file("run/results.h5"));
  const CommandResult other = run_at(folder, "b.toml", "--resume");
  EXPECT_TRUE(is_refused(other, 2, "another experiment (" + folder.file("a.toml") + ")"));
  EXPECT_TRUE(says(other, "choose another folder with --out, or remove this one first"));
  EXPECT_EQ(read_text(folder.file("run/results.h5")), before);
  EXPECT_EQ(read_text(folder.file("run/experiment.toml")), experiment_of("henon"));
}

TEST(Resume, GoesOnWithAnEditedExperimentUnderAnyNameOfItsFile) {
  const ScratchFolder folder;
  folder.write("a.toml", experiment_of("henon"));
  ASSERT_EQ(run_at(folder, "a.toml").exit_code, 0);
  folder.write("a.toml", experiment_of("henon") + "max_starts = 100\n");
  fs::create_symlink("a.toml", folder.file("link.toml"));
  const CommandResult edited = run_at(
      folder, "../" + fs::path(folder.path()).filename().string() + "/link.toml", "--resume");
  ASSERT_EQ(edited.exit_code, 0) << edited.errors;
  EXPECT_EQ(json::parse(edited.output).at("model").at("reused"), true);
  EXPECT_FALSE(reused(edited, "fixed_points"));
}

TEST(Resume, GoesOnWithAnEditedExperimentInAFolderOfAnotherName) {
  const ScratchFolder folder;
  folder.write("a.toml", experiment_of("henon"));
  fs::create_symlink("a.toml", folder.file("link.toml"));
  ASSERT_EQ(run_at(folder, "link.toml").exit_code, 0);
  fs::create_directory(folder.file("kept"));
  fs::rename(folder.file("run"), folder.file("kept/run"));
  folder.write("a.toml", experiment_of("henon") + "max_starts = 100\n");
  const CommandResult edited =
      run_command(folder, std::string(DYNKIT_PROGRAM) + " run " + folder.file("a.toml") +
                              " --quiet --resume --out " + folder.file("kept/run"));
  EXPECT_EQ(edited.exit_code, 0) << edited.errors;
}

TEST(Resume, GoesOnWithACopyOfTheSameText) {
  const ScratchFolder folder;
  folder.write("a.toml", experiment_of("henon"));
  ASSERT_EQ(run_at(folder, "a.toml").exit_code, 0);
  fs::rename(folder.file("a.toml"), folder.file("b.toml"));
  const CommandResult renamed = run_at(folder, "b.toml", "--resume");
  ASSERT_EQ(renamed.exit_code, 0) << renamed.errors;
  EXPECT_TRUE(reused(renamed, "fixed_points"));
}

TEST(Resume, GoesOnWhereFolderAndEditedExperimentWereMovedTogether) {
  const ScratchFolder folder;
  fs::create_directory(folder.file("old"));
  folder.write("old/a.toml", experiment_of("henon"));
  const auto line = [&](const std::string& place) {
    return "cd " + folder.file(place) +
           " && " DYNKIT_PROGRAM " run a.toml --json --out runs/a --resume";
  };
  ASSERT_EQ(run_command(folder, line("old")).exit_code, 0);
  fs::rename(folder.file("old"), folder.file("new"));
  folder.write("new/a.toml", experiment_of("henon") + "max_starts = 100\n");
  const CommandResult moved = run_command(folder, line("new"));
  EXPECT_EQ(moved.exit_code, 0) << moved.errors;
}

TEST(Resume, KnowsExperimentsWithoutAFileByWhatTheyAre) {
  const ScratchFolder folder;
  const auto simulate = [&](const std::string& words) {
    return run_command(folder, "cd " + folder.path() + " && " DYNKIT_PROGRAM " simulate " + words +
                                   " --samples 5 --out run --resume --quiet");
  };
  ASSERT_EQ(simulate("henon").exit_code, 0);
  EXPECT_EQ(simulate("henon --trials 3").exit_code, 0);
  EXPECT_TRUE(is_refused(simulate("logistic"), 2, "(simulate org.dynkit.henon)"));
  folder.write("a.toml", experiment_of("henon"));
  EXPECT_TRUE(is_refused(run_at(folder, "a.toml", "--resume"), 2, "(simulate org.dynkit.henon)"));
}

// A result that a seed and a setting changed, for runs that go on without them.
CommandResult run_with_assignments(const ScratchFolder& folder) {
  folder.write("a.toml", experiment_of("henon"));
  CommandResult first = run_at(folder, "a.toml", "--seed 3 --set fixed_points.max_starts=100");
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  return first;
}

TEST(Resume, RefusesToLeaveOutWhatWasSetForTheFirstRun) {
  const ScratchFolder folder;
  run_with_assignments(folder);
  const std::string before = read_text(folder.file("run/results.h5"));
  EXPECT_TRUE(is_refused(run_at(folder, "a.toml", "--resume --seed 3"), 2,
                         "--set fixed_points.max_starts=100, which is not given now"));
  EXPECT_TRUE(is_refused(run_at(folder, "a.toml", "--resume --set fixed_points.max_starts=100"), 2,
                         "--set seed=3"));
  EXPECT_EQ(read_text(folder.file("run/results.h5")), before);
}

TEST(Resume, GoesOnWithOtherValuesOfWhatWasSet) {
  const ScratchFolder folder;
  run_with_assignments(folder);
  const CommandResult other =
      run_at(folder, "a.toml", "--resume --seed 3 --set fixed_points.max_starts=101");
  ASSERT_EQ(other.exit_code, 0) << other.errors;
  EXPECT_FALSE(reused(other, "fixed_points"));
}

std::string hash_of(const ScratchFolder& folder, const std::string& file) {
  return run_command(folder, "sha256sum " + file).output.substr(0, 64);
}

TEST(Run, RecordsTheLibraryAndTheFilesThatItRead) {
  const ScratchFolder folder;
  write_weights(folder, "p", 20.0);
  folder.write("p/e.toml", kLorenz);
  const json record = json::parse(run_in(folder, "p", "e.toml --out run").output);
  EXPECT_EQ(record.at("model").at("settings").at("weights"), "\"w.npz\"");
  const std::string weights = hash_of(folder, folder.file("p/w.npz"));
  EXPECT_EQ(record.at("model").at("files_sha256").at("w.npz"), weights);
  EXPECT_NE(read_text(folder.file("p/run/report.html")).find(weights), std::string::npos);
  ASSERT_EQ(record.at("plugins").size(), 2u);
  for (const json& plugin : record.at("plugins")) {
    const std::string text = plugin;  // "FILE (SHA-256 HASH)"
    const std::string file = text.substr(0, text.find(" (SHA-256 "));
    EXPECT_EQ(text, file + " (SHA-256 " + hash_of(folder, file) + ")");
  }
}

TEST(Run, RecordsWhatWasSetOnTheCommandLine) {
  const ScratchFolder folder;
  const json record = json::parse(run_with_assignments(folder).output);
  EXPECT_EQ(record.at("assignments"), (json{"fixed_points.max_starts=100", "seed=3"}));
  EXPECT_NE(read_text(folder.file("run/report.html")).find("\"fixed_points.max_starts=100\""),
            std::string::npos);
}

}  // namespace
}  // namespace dynkit::test
