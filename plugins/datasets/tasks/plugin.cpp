#include "delayed_discrimination.hpp"
#include "dynkit/component.hpp"
#include "hidden_markov.hpp"
#include "path_integration.hpp"
#include "sine_generation.hpp"

using namespace dynkit;
using namespace dynkit::tasks;

DYNKIT_PLUGIN(
    dataset_component<SineGeneration>(
        {"org.dynkit.sine_generation", "1.0.0",
         "sine generation: a constant input tells the frequency, targets are sin(omega t)",
         "D. Sussillo, O. Barak, Opening the black box: low-dimensional dynamics in "
         "high-dimensional recurrent neural networks, Neural Computation 25, 626 (2013)"}),
    dataset_component<DelayedDiscrimination>(
        {"org.dynkit.delayed_discrimination", "1.0.0",
         "delayed discrimination: which of two stimuli, some time apart, was the larger one",
         "R. Romo, C. D. Brody, A. Hernandez, L. Lemus, Neuronal correlates of parametric working "
         "memory in the prefrontal cortex, Nature 399, 470 (1999)"}),
    dataset_component<PathIntegration>(
        {"org.dynkit.path_integration", "1.0.0",
         "path integration: positions of an animal in an arena from its self-motion",
         "C. J. Cueva, X.-X. Wei, Emergence of grid-like representations by training recurrent "
         "neural networks to perform spatial localization, ICLR (2018)"}),
    dataset_component<HiddenMarkov>(
        {"org.dynkit.hidden_markov", "1.0.0",
         "emissions of a hidden Markov model: z' ~ A[z,:], y ~ B[z,:]",
         "E. Torre et al., Mechanistic interpretability of RNNs emulating hidden Markov models "
         "(2025)"}))
