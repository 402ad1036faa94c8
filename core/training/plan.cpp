#include "plan.hpp"

#include <fmt/format.h>

#include "config_values.hpp"
#include "dynkit/core/training.hpp"

namespace dynkit::training {
namespace {

// A checked table, read by name.
class Values {
 public:
  explicit Values(const Config::Table& table) : table_(table) {}

  double number(const char* key) const { return number_in(key, *find_key(table_, key)); }
  std::int64_t integer(const char* key) const {
    return std::get<std::int64_t>(find_key(table_, key)->value);
  }
  std::int64_t integer_or(const char* key, std::int64_t other) const {
    return find_key(table_, key) != nullptr ? integer(key) : other;
  }
  const std::string& text(const char* key) const { return find_key(table_, key)->text(); }
  std::string text_or(const char* key, const std::string& other) const {
    const Config* value = find_key(table_, key);
    return value != nullptr ? value->text() : other;
  }
  std::vector<double> numbers(const char* key) const {
    std::vector<double> numbers;
    for (const Config& item : find_key(table_, key)->list()) {
      numbers.push_back(number_in(key, item));
    }
    return numbers;
  }

 private:
  const Config::Table& table_;
};

ObjectiveTerm read_term(const Config::Table& table, bool has_readout) {
  const Values values(table);
  ObjectiveTerm term;
  term.kind = loss_named(values.text("loss"));
  term.of_readout = values.text_or("of", has_readout ? "observations" : "states") == "observations";
  term.target = values.text_or("target", term.of_readout ? "targets" : "states");
  for (const double component : values.numbers("components")) {
    term.components.push_back(static_cast<std::int64_t>(component));
  }
  term.weight = values.number("weight");
  term.lag = values.integer_or("lag", term.target == "targets" ? 1 : 0);
  return term;
}

void read_initial_state(const Config& value, TrainingPlan& plan) {
  if (value.is_list()) {
    plan.initial = InitialState::given;
    for (const Config& item : value.list()) {
      plan.initial_state.push_back(number_in("initial_state", item));
    }
  } else if (value.text() == "data") {
    plan.initial = InitialState::data;
  } else {
    plan.initial = value.text() == "learned" ? InitialState::learned : InitialState::given;
  }
}

RolloutOptions read_rollout(const Values& values) {
  RolloutOptions rollout;
  rollout.integration.method = method_named(values.text("method"));
  rollout.integration.step = values.number("step");
  rollout.integration.adaptive = values.number("step") == 0.0;
  rollout.integration.rtol = values.number("rtol");
  rollout.integration.atol = values.number("atol");
  rollout.checkpoints = values.integer("checkpoints");
  rollout.memory = static_cast<std::int64_t>(values.number("memory") * 1048576.0);
  return rollout;
}

void read_teacher(const Values& values, TrainingPlan& plan) {
  plan.forcing = {values.number("forcing"), values.integer("forcing_interval")};
  plan.shooting = {values.integer("shooting_interval"), values.number("shooting_weight")};
  const std::int64_t horizon = values.integer("horizon");
  const int ways = (plan.forcing.alpha > 0.0 ? 1 : 0) + (plan.shooting.interval > 0 ? 1 : 0) +
                   (horizon > 0 ? 1 : 0);
  if (ways > 1) {
    throw Error(DK_SETTINGS,
                "training: only one of 'forcing', 'horizon' and 'shooting_interval' can be used");
  }
  if (horizon > 0) plan.forcing = {1.0, horizon};
}

TrainerOptions read_trainer(const Values& values) {
  TrainerOptions trainer;
  trainer.epochs = values.integer("epochs");
  trainer.batch = values.integer("batch");
  trainer.patience = values.integer("patience");
  trainer.window = values.integer("window");
  trainer.window_epochs = values.integer("window_epochs");
  trainer.clip_norm = values.number("clip_norm");
  trainer.clip_values = values.number("clip_values");
  trainer.optimizer = {values.text("optimizer"), values.number("momentum"),
                       values.number("beta1"),   values.number("beta2"),
                       values.number("epsilon"), values.number("weight_decay")};
  trainer.schedule = {values.text("schedule"),           values.number("learning_rate"),
                      values.number("final_rate"),       trainer.epochs,
                      values.number("warm_up"),          values.number("plateau_factor"),
                      values.integer("plateau_patience")};
  return trainer;
}

// What is said of batches and their steps means nothing to a minimizer: better refused than not
// heeded.
void refuse_steps_of_batches(const Values& values) {
  const std::string& kind = values.text("optimizer");
  const auto refuse_unless = [&](bool is_default, const char* key) {
    if (is_default) return;
    throw Error(DK_SETTINGS,
                fmt::format("training: setting '{}' is for first-order optimizers, not for '{}', "
                            "which takes all trials at once and chooses its own steps",
                            key, kind));
  };
  refuse_unless(values.integer("batch") == 0, "batch");
  refuse_unless(values.text("schedule") == "constant", "schedule");
  for (const char* key : {"clip_norm", "clip_values", "warm_up", "weight_decay", "momentum"}) {
    refuse_unless(values.number(key) == 0.0, key);
  }
}

MinimizerOptions read_minimizer(const Values& values) {
  if (!is_minimizer(values.text("optimizer"))) return {};
  refuse_steps_of_batches(values);
  return {values.text("optimizer"), values.integer("iterations"), values.number("tolerance")};
}

Precision read_precision(const Values& values) {
  const std::string& precision = values.text("precision");
  if (precision == "single") return Precision::single_precision;
  // A line search, or a trust region, has to tell losses apart that are nearly the same.
  const bool needs_digits = is_minimizer(values.text("optimizer"));
  return precision == "double" || needs_digits ? Precision::double_precision : Precision::automatic;
}

}  // namespace

std::vector<ObjectiveTerm> read_terms(const Config::Table& checked, bool has_readout) {
  const Config& objective = *find_key(checked, "objective");
  if (objective.is_text()) {
    const Config::Table one = checked_settings(objective_component(), {{"loss", objective}});
    return {read_term(one, has_readout)};
  }
  std::vector<ObjectiveTerm> terms;
  for (const Config& item : objective.list()) terms.push_back(read_term(item.table(), has_readout));
  return terms;
}

TrainingPlan read_plan(const Config::Table& checked, bool has_readout) {
  const Values values(checked);
  TrainingPlan plan;
  plan.terms = read_terms(checked, has_readout);
  plan.inputs = values.text("inputs");
  read_initial_state(*find_key(checked, "initial_state"), plan);
  read_teacher(values, plan);
  plan.rollout = read_rollout(values);
  plan.part_rows = values.integer("part");
  plan.trainer = read_trainer(values);
  plan.minimizer = read_minimizer(values);
  plan.validation = values.number("validation");
  plan.test = values.number("test");
  plan.precision = read_precision(values);
  plan.penalty = values.number("penalty");
  plan.jacobian_penalty = values.number("jacobian_penalty");
  if (const Config* penalties = find_key(checked, "penalties")) {
    for (const auto& [block, value] : penalties->table()) {
      plan.penalties[block] = number_in(block, value);
    }
  }
  if (const Config* freeze = find_key(checked, "freeze")) {
    for (const Config& block : freeze->list()) plan.freeze.push_back(block.text());
  }
  return plan;
}

}  // namespace dynkit::training
