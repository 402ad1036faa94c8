#pragma once

#include <memory>

#include "dynkit/core/readout.hpp"
#include "dynkit/core/system.hpp"
#include "operations.hpp"

namespace dynkit::training {

// What is given here must outlive the operations; a system's own parameters do not count.

/// Of any model, in double. What the model lacks of vjp is made by the host: without any derivative
/// of its own it costs two evaluations for each state, input and parameter.
std::unique_ptr<Operations<double>> double_operations(const System& system);

/// Of a reentrant model that offers dynkit.f32/1 with a vjp; nullptr: it is not such a model.
std::unique_ptr<Operations<float>> float_operations(const System& system);

/// Of a readout with a vjp; nullptr: it has none.
std::unique_ptr<Operations<double>> double_operations(const Readout& readout);
std::unique_ptr<Operations<float>> float_operations(const Readout& readout);

}  // namespace dynkit::training
