#include "arrays.hpp"
#include "dynkit/component.hpp"

DYNKIT_PLUGIN(dynkit::dataset_component<dynkit::arrays::Arrays>(
    {"org.dynkit.arrays", "1.0.0",
     "trials as they stand in files: inputs, targets, states, mask, time and split"}))
