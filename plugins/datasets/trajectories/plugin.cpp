#include "dynkit/component.hpp"
#include "parameter_sweep.hpp"
#include "trajectories.hpp"

using namespace dynkit;
using namespace dynkit::trajectories;

DYNKIT_PLUGIN(
    dataset_component<Trajectories>(
        {"org.dynkit.trajectories", "1.0.0",
         "trajectories of any model: states[s,k] = x_s(k dt), from given or typical initial "
         "states"}),
    dataset_component<ParameterSweep>(
        {"org.dynkit.parameter_sweep", "1.0.0",
         "trajectories of a model at several values of a parameter, which comes along as an input",
         "E. van Tegelen et al., Neural ordinary differential equations for learning and "
         "extrapolating system dynamics across bifurcations (2025)"}))
