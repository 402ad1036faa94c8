// `--set`: settings at any depth, and none that an option of its own gives as well.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

const std::string kProgram = DYNKIT_PROGRAM;
const std::string kSpikes = std::string(SOURCE_FOLDER) + "/examples/lorenz_spikes.toml";

CommandResult dynkit(const ScratchFolder& folder, const std::string& words) {
  return run_command(folder, "cd " + folder.path() + " && " + kProgram + " " + words);
}

// Four neurons and few samples of the example.
CommandResult run_spikes(const ScratchFolder& folder, const std::string& words) {
  return dynkit(folder, "run " + kSpikes +
                            " --out run --json --set spikes.neurons=4"
                            " --set spikes.dataset.samples=9 " +
                            words);
}

std::vector<std::int64_t> shape_of_spikes(const ScratchFolder& folder) {
  return load_arrays(folder.file("run/results.h5")).at("dataset/spikes").shape;
}

struct Pair {
  const char *words, *option, *assignment;
};

// "--initial and initial.x": the name of the test in listings.
std::ostream& operator<<(std::ostream& stream, const Pair& pair) {
  const std::string option = pair.option, assignment = pair.assignment;
  return stream << option.substr(0, option.find(' ')) << " and "
                << assignment.substr(0, assignment.find('='));
}

class GivenTwice : public testing::TestWithParam<Pair> {};

TEST_P(GivenTwice, IsRefusedByNamesOfBoth) {
  const ScratchFolder folder;
  const Pair& pair = GetParam();
  const CommandResult result = dynkit(
      folder, std::string(pair.words) + " " + pair.option + " --set '" + pair.assignment + "'");
  const std::string option = pair.option;
  const bool has_value = !option.starts_with("--parameter");
  const std::string name = has_value ? option.substr(0, option.find(' ')) : option;
  EXPECT_TRUE(
      is_refused(result, 2, name + " and --set " + pair.assignment + " give the same setting: "));
  EXPECT_FALSE(std::filesystem::exists(folder.file("runs")));
}

INSTANTIATE_TEST_SUITE_P(
    Each, GivenTwice,
    testing::Values(
        Pair{"simulate lorenz63", "--trials 2", "trials=3"},
        Pair{"simulate lorenz63", "--samples 2", "samples=3"},
        Pair{"simulate lorenz63", "--duration 2", "duration=3"},
        Pair{"simulate lorenz63", "--dt 2", "dt=3"},
        Pair{"simulate lorenz63", "--burn-in 2", "burn_in=3"},
        Pair{"simulate lorenz63", "--initial [1,2,3]", "initial=[3,2,1]"},
        Pair{"simulate lorenz63", "--initial [1,2,3]", "initial.x=3"},
        Pair{"simulate lorenz63", "--input [1]", "input=[2]"},
        Pair{"simulate lorenz63", "--noise", "noise=false"},
        Pair{"simulate lorenz63", "--method rk4", "method=tsit5"},
        Pair{"simulate lorenz63", "--rtol 1e-3", "rtol=1e-4"},
        Pair{"simulate lorenz63", "--atol 1e-3", "atol=1e-4"},
        Pair{"simulate gru", "--weights a.npz", "model.weights=b.npz"},
        Pair{"analyze lyapunov gru", "--prefix a.", "model.prefix=b."},
        Pair{"analyze lyapunov lorenz63", "--parameter rho=2", "model.parameters.rho=3"},
        Pair{"analyze lyapunov lorenz63", "--parameter rho=2", "model.parameters={rho = 3}"},
        Pair{"run e.toml", "--seed 2", "seed=3"}));

TEST(GivenTwice, NeedNotBeTheSameParameter) {
  const ScratchFolder folder;
  const CommandResult result = dynkit(
      folder, "simulate lorenz63 --parameter rho=20 --set model.parameters.sigma=9 --dry-run");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
}

TEST(GivenTwice, TakesNoNameOfAParameterForAPartOfAnother) {
  const ScratchFolder folder;
  EXPECT_TRUE(fails(dynkit(folder,
                           "simulate lorenz63 --quiet --parameter net.0.bias=1 "
                           "--set model.parameters.net=1"),
                    2, "org.dynkit.lorenz63 has no parameter 'net'"));
}

TEST(Set, DoesNotChangeTheComponentThatACommandNames) {
  const ScratchFolder folder;
  for (const std::string words :
       {"simulate henon --set model.component=org.dynkit.logistic",
        "simulate henon --set component=org.dynkit.flip_flop",
        "simulate henon --set model=org.dynkit.logistic",
        "analyze lyapunov henon --set component=org.dynkit.fixed_points"}) {
    EXPECT_TRUE(is_refused(dynkit(folder, words), 2, "already, by the words of the command"))
        << words;
  }
}

TEST(Set, ReachesADatasetInASetting) {
  const ScratchFolder folder;
  const CommandResult result = run_spikes(folder, "--set dataset.dataset.trials=3");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(shape_of_spikes(folder), (std::vector<std::int64_t>{3, 9, 4}));
}

// Fixed points of the Lorenz system with rho < 1: zero alone.
TEST(Set, ReachesTheParametersOfAModelInADatasetInASetting) {
  const ScratchFolder folder;
  const CommandResult result = run_spikes(folder, "--set spikes.dataset.model.parameters.rho=0.5");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const json analyses = json::parse(result.output).at("analyses");
  EXPECT_EQ(analyses.at("fixed_points").at("summary").at("found"), 1);
}

TEST(Set, ReachesWhatAnEarlierSetHasMade) {
  const ScratchFolder folder;
  const CommandResult result =
      run_spikes(folder,
                 "--set spikes.dataset.model=org.dynkit.van_der_pol "
                 "--set spikes.dataset.model.parameters.mu=0.5 --set spikes.dataset.trials=3");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(load_arrays(folder.file("run/results.h5")).at("dataset/states").shape.back(), 2);
}

TEST(Set, ChangesTheComponentOfAnExperiment) {
  const ScratchFolder folder;
  folder.write("e.toml", "[model]\ncomponent = \"org.dynkit.henon\"\n");
  const CommandResult result =
      dynkit(folder, "run e.toml --json --set model.component=org.dynkit.lorenz63");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(json::parse(result.output).at("model").at("component"), "org.dynkit.lorenz63");
}

TEST(Set, SuggestsTheNearestKeyAtEveryDepth) {
  const ScratchFolder folder;
  struct Case {
    const char *assignment, *suggestion;
  };
  for (const Case& one :
       {Case{"spiks.dataset.trials=5", "there is no stage 'spiks' (did you mean 'spikes'?)"},
        Case{"spikes.datset.trials=5", "has no setting 'datset' (did you mean 'dataset'?)"},
        Case{"spikes.dataset.trails=5", "has no setting 'trails' (did you mean 'trials'?)"},
        Case{"spikes.dataset.modle.n=5", "has no setting 'modle' (did you mean 'model'?)"},
        Case{"spikes.dataset.model.paramters.rho=5",
             "org.dynkit.lorenz63 has no setting 'paramters' (did you mean 'parameters'?)"}}) {
    EXPECT_TRUE(
        is_refused(run_spikes(folder, std::string("--set ") + one.assignment), 2, one.suggestion));
  }
}

TEST(Set, SuggestsTheNearestKeyOfWhatACommandNames) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(dynkit(folder, "simulate henon --set modl.n=5"), 2,
                         "has no setting 'modl' (did you mean 'model'?)"));
  EXPECT_TRUE(is_refused(dynkit(folder, "analyze lyapunov henon --set model.paramters.a=5"), 2,
                         "has no setting 'paramters' (did you mean 'parameters'?)"));
}

TEST(Set, RefusesAPathThroughAValue) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(run_spikes(folder, "--set spikes.dataset.dt.x=5"), 2,
                         "'dt' is 0.0150081, which has no settings of its own"));
  EXPECT_TRUE(is_refused(run_spikes(folder, "--set spikes..dt=5"), 2,
                         "--set spikes..dt=5: a part of the name is empty"));
  EXPECT_TRUE(is_refused(run_spikes(folder, "--set spikes=5"), 2,
                         "--set spikes=5: names no setting of the stage 'spikes'"));
}

// The experiment file that is left has the nested settings too.
TEST(Set, StandsInTheExperimentOfTheCommand) {
  const ScratchFolder folder;
  const CommandResult result =
      dynkit(folder, "simulate lorenz63 --set model.parameters.rho=20 --samples 5 --quiet");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(read_text(folder.file("runs/simulate_lorenz63/experiment.toml"))
                .find("parameters = {rho = 20}"),
            std::string::npos);
}

// The model of a dataset in a setting, in line 4.
CommandResult run_nested(const ScratchFolder& folder, const std::string& words) {
  folder.write("nest.toml",
               "[dataset]\ncomponent = \"org.dynkit.trajectories\"\nsamples = 5\n"
               "model = {component = \"org.dynkit.lorenz63\"}\n");
  return dynkit(folder, "run nest.toml --out run " + words);
}

TEST(Set, IsNamedWhereItIsWrongAndNotALineOfTheFile) {
  const ScratchFolder folder;
  for (const std::string assignment :
       {"dataset.model.foo=1", "dataset.sampels=3", "dataset.samples=-3", "dataset.model.weights=3",
        "dataset.model=org.dynkit.lorenz36", "dataset.model.parameters=3"}) {
    EXPECT_TRUE(is_refused(run_nested(folder, "--set dataset.trials=2 --set " + assignment), 2,
                           "error: --set " + assignment + ": "));
  }
}

// No line, since the file is right without it; the file's own lines are blamed as ever.
TEST(Set, DoesNotHideALineThatIsWrong) {
  const ScratchFolder folder;
  folder.write("e.toml",
               "[dataset]\ncomponent = \"org.dynkit.trajectories\"\n"
               "model = {component = \"org.dynkit.lorenz63\", n = 3}\n");
  EXPECT_TRUE(is_refused(
      dynkit(folder, "run e.toml --set dataset.samples=5 --set dataset.model.parameters.rho=2"), 2,
      "e.toml:3: setting 'model': org.dynkit.lorenz63 has no setting 'n'"));
}

TEST(Set, IsNamedWhereTheStageFailsByIt) {
  const ScratchFolder folder;
  EXPECT_TRUE(fails(run_nested(folder, "--set dataset.initial=[[1,2],[3]]"), 2,
                    "--set dataset.initial=[[1,2],[3]]: "));
}

TEST(Set, SendsTheSeedToItsOption) {
  const ScratchFolder folder;
  for (const std::string words :
       {"simulate lorenz63", "simulate lorenz63 --seed 3", "analyze fixed_points lorenz63"}) {
    EXPECT_TRUE(is_refused(dynkit(folder, words + " --set seed=4"), 2,
                           "--set seed=4: the seed is given by --seed"))
        << words;
  }
}

TEST(Set, TakesAComponentInQuotesAtEveryDepth) {
  const ScratchFolder folder;
  folder.write("e.toml", "[model]\ncomponent = \"org.dynkit.henon\"\n");
  const std::string quoted = "component=\"org.dynkit.rossler\"'";
  const CommandResult top = dynkit(folder, "run e.toml --json --set 'model." + quoted);
  ASSERT_EQ(top.exit_code, 0) << top.errors;
  EXPECT_EQ(json::parse(top.output).at("model").at("component"), "org.dynkit.rossler");
  const CommandResult nested = run_nested(folder, "--set 'dataset.model." + quoted);
  EXPECT_EQ(nested.exit_code, 0) << nested.errors;
}

TEST(Set, TakesNumbersForTextsAtNoDepth) {
  const ScratchFolder folder;
  folder.write("e.toml", "[model]\ncomponent = \"org.dynkit.gru\"\n");
  const std::string reason = "'weights' is a whole number instead of a text";
  EXPECT_TRUE(is_refused(dynkit(folder, "run e.toml --set model.weights=3"), 2, reason));
  EXPECT_TRUE(is_refused(dynkit(folder, "simulate gru --set model.weights=3"), 2, reason));
  EXPECT_TRUE(is_refused(run_nested(folder, "--set dataset.model.weights=3"), 2, reason));
}

TEST(Set, TakesNamesOfParametersWithDots) {
  const ScratchFolder folder;
  for (const std::string words :
       {"--set model.parameters.net.0.bias=1", "--set 'model.parameters={net.0.bias = 1}'",
        "--parameter net.0.bias=1"}) {
    EXPECT_TRUE(
        fails(dynkit(folder, "simulate lorenz63 --out run --quiet " + words), 2, "'net.0.bias'"))
        << words;
  }
}

TEST(Set, RefusesNamesOfParametersThatAreNone) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_refused(dynkit(folder, "simulate lorenz63 --set 'model.parameters.a b=1'"), 2,
                         "'a b' is no name of a setting"));
  EXPECT_TRUE(is_refused(dynkit(folder, "simulate lorenz63 --set model.parameters.=1"), 2,
                         "'' is no name of a setting"));
}

// A file in the folder has the name of a method.
TEST(Set, LeavesWordsThatNameAFileByChance) {
  const ScratchFolder folder;
  folder.write("rk4", "");
  for (const std::string words : {"--method rk4", "--set method=rk4"}) {
    const CommandResult result =
        dynkit(folder, "simulate lorenz63 --samples 5 --dt 0.01 --quiet --out run " + words);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    std::filesystem::remove_all(folder.file("run"));
  }
}

TEST(Set, WritesWholePathsOfFiles) {
  const ScratchFolder folder;
  save_arrays(folder.file("x.npz"), {{"x", {{1, 3}, std::vector<double>{1, 2, 3}, {}, {}, {}}}});
  const auto text_after = [&](const std::string& words) {
    std::filesystem::remove_all(folder.file("run"));
    const CommandResult result = dynkit(folder, words + " --out run --quiet");
    EXPECT_EQ(result.exit_code, 0) << words << ": " << result.errors;
    return read_text(folder.file("run/experiment.toml"));
  };
  for (const std::string words : {"simulate lorenz63 --samples 5 --initial x.npz:x",
                                  "simulate lorenz63 --samples 5 --set initial=x.npz:x",
                                  "analyze fixed_points lorenz63 --set 'starts=x.npz:x'"}) {
    EXPECT_NE(text_after(words).find("= \"" + folder.file("x.npz:x") + "\""), std::string::npos)
        << words;
  }
}

TEST(Set, WritesTheWholePathOfWeights) {
  const ScratchFolder folder;
  ArrayMap weights;
  for (const char* name : {"sigma", "rho", "beta"}) {
    weights[name] = {{}, std::vector<double>{2.0}, {}, {}, {}};
  }
  save_arrays(folder.file("w.npz"), weights);
  const CommandResult result =
      dynkit(folder, "simulate lorenz63 --samples 5 --quiet --out run --set model.weights=w.npz");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(read_text(folder.file("run/experiment.toml"))
                .find("weights = \"" + folder.file("w.npz") + "\""),
            std::string::npos);
}

}  // namespace
}  // namespace dynkit::test
