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

}  // namespace
}  // namespace dynkit::test
