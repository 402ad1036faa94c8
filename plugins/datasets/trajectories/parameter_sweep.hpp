// Trajectories of one model at several values of a parameter: a family, across its bifurcations.
//
//     dx/dt = f(t, x, u; theta with theta_j = a_s)    or    x' = F(t, x, u; theta with ...)     (1)
//     inputs[s,k] = (a_s - center) / scale                                                     (2)
//
// The parameter comes with the states as an input that is constant in each trial, so that a model
// with an input learns the family. Each value is run from each initial state: trial s has value
// s / I and initial state s mod I. Values outside of `train_range` are for testing: what a fitted
// family does there is extrapolation.
//
// As in E. van Tegelen et al., "Neural ordinary differential equations for learning and
// extrapolating system dynamics across bifurcations" (2025).
//
//   V values   I initial states   S = V I trials   T times   n state
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "outcomes.hpp"
#include "sampling.hpp"

namespace dynkit::trajectories {

class ParameterSweep {
 public:
  static constexpr dk_setting kSettings[] = {
      model_setting("model", "the system, { component = \"...\", ... }; left out: the run's model",
                    DK_OPTIONAL),
      text_setting(
          "parameter", "", nullptr,
          "name of a parameter of one number, or of an input; empty: the first parameter of "
          "one number"),
      numbers_setting("values", nullptr, -kUnbounded, kUnbounded, "values of the parameter"),
      array_setting("initial",
                    "initial states [n] or [count,n]; left out: typical states of the model",
                    DK_OPTIONAL),
      integer_setting("starts", "1", 1, 1e9, "number of typical initial states"),
      array_setting("input", "constant input [m] of the model; left out: zero", DK_OPTIONAL),
      integer_setting("samples", nullptr, 1, 1e12,
                      "times in each, the initial state included; left out: 1000, or by duration",
                      DK_OPTIONAL),
      number_setting("dt", nullptr, 0, kUnbounded,
                     "time between samples; left out: by duration, else 0.01 for flows and one "
                     "step for maps",
                     DK_OPTIONAL),
      number_setting("duration", nullptr, 0, kUnbounded,
                     "time of the last sample, in place of samples or dt", DK_OPTIONAL),
      number_setting("burn_in", "0", 0, kUnbounded, "time that is simulated first and left out"),
      text_setting("method", "", nullptr,
                   "integrator of a flow, tsit5 dop853 rk4 adams bdf arkode; empty: chosen"),
      number_setting("rtol", "1e-8", 1e-14, 1, "relative tolerance of a flow"),
      number_setting("atol", "1e-10", 0, kUnbounded, "absolute tolerance of a flow"),
      number_setting("center", "0", -kUnbounded, kUnbounded, "inputs are (value - center) / scale"),
      number_setting("scale", "1", 0, kUnbounded, "see center; above 0"),
      numbers_setting("train_range", "[]", -kUnbounded, kUnbounded,
                      "[lowest, highest] value for training, others are for testing; empty: all"),
      numbers_setting("validation_values", "[]", -kUnbounded, kUnbounded, "values for validation"),
  };

  ParameterSweep(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  struct Family;  // the system, and where in it the parameter is

  Family choose_family(const dk_job& job) const;
  std::vector<double> initial_states(const dk_job& job, const dk_system& system) const;  // [I,n]
  void run(const dk_job& job, const Family& family, const Grid& grid, const double* initial,
           std::vector<double>& rows, Outcomes& outcomes) const;
  std::vector<std::int64_t> split_of(std::int64_t starts) const;

  const dk_system* system_;
  std::string parameter_;
  std::vector<double> values_;
  NumberArray initial_, input_;
  std::int64_t starts_;
  Sampling sampling_;
  std::string method_;
  double rtol_, atol_, center_, scale_;
  std::vector<double> train_range_, validation_values_;
};

}  // namespace dynkit::trajectories
