// The parts of the trials of a task.
#pragma once

#include "dynkit/trials.hpp"

namespace dynkit::tasks {

/// Puts `split` [S]: the last trials are for testing, those before them for validation.
void put_split(const Sink& sink, const TrialSettings& trials);

/// The same with the parts drawn at random, for trials that stand in an order.
void put_shuffled_split(const dk_job& job, const TrialSettings& trials);

}  // namespace dynkit::tasks
