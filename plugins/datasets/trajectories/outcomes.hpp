// How trajectories ended, for each trial and in words.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynkit/job.hpp"

namespace dynkit::trajectories {

struct Outcomes {
  /// Of S trials, none of which has run.
  explicit Outcomes(std::int64_t S);

  std::vector<std::int32_t> codes;  // [S] DK_REACHED_END, ...
  std::vector<double> last_times;   // [S] of the last valid state, NaN: none
};

/// The trials that ended in one way before the end, and where the first of them did.
struct Failure {
  std::int32_t code = 0;
  std::int64_t trials = 0;
  std::int64_t first = 0;   // trial
  double last_time = 0.0;   // of its last valid state
  double known_time = 0.0;  // of its last row, where the solver may not have landed on last_time
  std::string known_state;  // of that row: "(1, 2.5)"
};

/// One for each way, in the order of their first trials. `rows` [S,K,n] are all states that were
/// simulated, those of the burn-in too, at `times` [K].
std::vector<Failure> find_failures(const Outcomes& outcomes, std::span<const double> times,
                                   std::span<const double> rows);

/// Puts `outcome` [S], `last_time` [S], how many trials failed, a table of the ways they did, and
/// warns of the first of them. Throws Error (DK_CANCELLED) if some were stopped.
void put_outcomes(const dk_job& job, const Outcomes& outcomes,
                  const std::vector<Failure>& failures);

}  // namespace dynkit::trajectories
