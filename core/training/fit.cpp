#include "fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

const Series& find_series(const TrainingData& data, const std::string& name,
                          const std::string& what) {
  const auto found = data.series.find(name);
  if (found != data.series.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [key, series] : data.series) names.push_back(key);
  throw Error(DK_SETTINGS, fmt::format("{} needs the array '{}', which the data lack{}", what, name,
                                       suggest(name, names)));
}

void check_width(const std::string& what, std::int64_t width, std::int64_t expected,
                 const std::string& of) {
  if (width == expected) return;
  throw Error(DK_SHAPE_MISMATCH,
              fmt::format("{} has {} components, {} has {}", what, width, of, expected));
}

void check_term(const Fit& fit, const ObjectiveTerm& term) {
  const std::string what = fmt::format("objective '{}'", loss_name(term.kind));
  const Series& target = find_series(fit.data, term.target, what);
  const std::int64_t width = term.of_readout ? fit.readout->info().o : fit.system.model().info().n;
  const std::string of = term.of_readout ? "the readout" : "the state";
  for (const std::int64_t component : term.components) {
    if (component >= 0 && component < width) continue;
    throw Error(DK_SETTINGS,
                fmt::format("{}: component {} is not in [0, {})", what, component, width));
  }
  check_width(fmt::format("'{}'", term.target), target.width,
              term.components.empty() ? width : static_cast<std::int64_t>(term.components.size()),
              term.components.empty() ? of : "the choice of components");
}

// Steps so small were not meant, and would fill the memory.
void check_steps(const Fit& fit) {
  constexpr double kMostSteps = 1e7;
  const double step = fit.rollout.integration.step;
  if (fit.system.model().info().time_kind != DK_FLOW || !(step > 0.0)) return;
  const double steps = (fit.data.times.back() - fit.data.times.front()) / step;
  if (steps <= kMostSteps) return;
  throw Error(DK_SETTINGS,
              fmt::format("training: setting 'step': {} makes {:.3g} steps of a trial of {} times; "
                          "at most {:.0e} are made",
                          step, steps, fit.data.T, kMostSteps));
}

// The variables of a term are named after its target.
void check_deviations(const std::vector<ObjectiveTerm>& terms) {
  std::set<std::string> targets;
  for (const ObjectiveTerm& term : terms) {
    if (term.kind != LossKind::gaussian || targets.insert(term.target).second) continue;
    throw Error(DK_SETTINGS, fmt::format("objective 'gaussian' stands twice for '{}'; a deviation "
                                         "is learned once for each target",
                                         term.target));
  }
}

// A state from the data is compared with itself.
void check_length(const Fit& fit) {
  const bool predicts =
      fit.initial != InitialState::data || fit.data.T + largest_lag(fit.terms) > 1;
  const bool reads = std::any_of(fit.terms.begin(), fit.terms.end(),
                                 [](const ObjectiveTerm& term) { return term.of_readout; });
  if (predicts || reads) return;
  throw Error(DK_SETTINGS,
              "trials of one time leave nothing to predict where they begin at the data's states");
}

bool needs_states(const Fit& fit) {
  return fit.initial == InitialState::data || fit.forcing.alpha > 0.0 || fit.shooting.interval > 0;
}

}  // namespace

bool is_continuous(const Fit& fit) {
  const Method method = fit.rollout.integration.method;
  return fit.system.model().info().time_kind == DK_FLOW &&
         (method == Method::adams || method == Method::bdf);
}

void check_terms(const std::vector<ObjectiveTerm>& terms, const Readout* readout) {
  for (const ObjectiveTerm& term : terms) {
    if (!term.of_readout || readout != nullptr) continue;
    throw Error(DK_SETTINGS, fmt::format("objective '{}' compares observations, but there is no "
                                         "readout",
                                         loss_name(term.kind)));
  }
}

void check_fit(const Fit& fit) {
  const dk_model_info& info = fit.system.model().info();
  check_terms(fit.terms, fit.readout);
  for (const ObjectiveTerm& term : fit.terms) check_term(fit, term);
  check_deviations(fit.terms);
  check_length(fit);
  check_steps(fit);
  if (fit.terms.empty()) throw Error(DK_SETTINGS, "there is no objective: nothing to train for");
  if (needs_states(fit)) {
    const Series& states = find_series(
        fit.data, "states",
        fit.initial == InitialState::data ? "an initial state from the data" : "a teacher");
    check_width("'states'", states.width, info.n, "the model");
  }
  if (!fit.data.inputs.empty()) {
    const Series& inputs = find_series(fit.data, fit.data.inputs, "the model");
    check_width(fmt::format("'{}'", fit.data.inputs), inputs.width, info.m, "the model's input");
  }
  if (fit.readout != nullptr && fit.readout->table().vjp == nullptr) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("{} offers no vjp: it cannot be trained", fit.readout->component().id));
  }
  if (fit.readout != nullptr) {
    check_width("the state", info.n, fit.readout->info().n, "the readout's input");
  }
  if (!fit.initial_state.empty()) {
    check_width("the initial state", static_cast<std::int64_t>(fit.initial_state.size()), info.n,
                "the model");
  }
}

std::int64_t segment_state(const Fit& fit, const VariableMap& map, std::int64_t trial,
                           std::int64_t k) {
  const std::int64_t nodes = (fit.data.T - 1) / fit.shooting.interval;
  return map.segments +
         (trial * nodes + k / fit.shooting.interval - 1) * fit.system.model().info().n;
}

VariableMap add_variables(const Fit& fit, const std::vector<double>& model_theta,
                          const std::vector<double>& readout_theta, Variables& variables) {
  const auto n = static_cast<std::size_t>(fit.system.model().info().n);
  VariableMap map;
  map.model = variables.add("", fit.system.model().layout(), model_theta);
  if (fit.readout != nullptr) {
    map.readout = variables.add("readout.", fit.readout->layout(), readout_theta);
  }
  if (fit.initial == InitialState::learned) {
    map.initial = variables.add(
        "initial_state", fit.initial_state.empty() ? std::vector<double>(n) : fit.initial_state);
  }
  for (const ObjectiveTerm& term : fit.terms) {
    const bool gaussian = term.kind == LossKind::gaussian;
    const auto width = static_cast<std::size_t>(fit.data.series.at(term.target).width);
    map.log_sigma.push_back(
        gaussian ? variables.add("log_sigma." + term.target, std::vector<double>(width)) : -1);
  }
  if (fit.shooting.interval > 0) {
    const Series& states = fit.data.series.at("states");
    std::vector<double> nodes;
    for (std::int64_t trial = 0; trial < fit.data.trials; ++trial) {
      for (std::int64_t k = fit.shooting.interval; k < fit.data.T; k += fit.shooting.interval) {
        const double* x = fit.data.row(states, trial, k);
        nodes.insert(nodes.end(), x, x + n);
      }
    }
    map.segments = variables.add("segment_states", nodes);
  }
  return map;
}

}  // namespace dynkit::training
