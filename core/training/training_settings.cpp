// What the tables [training] and [[training.objective]] may hold.
#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "config_values.hpp"
#include "dynkit/core/training.hpp"
#include "dynkit/settings.hpp"
#include "plan.hpp"

namespace dynkit {
namespace {

using training::finite_number_in;
using training::refuse;

constexpr const char* kLosses[] = {"squared", "absolute",      "gaussian",
                                   "poisson", "cross_entropy", nullptr};
constexpr const char* kCompared[] = {"states", "observations", nullptr};
constexpr const char* kInitialStates[] = {"data", "zero", "learned", nullptr};
constexpr const char* kMethods[] = {"rk4", "tsit5", "dop853", "adams", "bdf", nullptr};
constexpr const char* kOptimizers[] = {
    "sgd", "adam", "adamw", "radam", "lbfgs", "levenberg_marquardt", nullptr};
constexpr const char* kSchedules[] = {"constant", "exponential", "cosine", "plateau", nullptr};
constexpr const char* kPrecisions[] = {"auto", "single", "double", nullptr};
constexpr double kMany = 1e9;

constexpr dk_setting kObjectiveSettings[] = {
    text_setting("loss", "squared", kLosses,
                 "how predictions are compared with data: poisson compares log rates with counts "
                 "(a readout with link identity), cross_entropy logits with probabilities of "
                 "classes (no softmax), gaussian learns the logarithm of sigma"),
    text_setting("of", nullptr, kCompared,
                 "what is compared: the states, or what the readout makes of them (where there is "
                 "one)",
                 DK_OPTIONAL),
    text_setting("target", nullptr, nullptr,
                 "array of the dataset to compare with: \"states\", \"targets\", ...", DK_OPTIONAL),
    numbers_setting("components", "[]", 0, kMany,
                    "components that are compared, in the order of the target's; empty: all"),
    number_setting("weight", "1", 0, kUnbounded, "of this term in the sum"),
    integer_setting("lag", nullptr, 0, 1,
                    "1: the target of a time is compared with what follows the input of that time; "
                    "0: with the state at that time; left out: 1 for \"targets\", else 0",
                    DK_OPTIONAL),
};

constexpr dk_setting kTrainingSettings[] = {
    text_setting("objective", "squared", kLosses,
                 "loss: poisson compares log rates with counts (a readout with link identity), "
                 "cross_entropy logits with probabilities of classes (no softmax), gaussian learns "
                 "the logarithm of sigma; several terms are written as [[training.objective]]"),
    text_setting("inputs", "inputs", nullptr,
                 "array of the dataset that drives the model; \"\": none, its input is zero"),
    text_setting("initial_state", "data", kInitialStates,
                 "where trajectories begin: at the dataset's first states, at zero, at one that is "
                 "learned, or at a list of numbers"),
    text_setting(
        "method", "rk4", kMethods,
        "solver of a flow: Runge-Kutta with the gradient of its steps, or adams and bdf with "
        "the continuous adjoint"),
    number_setting("step", "0", 0, kUnbounded,
                   "fixed step of the solver at most; 0: from time to time in one step (rk4), or "
                   "error control"),
    number_setting("rtol", "1e-5", 0, 1, "relative tolerance of error control"),
    number_setting("atol", "1e-7", 0, kUnbounded, "absolute tolerance of error control"),
    integer_setting("checkpoints", "0", 0, kMany,
                    "states kept for going back; 0: as many as fit into `memory`"),
    number_setting("memory", "64", 1e-3, 1e6, "for going back, of one part of a batch", 0, "MiB"),
    number_setting("forcing", "0", 0, 1,
                   "share of the dataset's state in the state that goes on (teacher forcing)"),
    integer_setting("forcing_interval", "1", 1, kMany, "times from one forcing to the next"),
    integer_setting("horizon", "0", 0, kMany,
                    "predict so many times ahead from the data, then begin anew; 0: to the end"),
    integer_setting("shooting_interval", "0", 0, kMany,
                    "times of a segment of multiple shooting; 0: not used"),
    number_setting("shooting_weight", "1", 0, kUnbounded, "of what ties segments together"),
    integer_setting("window", "0", 0, kMany,
                    "times at first of a window that grows in window_epochs; 0: all at once"),
    integer_setting("window_epochs", "0", 0, kMany, "epochs in which the window grows to all"),
    integer_setting("epochs", "100", 1, kMany, "passes through the training trials"),
    integer_setting("batch", "0", 0, kMany, "trials for one step; 0: all"),
    integer_setting("patience", "0", 0, kMany,
                    "epochs without a better validation loss before the end; 0: never"),
    number_setting("validation", "0.2", 0, 0.9,
                   "share of the trials for validation, where the dataset has no split"),
    number_setting("test", "0", 0, 0.9,
                   "share of the trials for the test, where the dataset has no split"),
    text_setting("optimizer", "adam", kOptimizers,
                 "first-order steps along the gradients of batches, or a minimizer of the loss of "
                 "all trials that chooses its own: lbfgs, or levenberg_marquardt for squares and "
                 "few parameters"),
    integer_setting("iterations", "100", 1, 1e6,
                    "of lbfgs or levenberg_marquardt in an epoch, after which they begin anew"),
    number_setting("tolerance", "1e-9", 0, 1,
                   "relative change of the loss at which lbfgs or levenberg_marquardt have "
                   "converged"),
    number_setting("learning_rate", "0.001", 0, kUnbounded,
                   "step size at first, of first-order optimizers"),
    text_setting("schedule", "constant", kSchedules, "of the learning rate"),
    number_setting("final_rate", "1e-6", 0, kUnbounded,
                   "learning rate at the end (exponential, cosine) or at least (plateau)"),
    number_setting("warm_up", "0", 0, kUnbounded, "epochs in which the learning rate grows from 0"),
    number_setting("plateau_factor", "0.5", 0, 1, "what a plateau multiplies the rate by"),
    integer_setting("plateau_patience", "10", 0, kMany, "epochs that make a plateau"),
    number_setting("momentum", "0", 0, 1, "of sgd"),
    number_setting("beta1", "0.9", 0, 1, "decay of the first moment"),
    number_setting("beta2", "0.999", 0, 1, "decay of the second moment"),
    number_setting("epsilon", "1e-8", 0, 1, "added to the root of the second moment"),
    number_setting("weight_decay", "0", 0, kUnbounded, "of adamw"),
    number_setting("clip_norm", "0", 0, kUnbounded, "largest norm of the gradient; 0: no limit"),
    number_setting("clip_values", "0", 0, kUnbounded,
                   "largest element of the gradient; 0: no limit"),
    number_setting("penalty", "0", 0, kUnbounded,
                   "lambda of lambda/2 |theta|^2, all parameters of model and readout"),
    number_setting(
        "jacobian_penalty", "0", 0, kUnbounded,
        "lambda of lambda/2 |J|^2, J the derivative of the model by its state, mean over "
        "trials and times, estimated along random directions"),
    text_setting("precision", "auto", kPrecisions,
                 "of the kernels: single where the model offers it, or as said"),
    integer_setting("part", "32", 1, 65536,
                    "trials that one thread works on at a time; results depend on it, not on the "
                    "number of threads"),
};

constexpr dk_component as_component(const char* id, std::span<const dk_setting> settings) {
  dk_component component{};
  component.id = id;
  component.version = DK_VERSION;
  component.summary = "fits the parameters of the model to the dataset";
  component.settings = settings.data();
  component.setting_count = static_cast<std::int64_t>(settings.size());
  return component;
}

constexpr dk_component kTraining = as_component("training", kTrainingSettings);
constexpr dk_component kObjective = as_component("training.objective", kObjectiveSettings);

// Values in forms that no setting has.
bool has_free_form(const std::string& key, const Config& value) {
  if (key == "freeze" || key == "penalties") return true;
  return (key == "objective" || key == "initial_state") && !value.is_text();
}

void check_penalties(const Config& penalties) {
  if (!penalties.is_table()) {
    refuse("penalties", penalties, "is not a table of parameter blocks and numbers");
  }
  for (const auto& [block, penalty] : penalties.table()) {
    const std::string key = "penalties." + block;
    if (finite_number_in(key, penalty) < 0.0) refuse(key, penalty, "is below 0");
  }
}

void check_freeze(const Config& freeze) {
  const std::string rule = "is not a list of parameter blocks";
  if (!freeze.is_list()) refuse("freeze", freeze, rule);
  for (const Config& block : freeze.list()) {
    if (!block.is_text()) refuse("freeze", freeze, rule);
  }
}

void check_initial_state(const Config& state) {
  const std::string rule = "is neither data, zero, learned nor a list of numbers";
  if (!state.is_list() || state.list().empty()) refuse("initial_state", state, rule);
  for (const Config& component : state.list()) finite_number_in("initial_state", component);
}

// The terms with all of their settings.
Config checked_terms(const Config& objective) {
  const std::string rule = "is neither a loss nor a list of tables ([[training.objective]])";
  if (!objective.is_list() || objective.list().empty()) refuse("objective", objective, rule);
  Config::List terms;
  for (const Config& term : objective.list()) {
    if (!term.is_table()) refuse("objective", objective, rule);
    terms.push_back({checked_settings(kObjective, term.table()), term.line});
  }
  return {std::move(terms), objective.line};
}

Config checked_free_form(const std::string& key, const Config& value) {
  if (key == "objective") return checked_terms(value);
  if (key == "penalties") check_penalties(value);
  if (key == "freeze") check_freeze(value);
  if (key == "initial_state") check_initial_state(value);
  return value;
}

}  // namespace

const dk_component& training_component() {
  return kTraining;
}
const dk_component& objective_component() {
  return kObjective;
}

Config::Table checked_training(const Config::Table& given) {
  Config::Table plain, free_form;
  for (const auto& [key, value] : given) {
    if (has_free_form(key, value)) {
      free_form.emplace_back(key, checked_free_form(key, value));
    } else {
      plain.emplace_back(key, value);
    }
  }
  Config::Table checked = checked_settings(kTraining, plain);
  for (auto& [key, value] : free_form) {
    const auto same =
        std::find_if(checked.begin(), checked.end(),
                     [&name = key](const auto& entry) { return entry.first == name; });
    if (same != checked.end()) {
      same->second = std::move(value);
    } else {
      checked.emplace_back(key, std::move(value));
    }
  }
  training::read_plan(checked, true);  // refuses what does not go together
  return checked;
}

std::string observed_series(const Config::Table& checked) {
  for (const training::ObjectiveTerm& term : training::read_terms(checked, true)) {
    if (term.of_readout) return term.target;
  }
  return "targets";
}

}  // namespace dynkit
