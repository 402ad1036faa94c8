// Trials for a training from the arrays of a dataset.
#pragma once

#include "dynkit/job.h"
#include "plan.hpp"

namespace dynkit::training {

/// The series that the plan needs, with time and mask. Throws Error (DK_SETTINGS,
/// DK_SHAPE_MISMATCH) with the array's name where one is missing or does not fit the others.
TrainingData load_data(const dk_data& data, const TrainingPlan& plan, std::int64_t inputs);

/// The dataset's own `split`, else shares of the trials at random. Throws Error (DK_SETTINGS) if
/// nothing is left to train on.
Split load_split(const dk_data& data, const TrainingPlan& plan, std::int64_t trials,
                 const dk_stream& stream, const dk_host& host);

}  // namespace dynkit::training
