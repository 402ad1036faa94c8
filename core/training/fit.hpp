// What is fitted to what: a model and a readout, data, an objective, and how trajectories are made.
#pragma once

#include <cstdint>
#include <vector>

#include "dynkit/core/readout.hpp"
#include "dynkit/core/system.hpp"
#include "objective.hpp"
#include "rollout.hpp"
#include "training_data.hpp"
#include "variables.hpp"

namespace dynkit::training {

/// Where trajectories begin: at the data's first states, at a given state, or at one that is
/// learned from there.
enum class InitialState { data, given, learned };

/// Every `interval` times the state goes on as (1 - alpha) x + alpha d, d the data's states:
/// 0, a free run.
struct Forcing {
  double alpha = 0.0;
  std::int64_t interval = 1;
};

/// Multiple shooting: every `interval` times a trajectory goes on from a state that is learned, and
/// w |x - s|^2 ties what arrived to it (H. G. Bock, 1983). 0: not used.
struct Shooting {
  std::int64_t interval = 0;
  double weight = 1.0;
};

struct Fit {
  const System& system;
  const Readout* readout = nullptr;  // NULL: none
  const TrainingData& data;
  std::vector<ObjectiveTerm> terms;
  InitialState initial = InitialState::data;
  std::vector<double> initial_state;  // [n], given or where learning begins; empty: zeros
  Forcing forcing;
  Shooting shooting;
  RolloutOptions rollout;
  std::int64_t part_rows = 32;  // trials that are rolled out together
  /// lambda of a penalty on the model's Jacobian (jacobian_penalty.hpp) in gradients, whose random
  /// signs come from this stream, others in each epoch.
  double jacobian_penalty = 0.0;
  dk_stream jacobian_signs = {};
};

/// Whether gradients come from the continuous adjoint: of a flow by adams or bdf. In double only.
bool is_continuous(const Fit& fit);

/// Where the variables of a fit stand; -1: there are none.
struct VariableMap {
  std::int64_t model = 0, readout = -1, initial = -1, segments = -1;
  std::vector<std::int64_t> log_sigma;  // [terms]
};

/// The variables with their first values: parameters as given, states of shooting from the data.
VariableMap add_variables(const Fit& fit, const std::vector<double>& model_theta,
                          const std::vector<double>& readout_theta, Variables& variables);

/// Where the state [n] stands from which a trial goes on at time k, a multiple of the interval.
std::int64_t segment_state(const Fit& fit, const VariableMap& map, std::int64_t trial,
                           std::int64_t k);

/// Throws Error (DK_SETTINGS) where terms compare observations and there is no readout.
void check_terms(const std::vector<ObjectiveTerm>& terms, const Readout* readout);

/// Throws Error (DK_SETTINGS, DK_SHAPE_MISMATCH) where the parts of a fit do not go together.
void check_fit(const Fit& fit);

}  // namespace dynkit::training
