#include "dynkit/component.hpp"
#include "trajectories.hpp"

DYNKIT_PLUGIN(dynkit::dataset_component<dynkit::trajectories::Trajectories>(
    {"org.dynkit.trajectories", "1.0.0",
     "trajectories of any model: states[s,k] = x_s(k dt), from given or typical initial states"}))
