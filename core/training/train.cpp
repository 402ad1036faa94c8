// A training from its request to its results.
#include <fmt/format.h>

#include <algorithm>

#include "dynkit/core/random.hpp"
#include "dynkit/core/training.hpp"
#include "dynkit/error.hpp"
#include "load_data.hpp"
#include "train_results.hpp"
#include "trainer_file.hpp"

namespace dynkit {
namespace {

using training::Engine;
using training::Fit;
using training::TrainingPlan;
using training::Variables;

// Differences take two evaluations for each parameter: more are refused.
constexpr std::int64_t kMostDifferences = 200;

void check_derivatives(const System& system) {
  const dk_model_v1& table = system.model().table();
  if (table.vjp != nullptr || table.jacobian != nullptr || table.jvp != nullptr) return;
  const dk_model_info& info = system.model().info();
  if (info.p > kMostDifferences) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("{} offers no derivatives and has {} parameters: finite differences "
                            "serve up to {}",
                            system.model().component().id, info.p, kMostDifferences));
  }
  const std::string text = fmt::format(
      "{} offers no derivatives: gradients are made by central differences, {} evaluations for "
      "each, and are right to some 10 digits",
      system.model().component().id, 2 * (info.p + info.n + info.m));
  system.host().log(&system.host(), DK_LOG_WARNING, text.c_str());
}

Fit make_fit(const TrainingRequest& request, const TrainingPlan& plan,
             const training::TrainingData& data) {
  return {request.system, request.readout,       data,
          plan.terms,     plan.initial,          plan.initial_state,
          plan.forcing,   plan.shooting,         plan.rollout,
          plan.part_rows, plan.jacobian_penalty, split(request.stream, 2)};
}

// Blocks that keep their values, and penalties. Throws Error (DK_SETTINGS) for an unknown block.
void apply_to_blocks(const TrainingPlan& plan, Variables& variables, std::int64_t parameters) {
  std::vector<std::string> names;
  for (training::VariableBlock& block : variables.blocks()) {
    names.push_back(block.name);
    block.decays = block.offset < parameters;
    if (block.decays) block.penalty = plan.penalty;
    const auto own = plan.penalties.find(block.name);
    if (own != plan.penalties.end()) block.penalty = own->second;
    if (std::find(plan.freeze.begin(), plan.freeze.end(), block.name) != plan.freeze.end()) {
      block.trainable = false;
    }
  }
  const auto check = [&](const char* key, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    throw Error(DK_SETTINGS, fmt::format("training: setting '{}': there is no block '{}'{}", key,
                                         printable(name), suggest(name, names)));
  };
  for (const std::string& name : plan.freeze) check("freeze", name);
  for (const auto& [name, penalty] : plan.penalties) check("penalties", name);
  const auto& blocks = variables.blocks();
  const bool any = std::any_of(blocks.begin(), blocks.end(),
                               [](const auto& block) { return block.trainable && block.size > 0; });
  if (!any) throw Error(DK_SETTINGS, "training: every parameter is frozen: nothing can be learned");
}

// What the model or the dataset leaves nothing to do for.
void refuse_unheeded(const TrainingRequest& request) {
  constexpr const char* kOfSolver[] = {"method", "step", "rtol", "atol"};
  constexpr const char* kOfSplit[] = {"validation", "test"};
  if (request.system.model().info().time_kind == DK_MAP) {
    training::refuse_given(request.settings, kOfSolver, "the model is a map, not a flow");
  }
  dk_array view{};
  dk_error error{};
  if (request.data.find(&request.data, "split", &view, &error) == DK_OK) {
    training::refuse_given(request.settings, kOfSplit,
                           "the dataset has put 'split', which tells the parts of the trials");
  }
}

struct ChosenEngine {
  std::unique_ptr<Engine> engine;
  const char* precision;
};

// Trials of which nothing is known would have a loss of 0. Throws Error (DK_SETTINGS).
void check_targets(const Engine& engine, const training::Split& split, std::int64_t T) {
  const auto check = [&](const char* what, const std::vector<std::int64_t>& trials) {
    if (trials.empty() || engine.compared(trials, T) > 0) return;
    throw Error(
        DK_SETTINGS,
        fmt::format("training: no target of the {} trials is known: all are NaN or masked", what));
  };
  check("training", split.train);
  check("validation", split.validation);
}

ChosenEngine choose_engine(const TrainingPlan& plan, const Fit& fit,
                           const training::VariableMap& map, const dk_host& host) {
  if (plan.precision != training::Precision::double_precision) {
    auto engine = training::float_engine(fit, map, host);
    if (engine) return {std::move(engine), "single"};
    if (plan.precision == training::Precision::single_precision) {
      throw Error(DK_UNSUPPORTED,
                  fmt::format("{} does not offer single precision, or its readout or "
                              "the solver does not",
                              fit.system.model().component().id));
    }
  }
  return {training::double_engine(fit, map, host), "double"};
}

// NULL: first-order steps.
std::unique_ptr<training::Minimizer> make_minimizer(const TrainingPlan& plan, Engine& engine,
                                                    const Fit& fit,
                                                    const training::VariableMap& map,
                                                    const dk_host& host) {
  if (plan.minimizer.kind == "lbfgs") return training::lbfgs(engine, plan.minimizer);
  if (plan.minimizer.kind.empty()) return nullptr;
  return training::levenberg_marquardt(fit, map, plan.minimizer, host);
}

}  // namespace

TrainedParameters train(const TrainingRequest& request, const dk_sink& table) {
  const dk_host& host = request.system.host();
  const dk_model_info& info = request.system.model().info();
  const TrainingPlan plan = training::read_plan(request.settings, request.readout != nullptr);
  refuse_unheeded(request);
  training::check_terms(plan.terms, request.readout);
  const training::TrainingData data = training::load_data(request.data, plan, info.m);
  const training::Split split =
      training::load_split(request.data, plan, data.trials, request.stream, host);
  const Fit fit = make_fit(request, plan, data);
  training::check_fit(fit);
  check_derivatives(request.system);

  Variables variables;
  const training::VariableMap map =
      training::add_variables(fit, request.system.theta(), request.readout_theta, variables);
  const auto q = static_cast<std::int64_t>(request.readout_theta.size());
  apply_to_blocks(plan, variables, info.p + q);
  const ChosenEngine chosen = choose_engine(plan, fit, map, host);

  check_targets(*chosen.engine, split, data.T);

  const std::vector<double> first_values = variables.values;
  dk_stream order{};
  host.split(&host, &request.stream, 1, &order);
  training::Trainer trainer(*chosen.engine, variables, split, plan.trainer, data.T, order, host,
                            [&](const training::TrainerState& state) {
                              training::save_trainer(request.checkpoint, request.key, state);
                            });
  const auto minimizer = make_minimizer(plan, *chosen.engine, fit, map, host);
  if (minimizer) trainer.use(*minimizer);
  training::TrainerState earlier;
  if (training::load_trainer(request.checkpoint, request.key, variables.size(), earlier)) {
    trainer.resume(std::move(earlier));
  }
  const training::TrainingOutcome outcome = trainer.run();
  training::put_results(
      {fit, split, variables, first_values, map, trainer.state(), outcome, chosen.precision},
      *chosen.engine, Sink(table));

  const auto first = variables.values.begin() + map.model;
  TrainedParameters trained{{first, first + info.p}, {}, false, {}};
  if (map.readout >= 0) {
    const auto readout = variables.values.begin() + map.readout;
    trained.readout_theta.assign(readout, readout + q);
  }
  trained.interrupted = outcome.end == training::TrainingEnd::interrupted;
  if (outcome.end == training::TrainingEnd::not_finite) trained.failure = outcome.cause;
  return trained;
}

}  // namespace dynkit
