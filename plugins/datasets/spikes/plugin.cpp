#include "dynkit/component.hpp"
#include "spikes.hpp"

DYNKIT_PLUGIN(dynkit::dataset_component<dynkit::spikes::Spikes>(
    {"org.dynkit.spikes", "1.0.0",
     "Poisson neurons that read out a dataset: rates = r exp(a), a = X R standardized",
     "A. R. Sedler, C. Versteeg, C. Pandarinath, Expressive architectures enhance interpretability "
     "of dynamics-based neural population models, Neurons, Behavior, Data Analysis, and Theory "
     "(2023)"}))
