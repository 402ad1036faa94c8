#include "dynkit/component.hpp"
#include "flip_flop.hpp"

DYNKIT_PLUGIN(dynkit::dataset_component<dynkit::flip_flop::FlipFlop>(
    {"org.dynkit.flip_flop", "1.0.0",
     "n-bit flip-flop: targets hold the last pulse of each channel",
     "D. Sussillo, O. Barak, Opening the black box: low-dimensional dynamics in high-dimensional "
     "recurrent neural networks, Neural Computation 25, 626 (2013)"}))
