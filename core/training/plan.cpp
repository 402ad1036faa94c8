#include "plan.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "config_values.hpp"
#include "dynkit/core/training.hpp"

namespace dynkit::training {
namespace {

// A checked table, read by name.
class Values {
 public:
  explicit Values(const Config::Table& table) : table_(table) {}

  const Config& value(const char* key) const { return *find_key(table_, key); }
  double number(const char* key) const { return number_in(key, value(key)); }
  std::int64_t integer(const char* key) const { return std::get<std::int64_t>(value(key).value); }
  std::int64_t integer_or(const char* key, std::int64_t other) const {
    return find_key(table_, key) != nullptr ? integer(key) : other;
  }
  const std::string& text(const char* key) const { return value(key).text(); }
  std::string text_or(const char* key, const std::string& other) const {
    const Config* found = find_key(table_, key);
    return found != nullptr ? found->text() : other;
  }

 private:
  const Config::Table& table_;
};

std::vector<std::int64_t> read_components(const Config& list) {
  std::vector<std::int64_t> components;
  for (const Config& item : list.list()) {
    const double component = number_in("components", item);
    if (component != std::floor(component)) refuse("components", item, "is not a whole number");
    components.push_back(static_cast<std::int64_t>(component));
  }
  return components;
}

ObjectiveTerm read_term(const Config::Table& table, bool has_readout) {
  const Values values(table);
  ObjectiveTerm term;
  term.kind = loss_named(values.text("loss"));
  term.of_readout = values.text_or("of", has_readout ? "observations" : "states") == "observations";
  term.target = values.text_or("target", term.of_readout ? "targets" : "states");
  term.components = read_components(values.value("components"));
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

MinimizerOptions read_minimizer(const Values& values) {
  if (!is_minimizer(values.text("optimizer"))) return {};
  return {values.text("optimizer"), values.integer("iterations"), values.number("tolerance")};
}

Precision read_precision(const Values& values) {
  const std::string& precision = values.text("precision");
  if (precision == "single") return Precision::single_precision;
  // A line search, or a trust region, has to tell losses apart that are nearly the same.
  const bool needs_digits = is_minimizer(values.text("optimizer"));
  return precision == "double" || needs_digits ? Precision::double_precision : Precision::automatic;
}

// A setting that does something only beside some values of another.
struct Choice {
  const char* key;
  const char* other;
  std::span<const std::string_view> values;
};

// A setting that does something only where another does.
struct Company {
  const char* key;
  const char* other;
};

constexpr std::string_view kFirstOrder[] = {"sgd", "adam", "adamw", "radam"};
constexpr std::string_view kWithMomentum[] = {"sgd"};
constexpr std::string_view kWithMoments[] = {"adam", "adamw", "radam"};
constexpr std::string_view kWithDecay[] = {"adamw"};
constexpr std::string_view kMinimizers[] = {"lbfgs", "levenberg_marquardt"};
constexpr std::string_view kChanging[] = {"exponential", "cosine", "plateau"};
constexpr std::string_view kPlateau[] = {"plateau"};
constexpr std::string_view kErrorControl[] = {"tsit5", "dop853", "adams", "bdf"};

constexpr Choice kChoices[] = {
    {"batch", "optimizer", kFirstOrder},       {"learning_rate", "optimizer", kFirstOrder},
    {"schedule", "optimizer", kFirstOrder},    {"warm_up", "optimizer", kFirstOrder},
    {"clip_norm", "optimizer", kFirstOrder},   {"clip_values", "optimizer", kFirstOrder},
    {"momentum", "optimizer", kWithMomentum},  {"beta1", "optimizer", kWithMoments},
    {"beta2", "optimizer", kWithMoments},      {"epsilon", "optimizer", kWithMoments},
    {"weight_decay", "optimizer", kWithDecay}, {"iterations", "optimizer", kMinimizers},
    {"tolerance", "optimizer", kMinimizers},   {"final_rate", "schedule", kChanging},
    {"plateau_factor", "schedule", kPlateau},  {"plateau_patience", "schedule", kPlateau},
    {"rtol", "method", kErrorControl},         {"atol", "method", kErrorControl},
};

constexpr Company kCompanies[] = {
    {"window", "window_epochs"},
    {"window_epochs", "window"},
    {"forcing_interval", "forcing"},
    {"shooting_weight", "shooting_interval"},
};

bool is_default(const Values& values, const char* key) {
  const dk_component& training = training_component();
  const dk_setting* setting =
      std::find_if(training.settings, training.settings + training.setting_count,
                   [&](const dk_setting& one) { return std::string_view(one.name) == key; });
  const Config initial = parse_default(*setting), &value = values.value(key);
  return value.is_text() ? value.text() == initial.text()
                         : number_in(key, value) == number_in(key, initial);
}

// What would do nothing: better refused than not heeded.
void refuse_unheeded(const Values& values) {
  for (const Choice& choice : kChoices) {
    const std::string& other = values.text(choice.other);
    const bool is_heeded =
        std::find(choice.values.begin(), choice.values.end(), other) != choice.values.end();
    if (is_heeded || is_default(values, choice.key)) continue;
    refuse(choice.key, values.value(choice.key),
           fmt::format("does nothing with {} '{}', only with {}", choice.other, other,
                       fmt::join(choice.values, ", ")));
  }
  for (const auto& [key, other] : kCompanies) {
    if (is_default(values, key) || !is_default(values, other)) continue;
    refuse(key, values.value(key), fmt::format("does nothing without '{}'", other));
  }
}

// Of ranges whose end does not belong to them.
void refuse_ends(const Values& values) {
  for (const char* key : {"momentum", "beta1", "beta2"}) {
    if (values.number(key) >= 1.0) refuse(key, values.value(key), "is not below 1");
  }
  if (!(values.number("atol") > 0.0)) refuse("atol", values.value("atol"), "is not above 0");
  if (values.integer("window_epochs") > 0 &&
      values.integer("window_epochs") >= values.integer("epochs")) {
    refuse("window_epochs", values.value("window_epochs"),
           fmt::format("is not below 'epochs', {}: all times would never be trained on",
                       values.integer("epochs")));
  }
  if (values.text("schedule") != "exponential") return;
  for (const char* key : {"learning_rate", "final_rate"}) {
    if (values.number(key) > 0.0) continue;
    refuse(key, values.value(key), "is not above 0, as schedule 'exponential' needs it");
  }
}

// Residuals are those of squares, and have sensitivities along single trajectories.
void refuse_beside_least_squares(const Values& values, const std::vector<ObjectiveTerm>& terms) {
  const char* const kind = "levenberg_marquardt";
  if (values.text("optimizer") != kind) return;
  const auto refuse_beside = [&](const char* key, const char* what) {
    refuse(key, values.value(key),
           fmt::format("does not go with optimizer '{}', which has no {}", kind, what));
  };
  for (const ObjectiveTerm& term : terms) {
    if (term.kind == LossKind::squared) continue;
    throw Error(DK_SETTINGS,
                fmt::format("{}training: setting 'objective': '{}' is no sum of squares, which "
                            "optimizer '{}' needs",
                            line_prefix(values.value("objective")), loss_name(term.kind), kind));
  }
  const std::string& method = values.text("method");
  if (method == "adams" || method == "bdf") refuse_beside("method", "sensitivities of it");
  if (values.integer("shooting_interval") > 0) {
    refuse_beside("shooting_interval", "sensitivities of multiple shooting");
  }
  if (values.number("jacobian_penalty") > 0.0) refuse_beside("jacobian_penalty", "residuals of it");
  if (values.text("precision") == "single") refuse_beside("precision", "sensitivities in it");
}

}  // namespace

void refuse_given(const Config::Table& checked, std::span<const char* const> keys,
                  const std::string& reason) {
  const Values values(checked);
  for (const char* key : keys) {
    if (is_default(values, key)) continue;
    refuse(key, values.value(key), "does nothing: " + reason);
  }
}

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
  refuse_unheeded(values);
  refuse_ends(values);
  refuse_beside_least_squares(values, plan.terms);
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
