#include <fmt/format.h>

#include "dynkit/core/integrate.hpp"
#include "explicit/adaptive.hpp"
#include "field.hpp"
#include "sundials/solver.hpp"

namespace dynkit {

IntegrationCounts simulate_flow(VectorField& field, const IntegrationOptions& options,
                                const Trajectories& trajectories) {
  check_trajectories(trajectories);
  check_options(options);
  switch (options.method) {
    case Method::rk4:
      return run_fixed(field, rk4_tableau(), options, trajectories);
    case Method::tsit5:
    case Method::dop853: {
      const Tableau& tableau = tableau_of(options.method);
      return options.adaptive ? run_adaptive(field, tableau, options, trajectories)
                              : run_fixed(field, tableau, options, trajectories);
    }
    case Method::adams:
    case Method::bdf:
    case Method::erk:
    case Method::dirk:
      return run_sundials(field, options, trajectories);
    case Method::euler_maruyama:
    case Method::heun:
      break;
    case Method::baoab:
      throw Error(DK_UNSUPPORTED, "method 'baoab' needs a second-order system");
  }
  throw Error(DK_UNSUPPORTED, fmt::format("method '{}' is for noise: use another one without it",
                                          method_name(options.method)));
}

}  // namespace dynkit
