// [training]: fits that a user starts, stops, and goes on with.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/core/arrays_io.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;

CommandResult run(const ScratchFolder& folder, const std::string& words,
                  const std::string& before = "") {
  return run_command(folder,
                     "cd " + folder.path() + " && " + before + " " DYNKIT_PROGRAM " run " + words);
}

// A damped rotation: a linear map that a network of two units with phi = identity can be.
std::string rotation(const std::string& training) {
  return "seed = 3\n"
         "[model]\ncomponent = \"org.dynkit.rnn\"\nn = 2\nm = 0\nactivation = \"identity\"\n"
         "[dataset]\ncomponent = \"org.dynkit.trajectories\"\ntrials = 24\nsamples = 20\n"
         "spread = 1.0\n"
         "model = {component = \"org.dynkit.rnn\", n = 2, m = 0, activation = \"identity\", "
         "parameters = {weight_hh_l0 = [[0.9, -0.3], [0.3, 0.9]], bias_ih_l0 = [0, 0], "
         "bias_hh_l0 = [0, 0]}}\n"
         "[training]\n" +
         training;
}

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

TEST(Train, RefusesSettingsOfAReadoutThatIsNotThere) {
  const ScratchFolder folder;
  const CommandResult result =
      run_command(folder, "cd " + folder.path() +
                              " && " DYNKIT_PROGRAM " train gru flip_flop --set readout.link=exp");
  EXPECT_TRUE(is_refused(result, 2, "there is no --readout"));
}

struct Refusal {
  const char* name;
  const char* training;
  const char* message;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

class RefusedTraining : public ::testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedTraining,
    ::testing::Values(
        Refusal{"UnknownSetting", "epoch = 3\n",
                "training has no setting 'epoch' (did you mean "
                "'epochs'?)"},
        Refusal{"WrongType", "epochs = \"many\"\n", "setting 'epochs'"},
        Refusal{"UnknownLoss", "objective = \"huber\"\n", "setting 'objective'"},
        Refusal{"UnknownBlock", "freeze = [\"weight_hh\"]\n",
                "there is no block 'weight_hh' (did you mean 'weight_hh_l0'?)"},
        Refusal{"UnknownPenalty", "penalties = {bias = 1.0}\n", "there is no block 'bias'"},
        Refusal{"NoReadout", "[[training.objective]]\nof = \"observations\"\n",
                "there is no readout"},
        Refusal{"MissingTarget", "[[training.objective]]\ntarget = \"rates\"\n",
                "needs the array 'rates'"},
        Refusal{"ComponentOutOfRange", "[[training.objective]]\ncomponents = [2]\n",
                "component 2 is not in [0, 2)"},
        Refusal{"TwoTeachers", "horizon = 3\nforcing = 0.5\n", "only one of"},
        Refusal{"EmptyInitialState", "initial_state = []\n",
                "setting 'initial_state': [] is neither data, zero, learned nor a "
                "list of numbers"},
        Refusal{"InitialStateOfNoNumbers", "initial_state = [0.5, nan]\n",
                "setting 'initial_state': nan is not a finite number"},
        Refusal{"HalfAComponent", "[[training.objective]]\ncomponents = [0.5, 1.7]\n",
                "setting 'components': 0.5 is not a whole number"},
        Refusal{"InfinitePenalty", "penalties = {weight_hh_l0 = inf}\n",
                "setting 'penalties.weight_hh_l0': inf is not a finite number"},
        Refusal{"NegativePenalty", "penalties = {weight_hh_l0 = -0.5}\n",
                "setting 'penalties.weight_hh_l0': -0.5 is below 0"},
        Refusal{"FreezeThatIsNoList", "freeze = \"weight_hh_l0\"\n",
                "setting 'freeze': \"weight_hh_l0\" is not a list of parameter "
                "blocks"},
        Refusal{"FrozenNumbers", "freeze = [3]\n",
                "setting 'freeze': [3] is not a list of parameter blocks"},
        Refusal{"PenaltiesThatAreNoTable", "penalties = \"weight_hh_l0\"\n",
                "setting 'penalties': \"weight_hh_l0\" is not a table"},
        Refusal{"ObjectiveThatIsANumber", "objective = 3\n",
                "setting 'objective': 3 is neither a loss nor a list of tables"},
        Refusal{"ObjectiveWithOneBracket", "[training.objective]\nweight = 3\n",
                "is neither a loss nor a list of tables ([[training.objective]])"},
        Refusal{"EmptyObjective", "objective = []\n",
                "setting 'objective': [] is neither a loss nor a list of tables"},
        Refusal{"MomentumOfOne", "optimizer = \"sgd\"\nmomentum = 1\n",
                "setting 'momentum': 1 is not below 1"},
        Refusal{"FirstDecayOfOne", "beta1 = 1\n", "setting 'beta1': 1 is not below 1"},
        Refusal{"SecondDecayOfOne", "beta2 = 1.0\n", "setting 'beta2': 1"},
        Refusal{"ExponentialFromNothing", "schedule = \"exponential\"\nlearning_rate = 0\n",
                "setting 'learning_rate': 0 is not above 0, as schedule "
                "'exponential' needs it"},
        Refusal{"ExponentialToNothing", "schedule = \"exponential\"\nfinal_rate = 0\n",
                "setting 'final_rate': 0 is not above 0"},
        Refusal{"LeastSquaresInSinglePrecision",
                "optimizer = \"levenberg_marquardt\"\nprecision = \"single\"\n",
                "setting 'precision': \"single\" does not go with optimizer 'levenberg_marquardt'"},
        Refusal{"NothingToLearn",
                "freeze = [\"weight_ih_l0\", \"weight_hh_l0\", \"bias_ih_l0\", "
                "\"bias_hh_l0\"]\n",
                "every parameter is frozen"},
        Refusal{"InitialStateOfWrongSize", "initial_state = [1, 2, 3]\n",
                "the initial state has 3 components"}),
    [](const auto& refusal) { return refusal.param.name; });

TEST_P(RefusedTraining, SaysWhatIsWrongInOneSentence) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation(GetParam().training));
  const CommandResult result = run(folder, "e.toml --out r");
  EXPECT_TRUE(fails(result, 2, GetParam().message));
}

// Settings that would do nothing, or that an optimizer cannot heed.
class RefusedBeforeARun : public ::testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedBeforeARun,
    ::testing::Values(
        Refusal{
            "Batches", "optimizer = \"lbfgs\"\nbatch = 3\n",
            "'batch': 3 does nothing with optimizer 'lbfgs', only with sgd, adam, adamw, radam"},
        Refusal{"LearningRate", "optimizer = \"lbfgs\"\nlearning_rate = 1\n",
                "'learning_rate': 1 does nothing with optimizer 'lbfgs'"},
        Refusal{"Schedule", "optimizer = \"lbfgs\"\nschedule = \"cosine\"\n",
                "'schedule': \"cosine\" does nothing with optimizer 'lbfgs'"},
        Refusal{"FirstMoment", "optimizer = \"levenberg_marquardt\"\nbeta1 = 0.8\n",
                "'beta1': 0.8 does nothing with optimizer 'levenberg_marquardt', only with adam"},
        Refusal{"SecondMoment", "optimizer = \"lbfgs\"\nbeta2 = 0.8\n",
                "'beta2': 0.8 does nothing"},
        Refusal{"Epsilon", "optimizer = \"sgd\"\nepsilon = 0.5\n",
                "'epsilon': 0.5 does nothing with optimizer 'sgd'"},
        Refusal{"Momentum", "momentum = 0.5\n",
                "'momentum': 0.5 does nothing with optimizer 'adam', only with sgd"},
        Refusal{"WeightDecay", "weight_decay = 0.5\n",
                "'weight_decay': 0.5 does nothing with optimizer 'adam', only with adamw"},
        Refusal{"Tolerance", "tolerance = 1e-3\n",
                "'tolerance': 0.001 does nothing with optimizer 'adam', only with lbfgs"},
        Refusal{"FinalRate", "final_rate = 1e-3\n",
                "'final_rate': 0.001 does nothing with schedule 'constant'"},
        Refusal{"Window", "window = 5\n", "'window': 5 does nothing without 'window_epochs'"},
        Refusal{"WindowEpochs", "window_epochs = 7\n",
                "'window_epochs': 7 does nothing without 'window'"},
        Refusal{"ForcingInterval", "horizon = 4\nforcing_interval = 3\n",
                "'forcing_interval': 3 does nothing without 'forcing'"},
        Refusal{"ShootingWeight", "shooting_weight = 3\n",
                "'shooting_weight': 3 does nothing without 'shooting_interval'"},
        Refusal{"LeastSquaresOfNone",
                "optimizer = \"levenberg_marquardt\"\nobjective = \"absolute\"\n",
                "setting 'objective': 'absolute' is no sum of squares"},
        Refusal{"LeastSquaresByShooting",
                "optimizer = \"levenberg_marquardt\"\nshooting_interval = 5\n",
                "'shooting_interval': 5 does not go with optimizer 'levenberg_marquardt'"},
        Refusal{"LeastSquaresByAdjoints", "optimizer = \"levenberg_marquardt\"\nmethod = \"bdf\"\n",
                "'method': \"bdf\" does not go with optimizer 'levenberg_marquardt'"},
        Refusal{"LeastSquaresOfJacobians",
                "optimizer = \"levenberg_marquardt\"\njacobian_penalty = 0.5\n",
                "'jacobian_penalty': 0.5 does not go with optimizer 'levenberg_marquardt'"}),
    [](const auto& refusal) { return refusal.param.name; });

TEST_P(RefusedBeforeARun, ByADryRunToo) {
  const ScratchFolder folder;
  folder.write("e.toml", rotation(GetParam().training));
  EXPECT_TRUE(is_refused(run(folder, "e.toml --dry-run"), 2, GetParam().message));
}

// The experiment that a run leaves behind has every setting, those too that do nothing.
TEST(Training, TakesSettingsThatWouldDoNothingAtTheirDefaults) {
  const ScratchFolder folder;
  for (const std::string kind : {"sgd", "adam", "lbfgs", "levenberg_marquardt"}) {
    folder.write("e.toml", rotation("optimizer = \"" + kind +
                                    "\"\nbatch = 0\nlearning_rate = 1e-3\nbeta1 = 0.9\n"
                                    "beta2 = 0.999\nepsilon = 1e-8\nmomentum = 0.0\n"
                                    "weight_decay = 0\nschedule = \"constant\"\n"
                                    "final_rate = 1e-6\niterations = 100\ntolerance = 1e-9\n"
                                    "window = 0\nwindow_epochs = 0\nshooting_weight = 1\n"));
    const CommandResult result = run(folder, "e.toml --dry-run");
    EXPECT_EQ(result.exit_code, 0) << kind << ": " << result.errors;
  }
}

TEST(Training, NeedsAModelAndADataset) {
  const ScratchFolder folder;
  folder.write("e.toml", "[model]\ncomponent = \"org.dynkit.lorenz63\"\n[training]\n");
  EXPECT_TRUE(fails(run(folder, "e.toml --out r"), 2, "needs a [model] and a [dataset]"));
  folder.write("f.toml",
               "[model]\ncomponent = \"org.dynkit.lorenz63\"\n"
               "[readout]\ncomponent = \"org.dynkit.affine\"\n");
  EXPECT_TRUE(fails(run(folder, "f.toml --out r"), 2, "a [readout] serves a [training]"));
}

}  // namespace
}  // namespace dynkit::test
