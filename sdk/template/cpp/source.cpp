// Two populations of neurons that inhibit each other: the stronger one wins.
//
//     tau dr_1/dt = -r_1 + s(w r_1 - g r_2 + b + u_1),   1 and 2 swapped for r_2
//     s(a) = 1 / (1 + exp(-a))
#include "dynkit/differentiable_model.hpp"

struct @Name@ {
  static constexpr dynkit::StateVariable kStates[] = {{"r_1", 0, 1}, {"r_2", 0, 1}};
  static constexpr const char* kInputs[] = {"u_1", "u_2"};
  static constexpr dynkit::Parameter kParameters[] = {{"w", 4, "excitation of itself"},
                                                      {"g", 8, "inhibition of the other"},
                                                      {"b", 2, "drive without input"},
                                                      {"tau", 1, "time constant", 1e-3, 1e3}};

  template <class S>
  void dynamics(const S* r, const S* u, const S* theta, S* dr) const {
    using namespace dynkit::math;
    const auto &w = theta[0], &g = theta[1], &b = theta[2], &tau = theta[3];
    dr[0] = (sigmoid(w * r[0] - g * r[1] + b + u[0]) - r[0]) / tau;
    dr[1] = (sigmoid(w * r[1] - g * r[0] + b + u[1]) - r[1]) / tau;
  }

  // Rates between 0 and 1 stay there, so fixed points elsewhere are artefacts.
  void box(const double*, double* lower, double* upper) const {
    lower[0] = lower[1] = 0;
    upper[0] = upper[1] = 1;
  }
};

DYNKIT_PLUGIN(dynkit::differentiable_component<@Name@>(
    {"@id@", "1.0.0",
     "Two populations in competition: tau r_1' = -r_1 + s(w r_1 - g r_2 + b)"}))
