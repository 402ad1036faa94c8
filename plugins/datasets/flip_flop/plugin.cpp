#include "dynkit/component.hpp"
#include "flip_flop.hpp"
#include "noisy_flip_flop.hpp"
#include "variable_flip_flop.hpp"

using namespace dynkit;
using namespace dynkit::flip_flop;

DYNKIT_PLUGIN(
    dataset_component<FlipFlop>(
        {"org.dynkit.flip_flop", "1.0.0",
         "n-bit flip-flop: targets hold the last pulse of each channel",
         "D. Sussillo, O. Barak, Opening the black box: low-dimensional dynamics in "
         "high-dimensional recurrent neural networks, Neural Computation 25, 626 (2013)"}),
    dataset_component<VariableFlipFlop>(
        {"org.dynkit.variable_flip_flop", "1.0.0",
         "flip-flop with pulses of any amplitude in a box, an annulus or a ring: a memory for "
         "continuous values",
         "T. Kim, T. Can, K. Krishnamurthy, Trainability, expressivity and interpretability in "
         "gated neural ODEs, ICML (2023)"}),
    dataset_component<NoisyFlipFlop>(
        {"org.dynkit.noisy_flip_flop", "1.0.0",
         "n-bit flip-flop with rare pulses under noise, and a mask around transitions",
         "C. Versteeg et al., Computation-through-Dynamics Benchmark: simulated datasets and "
         "quality metrics for dynamical models of neural activity, bioRxiv (2025)"}))
