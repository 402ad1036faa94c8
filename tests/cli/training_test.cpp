// [training]: fits that a user starts, stops, and goes on with.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"
#include "training_run.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

const std::string kQuick = "epochs = 400\nlearning_rate = 0.02\nprecision = \"double\"\n";
// Some seconds of it.
const std::string kLong = "epochs = 60000\nlearning_rate = 1e-4\nbatch = 4\n";

ArrayMap fitted(const ScratchFolder& folder, const std::string& out) {
  return load_arrays(folder.file(out + "/model.h5"));
}

TEST(Training, FindsAMapThatItsFamilyHolds) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation(kQuick));
  const CommandResult result = run(folder, "e.toml --out r --json");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const json summary = json::parse(result.output).at("training").at("summary");
  EXPECT_LT(summary.at("validation_loss").get<double>(), 1e-8);
  const Array weights = fitted(folder, "r").at("parameters/weight_hh_l0");
  const double expected[] = {0.9, -0.3, 0.3, 0.9};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(weights.numbers()[i], expected[i], 1e-3) << i;
}

TEST(Training, IsWhatAnalysesWorkOnUnlessTheyNameAnotherModel) {
  const ScratchFolder folder;
  folder.write("e.toml",
               rotation(kQuick) +
                   "[[analysis]]\ncomponent = \"org.dynkit.linearization\"\npoints = [[0, 0]]\n"
                   "[[analysis]]\ncomponent = \"org.dynkit.linearization\"\npoints = [[0, 0]]\n"
                   "name = \"before\"\nsystem = \"model\"\n");
  ASSERT_EQ(run(folder, "e.toml --out r").exit_code, 0);
  const ArrayMap results = load_arrays(folder.file("r/results.h5"));
  const auto& modulus = [&](const std::string& stage) {
    const auto& values = std::get<std::vector<std::complex<double>>>(
        results.at("analyses/" + stage + "/eigenvalues").values);
    return std::abs(values.front());
  };
  EXPECT_NEAR(modulus("linearization"), std::sqrt(0.9), 1e-3);
  EXPECT_GT(std::abs(modulus("before") - std::sqrt(0.9)), 1e-2);
}

TEST(Training, ByMinimizersConvergesOnAnyNumberOfThreads) {
  for (const std::string kind : {"lbfgs", "levenberg_marquardt"}) {
    const ScratchFolder folder;
    folder.write("e.toml", rotation("optimizer = \"" + kind + "\"\npart = 3\n"));
    const CommandResult one = run(folder, "e.toml --out one --threads 1 --json");
    ASSERT_EQ(one.exit_code, 0) << one.errors;
    const json summary = json::parse(one.output).at("training").at("summary");
    EXPECT_EQ(summary.at("outcome"), "converged") << kind;
    EXPECT_LT(summary.at("train_loss").get<double>(), 1e-10) << kind;
    ASSERT_EQ(run(folder, "e.toml --out two --threads 2").exit_code, 0);
    for (const auto& [name, array] : fitted(folder, "one")) {
      EXPECT_EQ(array.numbers(), fitted(folder, "two").at(name).numbers()) << kind << ' ' << name;
    }
  }
}

TEST(Training, HasTheSameBitsOnOneAndOnTwoThreads) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation("epochs = 30\nbatch = 11\npart = 3\n"));
  ASSERT_EQ(run(folder, "e.toml --out one --threads 1").exit_code, 0);
  ASSERT_EQ(run(folder, "e.toml --out two --threads 2").exit_code, 0);
  for (const auto& [name, array] : fitted(folder, "one")) {
    EXPECT_EQ(array.numbers(), fitted(folder, "two").at(name).numbers()) << name;
  }
}

TEST(Training, GoesOnAfterAKillToTheSameBits) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation(kLong));
  const CommandResult killed = run(folder, "e.toml --out r", "timeout -s KILL 2.5");
  ASSERT_EQ(killed.exit_code, 137);
  ASSERT_TRUE(std::filesystem::exists(folder.file("r/stages/training.npz")));
  ASSERT_FALSE(std::filesystem::exists(folder.file("r/stages/training.json")));
  ASSERT_EQ(run(folder, "e.toml --out r --resume").exit_code, 0);
  ASSERT_EQ(run(folder, "e.toml --out whole").exit_code, 0);
  for (const auto& [name, array] : fitted(folder, "whole")) {
    EXPECT_EQ(array.numbers(), fitted(folder, "r").at(name).numbers()) << name;
  }
}

TEST(Training, StoppedOnRequestKeepsTheBestAndGoesOn) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation(kLong));
  const CommandResult stopped = run(folder, "e.toml --out r", "timeout -s INT 2.5");
  EXPECT_EQ(stopped.exit_code, 124) << stopped.errors;  // of timeout
  const json record = json::parse(read_text(folder.file("r/run.json")));
  EXPECT_EQ(record.at("training").at("status"), "interrupted");
  EXPECT_GT(record.at("training").at("summary").at("epochs").get<int>(), 0);
  EXPECT_TRUE(fitted(folder, "r").count("parameters/weight_hh_l0") != 0);
  EXPECT_EQ(run(folder, "e.toml --out r --resume --set training.epochs=1").exit_code, 0);
}

// A rate that grows without end: the best of before is kept, and the run says why it failed.
TEST(Training, ThatBreaksDownKeepsTheBestOfBefore) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation("epochs = 400\noptimizer = \"sgd\"\nlearning_rate = 0.05\n"
                                  "schedule = \"exponential\"\nfinal_rate = 1e6\n"));
  const CommandResult result = run(folder, "e.toml --out r");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_TRUE(says(result, "stage 'training' (training): the loss or its gradient was not finite"));
  const ArrayMap results = load_arrays(folder.file("r/results.h5"));
  const auto& losses = results.at("training/epoch_validation_loss").numbers();
  const Array weights = fitted(folder, "r").at("parameters/weight_hh_l0");
  EXPECT_EQ(weights.numbers(), results.at("training/models/model/weight_hh_l0").numbers());
  EXPECT_NEAR(weights.numbers()[0], 0.9, 0.2);
  EXPECT_LT(*std::min_element(losses.begin(), losses.end()), 0.1 * losses.front());
}

// The checkpoint of other data must not be gone on from.
TEST(Training, BeginsAnewWhereItsDataOrItsModelChanged) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation("epochs = 3\n"));
  ASSERT_EQ(run(folder, "e.toml --out r").exit_code, 0);
  for (const std::string change :
       {" --set dataset.spread=0.5", " --set dataset.spread=0.5 --set model.alpha=0.5"}) {
    ASSERT_EQ(run(folder, "e.toml --out r --resume" + change).exit_code, 0);
    std::filesystem::remove_all(folder.file("whole"));
    ASSERT_EQ(run(folder, "e.toml --out whole" + change).exit_code, 0);
    const std::string weights = "parameters/weight_hh_l0";
    EXPECT_EQ(fitted(folder, "r").at(weights).numbers(),
              fitted(folder, "whole").at(weights).numbers())
        << change;
  }
}

TEST(Training, RunsAgainWhereASettingOfItChanged) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation("epochs = 3\n"));
  ASSERT_EQ(run(folder, "e.toml --out r").exit_code, 0);
  const auto reused = [&](const std::string& words) {
    const CommandResult again = run(folder, "e.toml --out r --resume --json" + words);
    EXPECT_EQ(again.exit_code, 0) << again.errors;
    return json::parse(again.output).at("training").at("reused").get<bool>();
  };
  EXPECT_TRUE(reused(""));
  EXPECT_FALSE(reused(" --set training.epochs=4"));
}

// A model in C with nothing but its equation.
TEST(Training, TakesDifferencesOfAModelWithoutDerivativesAndSaysSo) {
  const ScratchFolder folder;
  const std::string model = "component = \"org.dynkit.test.decay\"";
  folder.write("e.toml", "seed = 3\n[model]\n" + model +
                             "\nparameters = {rate = 0.3}\n"
                             "[dataset]\ncomponent = \"org.dynkit.trajectories\"\n"
                             "trials = 6\nsamples = 11\ndt = 0.1\nspread = 0.5\nmodel = {" +
                             model +
                             ", parameters = {rate = 1.2}}\n"
                             "[training]\nepochs = 300\nlearning_rate = 0.05\n"
                             "schedule = \"cosine\"\n");
  const CommandResult result = run(folder, "e.toml --out r --plugin-path " FIXTURES "/none");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(says(result, "offers no derivatives: gradients are made by central differences"));
  EXPECT_NEAR(fitted(folder, "r").at("parameters/rate").numbers().at(0), 1.2, 1e-4);
}

TEST(Training, LearnsAReadoutWithTheModel) {
  const ScratchFolder folder;
  folder.write("e.toml",
               "seed = 2\n[model]\ncomponent = \"org.dynkit.gru\"\nn = 12\nm = 3\n"
               "[dataset]\ncomponent = \"org.dynkit.flip_flop\"\ntrials = 40\nbins = 30\n"
               "[readout]\ncomponent = \"org.dynkit.affine\"\n"
               "[training]\ninitial_state = \"zero\"\nepochs = 150\nbatch = 10\n"
               "learning_rate = 0.02\n");
  const CommandResult result = run(folder, "e.toml --out r --json");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const ArrayMap arrays = load_arrays(folder.file("r/results.h5"));
  const auto& losses = arrays.at("training/epoch_train_loss").numbers();
  EXPECT_LT(losses.back(), 0.1 * losses.front());
  EXPECT_EQ(arrays.at("training/readout/weight").shape, (std::vector<std::int64_t>{3, 12}));
}

TEST(Train, IsARunOfTheExperimentThatItLeavesBehind) {
  const ScratchFolder folder;
  const std::string words =
      "train gru flip_flop --readout affine --set model.n=5 --set model.m=3 --set epochs=2 --set "
      "dataset.trials=12 --set initial_state=zero";
  const CommandResult trained =
      run_command(folder, "cd " + folder.path() + " && " DYNKIT_PROGRAM " " + words);
  ASSERT_EQ(trained.exit_code, 0) << trained.errors;
  ASSERT_EQ(run(folder, "runs/gru_on_flip_flop/experiment.toml --out again").exit_code, 0);
  for (const auto& [name, array] : fitted(folder, "again")) {
    EXPECT_EQ(array.numbers(), fitted(folder, "runs/gru_on_flip_flop").at(name).numbers()) << name;
  }
}

// What stands behind "dynkit" in the examples of a help text.
std::vector<std::string> examples_in(const std::string& help) {
  std::vector<std::string> examples;
  std::istringstream lines(help);
  bool goes_on = false;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kProgram = "  dynkit ";
    if (line.starts_with(kProgram)) examples.push_back(line.substr(kProgram.size()));
    if (goes_on) examples.back() += "\n" + line;
    goes_on = line.ends_with('\\');
  }
  return examples;
}

TEST(Train, HelpShowsExamplesThatRunAsPrinted) {
  const ScratchFolder folder;
  const std::string program = DYNKIT_PROGRAM;
  const auto examples = examples_in(run_command(folder, program + " train --help").output);
  ASSERT_EQ(examples.size(), 2u);
  for (const std::string& words : examples) {
    const CommandResult trained =
        run_command(folder, "cd " SOURCE_FOLDER " && " + program + " " + words + " --quiet --out " +
                                folder.file("r" + std::to_string(words.size())));
    EXPECT_EQ(trained.exit_code, 0) << words << '\n' << trained.errors;
  }
}

TEST(Train, SaysWhichSettingsThereAre) {
  const ScratchFolder folder;
  const auto info = [&](const std::string& words) {
    return run_command(folder, std::string(DYNKIT_PROGRAM) + " plugin info " + words).output;
  };
  EXPECT_NE(info("training").find("learning_rate"), std::string::npos);
  EXPECT_NE(info("training").find("poisson compares log rates"), std::string::npos);
  const json listed = json::parse(info("training.objective --json"));
  EXPECT_EQ(listed.at("settings").at(0).at("name"), "loss");
  const std::string help = listed.at("settings").at(0).at("help");
  EXPECT_NE(help.find("poisson compares log rates"), std::string::npos);
}

TEST(Train, TellsTheUnitsOfSettings) {
  const ScratchFolder folder;
  const std::string info = DYNKIT_PROGRAM " plugin info training";
  EXPECT_NE(run_command(folder, info).output.find("of one part of a batch [MiB]"),
            std::string::npos);
  const json listed = json::parse(run_command(folder, info + " --json").output);
  std::map<std::string, json> units;
  for (const json& setting : listed.at("settings")) {
    units[setting.at("name")] = setting.at("unit");
  }
  EXPECT_EQ(units.at("memory"), "MiB");
  EXPECT_TRUE(units.at("epochs").is_null());
}

// What was fitted is where another run begins, model and readout.
TEST(Train, LeavesAModelAndAReadoutThatCanBeUsedAgain) {
  const ScratchFolder folder;
  const std::string head = "[model]\ncomponent = \"org.dynkit.gru\"\n",
                    readout = "[readout]\ncomponent = \"org.dynkit.affine\"\n",
                    training =
                        "[dataset]\ncomponent = \"org.dynkit.flip_flop\"\ntrials = 10\n"
                        "bins = 20\n[training]\ninitial_state = \"zero\"\nepochs = 1\n";
  folder.write("a.toml", head + "n = 7\nm = 3\n" + readout + training);
  EXPECT_EQ(run(folder, "a.toml --out a").exit_code, 0);
  const std::string weights = "weights = \"a/model.h5\"\n";
  folder.write("c.toml", head + weights + readout + training);
  EXPECT_TRUE(fails(run(folder, "c.toml --out c"), 2, "set prefix = \"parameters/\""));
  folder.write("b.toml", head + weights + "prefix = \"parameters/\"\n" + readout + weights +
                             "prefix = \"readout/\"\n" + training + "learning_rate = 0\n");
  const CommandResult again = run(folder, "b.toml --out b");
  ASSERT_EQ(again.exit_code, 0) << again.errors;
  const ArrayMap fitted = load_arrays(folder.file("a/model.h5"));
  EXPECT_EQ(fitted.size(), 6u);
  for (const auto& [name, array] : load_arrays(folder.file("b/model.h5"))) {
    EXPECT_EQ(array.numbers(), fitted.at(name).numbers()) << name;
  }
}

TEST(Train, RefusesSettingsOfAReadoutThatIsNotThere) {
  const ScratchFolder folder;
  const CommandResult result =
      run_command(folder, "cd " + folder.path() +
                              " && " DYNKIT_PROGRAM " train gru flip_flop --set readout.link=exp");
  EXPECT_TRUE(is_refused(result, 2, "there is no --readout"));
}

}  // namespace
}  // namespace dynkit::test
