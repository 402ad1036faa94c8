// Run folders: resuming, unchanged stages, locks, interruption, and kills at any moment.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"
#include "support/slowness.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// One model, two analyses; a fraction of a second.
std::string experiment(const std::string& extra = "") {
  const std::string data = std::string(SOURCE_FOLDER) + "/examples/data/flip_flop_gru/";
  return "[model]\ncomponent = \"org.dynkit.gru\"\nweights = \"" + data +
         "weights.safetensors\"\nprefix = \"rnn.\"\n"
         "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nstarts = \"" +
         data + "states.npy\"\n" + extra +
         "[[analysis]]\ncomponent = \"org.dynkit.linearization\"\npoints = \"fixed_points/x\"\n";
}

std::string run_line(const ScratchFolder& folder, const std::string& words = "",
                     const std::string& out = "run") {
  return std::string(DYNKIT_PROGRAM) + " run " + folder.file("e.toml") + " --json --out " +
         folder.file(out) + " " + words;
}

bool reused(const CommandResult& result, const char* stage) {
  return json::parse(result.output).at("analyses").at(stage).at("reused").get<bool>();
}

TEST(RunFolder, IsRefusedIfItExistsAndNotResumed) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment());
  ASSERT_EQ(run_command(folder, run_line(folder)).exit_code, 0);
  const std::string before = read_text(folder.file("run/run.json"));
  EXPECT_TRUE(is_refused(run_command(folder, run_line(folder)), 2, "--resume"));
  EXPECT_EQ(read_text(folder.file("run/run.json")), before);
}

TEST(RunFolder, DoesNotRunUnchangedStagesAgain) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment());
  const CommandResult first = run_command(folder, run_line(folder));
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_FALSE(reused(first, "fixed_points"));
  const CommandResult second = run_command(folder, run_line(folder, "--resume"));
  ASSERT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_TRUE(reused(second, "fixed_points"));
  EXPECT_TRUE(reused(second, "linearization"));
}

TEST(RunFolder, RunsAChangedStageAndThoseThatUseIt) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment());
  ASSERT_EQ(run_command(folder, run_line(folder)).exit_code, 0);
  folder.write("e.toml", experiment("input = [0.5, 0, 0]\n"));
  const CommandResult second = run_command(folder, run_line(folder, "--resume"));
  ASSERT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_FALSE(reused(second, "fixed_points"));
  EXPECT_FALSE(reused(second, "linearization"));
}

TEST(RunFolder, KeepsItsExperimentWhenANewOneIsRefused) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment());
  ASSERT_EQ(run_command(folder, run_line(folder)).exit_code, 0);
  const std::string before = read_text(folder.file("run/experiment.toml"));
  folder.write("e.toml", experiment("tolerence = 1e-9\n"));
  EXPECT_TRUE(is_refused(run_command(folder, run_line(folder, "--resume")), 2, "'tolerance'"));
  EXPECT_EQ(read_text(folder.file("run/experiment.toml")), before);
}

TEST(RunFolder, LeavesNothingBehindWhenTheExperimentIsRefused) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment("tolerence = 1e-9\n"));
  EXPECT_EQ(run_command(folder, run_line(folder, "", "above/run")).exit_code, 2);
  EXPECT_FALSE(fs::exists(folder.file("above")));
}

TEST(RunFolder, LeavesWhatOthersHavePutBesideIt) {
  const ScratchFolder folder;
  fs::create_directory(folder.file("above"));
  folder.write("e.toml", experiment("tolerence = 1e-9\n"));
  EXPECT_EQ(run_command(folder, run_line(folder, "", "above/run")).exit_code, 2);
  EXPECT_TRUE(fs::is_empty(folder.file("above")));
}

// Starts `dynkit` with its own process group and returns its process.
pid_t start(const ScratchFolder& folder, const std::string& line) {
  const pid_t process = fork();
  if (process == 0) {
    setpgid(0, 0);
    const std::string quiet = "exec " + line + " > " + folder.file("out.txt") + " 2>&1";
    execl("/bin/sh", "sh", "-c", quiet.c_str(), nullptr);
    _exit(127);
  }
  setpgid(process, process);  // here too, so that the group is there for a signal to it
  return process;
}

// One that does not end by itself within two minutes is killed, which no test takes for good.
int wait_status(pid_t process) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  int status = 0;
  while (waitpid(process, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > limit) kill(process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return status;
}

int wait_for(pid_t process) {
  const int status = wait_status(process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Until the first stage is done.
void wait_for_record(const ScratchFolder& folder) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!fs::exists(folder.file("run/run.json")) && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

json record_of(const ScratchFolder& folder) {
  return json::parse(read_text(folder.file("run/run.json")));
}

TEST(RunFolder, RefusesASecondRunWhileOneIsAtWork) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment());
  ASSERT_EQ(run_command(folder, run_line(folder)).exit_code, 0);
  // The lock is what a run holds while it works: hold it as another process would.
  const pid_t holder = start(folder, "flock " + folder.file("run/.lock") + " sleep 30");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const CommandResult second = run_command(folder, run_line(folder, "--resume"));
  kill(-holder, SIGKILL);
  wait_for(holder);
  EXPECT_TRUE(is_refused(second, 2, "another dynkit is at work"));
}

// One short stage, then a search that would take very long.
std::string endless() {
  return "[model]\ncomponent = \"org.dynkit.gru\"\nn = 300\nm = 2\n"
         "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nname = \"short\"\nmax_starts = 1\n"
         "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\nmax_starts = 100000000\n"
         "min_hits = 1000000\npatience = 1000000\n";
}

TEST(RunFolder, EndsWithCode130WhenInterrupted) {
  const ScratchFolder folder;
  folder.write("e.toml", endless());
  const pid_t process = start(folder, run_line(folder));
  wait_for_record(folder);
  kill(process, SIGINT);
  EXPECT_EQ(wait_for(process), 130) << read_text(folder.file("out.txt"));
  EXPECT_EQ(record_of(folder).at("status"), "interrupted");
  EXPECT_TRUE(fs::exists(folder.file("run/report.html")));
}

// Two signals, since one that is pending twice arrives once.
TEST(RunFolder, TakesTwoSignalsAtOnceForOneAndKeepsWhatIsDone) {
  const ScratchFolder folder;
  folder.write("e.toml", endless());
  const pid_t process = start(folder, run_line(folder));
  wait_for_record(folder);
  kill(process, SIGINT);
  kill(process, SIGTERM);
  const int status = wait_status(process);
  ASSERT_TRUE(WIFEXITED(status)) << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(record_of(folder).at("status"), "interrupted");
  EXPECT_EQ(record_of(folder).at("model").at("status"), "done");
}

// A search that hangs, and so is deaf to signals.
std::string hanging() {
  return "[model]\ncomponent = \"org.dynkit.test.decay\"\n"
         "[[analysis]]\ncomponent = \"org.dynkit.fixed_points\"\n";
}

void signal_twice_slowly(pid_t process) {
  std::this_thread::sleep_for(std::chrono::milliseconds(500 * kSlowness));  // into the search
  kill(process, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  kill(process, SIGINT);
}

TEST(RunFolder, IsLeftAtOnceAtASecondSignalThatComesLater) {
  if (kSignalsWait) GTEST_SKIP() << "no signal reaches a plugin that hangs in this process";
  const ScratchFolder folder;
  folder.write("e.toml", hanging());
  const pid_t process =
      start(folder, run_line(folder, "--in-process --plugin-path " FIXTURES "/hangs"));
  wait_for_record(folder);
  signal_twice_slowly(process);
  const int status = wait_status(process);
  ASSERT_TRUE(WIFSIGNALED(status)) << read_text(folder.file("out.txt"));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
  EXPECT_EQ(record_of(folder).at("status"), "running");  // as its last stage left it
}

// A worker is ended by its supervisor, at the latest with it.
TEST(Worker, OutlivesASecondSignal) {
  const ScratchFolder folder;
  folder.write("e.toml", hanging());
  const std::string words =
      "--time-limit " + std::to_string(kSlowness) + " --plugin-path " FIXTURES "/hangs";
  ASSERT_EQ(run_command(folder, run_line(folder, words)).exit_code, 5);
  const pid_t process = start(folder, std::string(DYNKIT_PROGRAM) + " worker " +
                                          folder.file("run") + " fixed_points 3>/dev/null");
  signal_twice_slowly(process);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  kill(process, SIGKILL);
  EXPECT_EQ(wait_for(process), 128 + SIGKILL);
}

// The worker hears of Ctrl-C from the terminal and once more from the command: it still stops by
// itself, and what it has found is kept.
TEST(RunFolder, KeepsWhatAStageHasDoneAtCtrlC) {
  const ScratchFolder folder;
  folder.write("e.toml", endless());
  const pid_t process = start(folder, run_line(folder));
  wait_for_record(folder);
  while (!record_of(folder).contains("analyses")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // into the search
  kill(-process, SIGINT);
  ASSERT_EQ(wait_for(process), 130) << read_text(folder.file("out.txt"));
  const json stage = record_of(folder).at("analyses").at("fixed_points");
  EXPECT_EQ(stage.at("status"), "interrupted");
  EXPECT_EQ(stage.at("message"), "stopped on request; what was done so far is kept");
}

// Ctrl-C reaches the workers too, and as early as before the first stage.
TEST(RunFolder, IsNeverCalledDoneWhenInterruptedAtAnyMoment) {
  const ScratchFolder folder;
  folder.write("e.toml", endless());
  std::mt19937 random(11);
  for (int trial = 0; trial < 40; ++trial) {
    fs::remove_all(folder.file("run"));
    const pid_t process = start(folder, run_line(folder));
    const double moment = std::uniform_real_distribution<>(0.0, 0.1)(random);
    std::this_thread::sleep_for(std::chrono::duration<double>(moment));
    kill(-process, SIGINT);
    ASSERT_EQ(wait_for(process), 130) << "after " << moment << " s in trial " << trial << ": "
                                      << read_text(folder.file("out.txt"));
  }
}

// What a reader may rely on at any moment: every file that is there is complete.
void expect_valid(const ScratchFolder& folder) {
  const std::string run = folder.file("run");
  if (!fs::exists(run)) return;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".json")) {
      EXPECT_TRUE(json::accept(read_text(path))) << path;
    } else if (path.ends_with(".h5")) {
      EXPECT_NO_THROW(load_arrays(path)) << path;
    }
  }
}

TEST(RunFolder, IsValidAfterAKillAtAnyMoment) {
  const ScratchFolder folder;
  folder.write("e.toml", experiment());
  const auto begin = std::chrono::steady_clock::now();
  const CommandResult whole = run_command(folder, run_line(folder));
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;
  const std::chrono::duration<double> length = std::chrono::steady_clock::now() - begin;
  const ArrayMap expected = load_arrays(folder.file("run/results.h5"));

  std::mt19937 random(7);
  for (int trial = 0; trial < 100; ++trial) {
    if (trial % 4 == 0) fs::remove_all(folder.file("run"));
    const bool resume = fs::exists(folder.file("run/request.json"));
    if (!resume) fs::remove_all(folder.file("run"));
    const pid_t process = start(folder, run_line(folder, resume ? "--resume" : ""));
    const double moment = std::uniform_real_distribution<>(0.0, length.count())(random);
    std::this_thread::sleep_for(std::chrono::duration<double>(moment));
    kill(process, SIGKILL);
    wait_for(process);
    expect_valid(folder);
    if (HasFailure()) FAIL() << "killed after " << moment << " s in trial " << trial;
  }

  // Whatever is left, the run goes on from it to the same points.
  const bool resume = fs::exists(folder.file("run/request.json"));
  if (!resume) fs::remove_all(folder.file("run"));
  const CommandResult last = run_command(folder, run_line(folder, resume ? "--resume" : ""));
  ASSERT_EQ(last.exit_code, 0) << last.errors;
  EXPECT_EQ(load_arrays(folder.file("run/results.h5")).at("analyses/fixed_points/x").numbers(),
            expected.at("analyses/fixed_points/x").numbers());
}

}  // namespace
}  // namespace dynkit::test
