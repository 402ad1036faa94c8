// The commands that make an experiment of their arguments: simulate and analyze; and the options
// that every command takes.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"
#include "support/slowness.hpp"

namespace dynkit::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kProgram = DYNKIT_PROGRAM;

// In the scratch folder, where `runs` is made.
CommandResult dynkit(const ScratchFolder& folder, const std::string& words) {
  return run_command(folder, "cd " + folder.path() + " && " + kProgram + " " + words);
}

// x'' = -x from (1, 0): (cos t, -sin t).
const std::string kRotation =
    "simulate linear_flow --set model.n=2 --parameter 'A=[[0, 1], [-1, 0]]' --initial '[1, 0]' "
    "--rtol 1e-11 --atol 1e-13 ";

TEST(Simulate, SavesTheTrajectoryOfAFlow) {
  const ScratchFolder folder;
  const CommandResult result = dynkit(folder, kRotation + "--duration 6 --dt 0.5 --save x.npz");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("x.npz"));
  const Array& states = arrays.at("states");
  ASSERT_EQ(states.shape, (std::vector<std::int64_t>{1, 13, 2}));
  for (std::size_t k = 0; k < 13; ++k) {
    const double t = 0.5 * static_cast<double>(k);
    EXPECT_DOUBLE_EQ(arrays.at("time").numbers()[k], t);
    EXPECT_NEAR(states.numbers()[2 * k], std::cos(t), 1e-8);  // 100 steps' worth of the tolerance
    EXPECT_NEAR(states.numbers()[2 * k + 1], -std::sin(t), 1e-8);
  }
}

// x' = 2 x (1 - x): x_k = (1 - (1 - 2 x_0)^(2^k)) / 2.
TEST(Simulate, IteratesAMap) {
  const ScratchFolder folder;
  const CommandResult result =
      dynkit(folder, "simulate logistic --parameter r=2 --initial '[0.1]' --samples 7 --save x.h5");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("x.h5"));
  const std::vector<double>& x = arrays.at("states").numbers();
  ASSERT_EQ(x.size(), 7U);
  for (std::size_t k = 0; k < 7; ++k) {
    EXPECT_NEAR(x[k], (1 - std::pow(0.8, std::pow(2.0, static_cast<double>(k)))) / 2, 1e-15);
  }
}

// Every third iterate of x' = x / 2.
TEST(Simulate, CountsTheTimeOfAMapInItsSteps) {
  const ScratchFolder folder;
  const CommandResult result =
      dynkit(folder,
             "simulate linear_map --set model.n=1 --parameter 'A=[[0.5]]' --initial '[512]' "
             "--duration 9 --dt 3 --save x.npz");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("x.npz"));
  EXPECT_EQ(arrays.at("time").numbers(), (std::vector<double>{0, 3, 6, 9}));
  EXPECT_EQ(arrays.at("states").numbers(), (std::vector<double>{512, 64, 8, 1}));
}

// timeout signals the process and then its group: once and once more, which is one wish.
TEST(Simulate, IsInterruptedByTimeout) {
  const ScratchFolder folder;
  const CommandResult result =
      run_command(folder, "cd " + folder.path() + " && timeout -s INT " +
                              std::to_string(kSlowness) + " " + kProgram +
                              " simulate lorenz63 --trials 1000000 --samples 2 --duration 1000 "
                              "--save x.npz --quiet; echo $?");
  // 124 is timeout's own code where it had to act; the record has ours.
  EXPECT_EQ(result.output, "124\n") << result.errors;
  const json record = json::parse(read_text(folder.file("runs/simulate_lorenz63/run.json")));
  EXPECT_EQ(record.at("status"), "interrupted");
  EXPECT_FALSE(fs::exists(folder.file("x.npz")));
}

// x' = 1 - 1.4 x^2 + y grows as (1.4 |x|)^(2^k) / 1.4: the seventh number is above 10^273.
TEST(Simulate, WarnsOfATrajectoryThatLeaves) {
  const ScratchFolder folder;
  const CommandResult result = dynkit(folder, "simulate henon --initial '[100, 100]' --save x.npz");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(says(result,
                   "none of 1 trials reached the end; trial 0 ended at t = 7: the state is not "
                   "finite any more; its last known state, at t = 7, is (-"))
      << result.errors;
  EXPECT_NE(result.output.find("failed 1   reached_end none of 1 trials\n"), std::string::npos)
      << result.output;
  const ArrayMap arrays = load_arrays(folder.file("x.npz"));
  EXPECT_EQ(to_numbers(arrays.at("outcome"), "outcome").numbers(), std::vector<double>{1});
  EXPECT_EQ(arrays.at("last_time").numbers(), std::vector<double>{7});
  const std::vector<double>& x = arrays.at("states").numbers();
  EXPECT_LT(x[2 * 7], -1e270);
  EXPECT_TRUE(std::isnan(x[2 * 8]));
}

TEST(Simulate, RefusesWhatIsNoTime) {
  const ScratchFolder folder;
  for (const char* words : {"henon --dt 1.5", "lorenz63 --duration 1 --dt 0.3", "lorenz63 --dt inf",
                            "lorenz63 --samples 0", "lorenz63 --initial '[1, nan, 2]'",
                            "lorenz63 --seed 9223372036854775808"}) {
    const CommandResult result = dynkit(folder, std::string("simulate ") + words);
    EXPECT_EQ(result.exit_code, 2) << words << ": " << result.errors;
    EXPECT_LT(result.errors.size(), 200U) << result.errors;
  }
}

TEST(Simulate, LeavesAnExperimentThatRunsToTheSameBits) {
  const ScratchFolder folder;
  const CommandResult first =
      dynkit(folder, "simulate lorenz63 --parameter rho=20 --trials 3 --duration 2 --seed 5");
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const CommandResult again =
      dynkit(folder, "run runs/simulate_lorenz63/experiment.toml --seed 5 --out again");
  ASSERT_EQ(again.exit_code, 0) << again.errors;
  const char* kStates = "dataset/states";
  const ArrayMap one = load_arrays(folder.file("runs/simulate_lorenz63/results.h5"));
  const ArrayMap two = load_arrays(folder.file("again/results.h5"));
  ASSERT_TRUE(one.contains(kStates)) << one.begin()->first;
  EXPECT_EQ(one.at(kStates).shape, (std::vector<std::int64_t>{3, 1001, 3}));
  EXPECT_EQ(one.at(kStates).numbers(), two.at(kStates).numbers());
}

TEST(Simulate, RefusesDurationStepAndSamplesTogether) {
  const ScratchFolder folder;
  EXPECT_TRUE(fails(dynkit(folder, "simulate lorenz63 --duration 2 --dt 0.1 --samples 7"), 2,
                    "give two, the third follows"));
}

TEST(Simulate, RefusesAnUnknownFormatBeforeItRuns) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(dynkit(folder, "simulate lorenz63 --save x.mat"), 2,
                         "--save x.mat: the ending is none of .npz"));
  EXPECT_FALSE(fs::exists(folder.file("runs")));
}

TEST(Simulate, NamesTheSettingThatIsWrong) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(
      dynkit(folder, "simulate lorenz63 --set trails=3"), 2,
      "error: org.dynkit.trajectories has no setting 'trails' (did you mean 'trials'?)"));
}

TEST(Analyze, FindsThePointsOfTheModelWithItsParameters) {
  const ScratchFolder folder;
  const CommandResult result =
      dynkit(folder, "analyze fixed_points lorenz63 --parameter rho=20 --json");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(json::parse(result.output).at("analyses").at("fixed_points").at("summary").at("found"),
            3);
  const ArrayMap arrays = load_arrays(folder.file("runs/fixed_points_of_lorenz63/results.h5"));
  double most = 0.0;
  for (const double x : arrays.at("analyses/fixed_points/x").numbers()) most = std::max(most, x);
  EXPECT_NEAR(most, 19.0, 1e-12);  // C+- at z = rho - 1
}

TEST(Analyze, ReadsFilesRelativeToTheCurrentFolder) {
  const ScratchFolder folder;
  folder.write("start.csv", "8,8,27\n-8,-8,27\n");
  const CommandResult result =
      dynkit(folder, "analyze fixed_points lorenz63 --set starts=start.csv --quiet --out deep/run");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "");
}

TEST(Analyze, LeavesAnExperimentThatRunsFromAnotherFolder) {
  const ScratchFolder folder;
  folder.write("start.csv", "8,8,27\n-8,-8,27\n");
  const CommandResult first =
      dynkit(folder, "analyze fixed_points lorenz63 --set starts=start.csv --out deep/run");
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const CommandResult again = run_command(folder, "cd / && " + kProgram + " run " +
                                                      folder.file("deep/run/experiment.toml") +
                                                      " --out " + folder.file("again"));
  EXPECT_EQ(again.exit_code, 0) << again.errors;
}

TEST(Analyze, SaysOnceThatParametersAreRandom) {
  const ScratchFolder folder;
  const CommandResult result = dynkit(folder, "analyze fixed_points gru --set model.n=3 --out gru");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const std::string text =
      "org.dynkit.gru is given no weights: its parameters are random, as before training";
  const std::size_t first = result.errors.find(text);
  ASSERT_NE(first, std::string::npos) << result.errors;
  EXPECT_EQ(result.errors.find(text, first + 1), std::string::npos);
  // A system with declared parameters has nothing to announce.
  const CommandResult quiet = dynkit(folder, "analyze fixed_points lorenz63 --out lorenz");
  EXPECT_FALSE(says(quiet, "random")) << quiet.errors;
}

TEST(Analyze, NamesTheNearestComponentByItsShortName) {
  const ScratchFolder folder;
  EXPECT_TRUE(
      is_refused(dynkit(folder, "analyze lyapunv lorenz63"), 2, "did you mean 'lyapunov'?"));
}

TEST(Analyze, RefusesAssignmentsThatAreNone) {
  const ScratchFolder folder;
  for (const char* words : {"--set length", "--set 'a b=3'", "--set a.b=3", "--parameter rho"}) {
    const CommandResult result = dynkit(folder, std::string("analyze lyapunov lorenz63 ") + words);
    EXPECT_EQ(result.exit_code, 2) << words;
    EXPECT_FALSE(fs::exists(folder.file("runs"))) << words;
  }
}

TEST(Commands, SuggestTheNearestOne) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(dynkit(folder, "analyse lyapunov lorenz63"), 2,
                         "'analyse' is no command (did you mean 'analyze'?)"));
}

TEST(Commands, SayOfAComponentOfAnotherKindWhatItIs) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(dynkit(folder, "analyze lorenz63 lyapunov"), 2,
                         "no component 'lorenz63' (dynkit.analysis/1) on the plugin search path "
                         "(org.dynkit.lorenz63 is a dynkit.model/1)"));
}

TEST(Commands, SayWhenTheirOutputIsLost) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(dynkit(folder, "plugin list > /dev/full"), 4,
                         "standard output cannot be written"));
}

TEST(Commands, FinishTheirWorkWhenTheReaderOfTheirOutputLeaves) {
  const ScratchFolder folder;
  run_command(folder,
              "cd " + folder.path() + " && (" + kProgram +
                  " analyze fixed_points henon --out run 2> errors; echo $? > code) | true");
  EXPECT_EQ(read_text(folder.file("code")), "0\n");
  EXPECT_EQ(read_text(folder.file("errors")), "");
  EXPECT_TRUE(fs::exists(folder.file("run/report.html")));
}

// A command line for each command, in a folder where "run" holds a run.
class EveryCommand : public testing::TestWithParam<const char*> {
 protected:
  CommandResult run(const std::string& words) const {
    const CommandResult made = dynkit(folder_, "analyze fixed_points henon --out run --quiet");
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    folder_.write("x.csv", "1,2\n3,4\n");
    folder_.write("e.toml", "[model]\ncomponent = \"org.dynkit.henon\"\n");
    return dynkit(folder_, GetParam() + words);
  }
  ScratchFolder folder_;
};

TEST_P(EveryCommand, PrintsOneJsonValueOnRequest) {
  const CommandResult result = run(" --json --threads 2 --seed 3");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(json::accept(result.output)) << result.output;
}

TEST_P(EveryCommand, PrintsNothingWhenQuiet) {
  const CommandResult result = run(" --quiet --threads 2 --seed 3");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output + result.errors, "");
}

TEST_P(EveryCommand, HasHelpWithAnExample) {
  const std::string line = GetParam();
  const CommandResult result = run(" --help");
  EXPECT_EQ(result.exit_code, 0);
  const auto example = result.output.find("Example");
  ASSERT_NE(example, std::string::npos) << result.output;
  const std::string words = line.substr(0, line.find(' '));
  EXPECT_NE(result.output.find("dynkit " + words, example), std::string::npos) << result.output;
}

INSTANTIATE_TEST_SUITE_P(
    Each, EveryCommand,
    testing::Values("run e.toml", "simulate henon --samples 5", "analyze fixed_points henon",
                    "plugin list", "plugin info henon", "plugin new a_model",
                    "plugin check " PLUGIN_FOLDER "/dynkit_analytic.so --only description",
                    "data info x.csv", "data convert x.csv y.npy", "report run"));

}  // namespace
}  // namespace dynkit::test
