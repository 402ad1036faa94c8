// Trainings that are refused, and what the user is told.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/command.hpp"
#include "support/refusal.hpp"
#include "training_run.hpp"

namespace dynkit::test {
namespace {

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
        Refusal{"SolverOfAMap", "method = \"tsit5\"\n",
                "setting 'method': \"tsit5\" does nothing: the model is a map, not a flow"},
        Refusal{"StepOfAMap", "step = 0.5\n", "setting 'step': 0.5 does nothing"},
        Refusal{"ValidationBesideASplit", "validation = 0.5\n",
                "setting 'validation': 0.5 does nothing: the dataset has put 'split'"},
        Refusal{"TestBesideASplit", "test = 0.5\n", "setting 'test': 0.5 does nothing"},
        Refusal{"NegativeCounts", "objective = \"poisson\"\n",
                "objective 'poisson': 'states' holds -"},
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
        Refusal{"WindowThatNeverHasGrown", "epochs = 7\nwindow = 5\nwindow_epochs = 7\n",
                "'window_epochs': 7 is not below 'epochs', 7: all times would never be trained"},
        Refusal{
            "RelativeTolerance", "rtol = 1e-3\n",
            "'rtol': 0.001 does nothing with method 'rk4', only with tsit5, dop853, adams, bdf"},
        Refusal{"NoAbsoluteTolerance", "method = \"tsit5\"\natol = 0\n",
                "'atol': 0 is not above 0"},
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
