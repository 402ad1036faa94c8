// Trajectories of any model.
//
//     states[s,k] = x_s(t_k),   t_k = k dt,   after a burn-in;   observations = states + sigma xi
//
//   S trials   T times   n state   m input   xi ~ N(0, I)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "outcomes.hpp"
#include "sampling.hpp"

namespace dynkit::trajectories {

class Trajectories {
 public:
  static constexpr dk_setting kSettings[] = {
      model_setting("model", "the system, { component = \"...\", ... }; left out: the run's model",
                    DK_OPTIONAL),
      integer_setting("trials", "1", 1, 1e9, "number of trajectories"),
      integer_setting("samples", nullptr, 1, 1e12,
                      "times in each, the initial state included; left out: 1000, or by duration",
                      DK_OPTIONAL),
      number_setting(
          "dt", nullptr, 0, kUnbounded,
          "time between samples; left out: by duration, else 0.01 for flows and one step "
          "for maps",
          DK_OPTIONAL),
      number_setting("duration", nullptr, 0, kUnbounded,
                     "time of the last sample, in place of samples or dt", DK_OPTIONAL),
      number_setting("burn_in", "0", 0, kUnbounded, "time that is simulated first and left out"),
      array_setting("initial",
                    "initial states [n] or [trials,n]; left out: the model's typical states",
                    DK_OPTIONAL),
      number_setting("spread", "0", 0, kUnbounded,
                     "standard deviation of noise on the initial states"),
      array_setting("input", "constant input [m], [trials,m], or [trials,samples,m]", DK_OPTIONAL),
      boolean_setting("noise", "false", "whether the model's own noise drives it"),
      number_setting("observation_noise", "0", 0, kUnbounded,
                     "standard deviation of noise on the observations"),
      text_setting("method", "", nullptr,
                   "integrator of a flow, tsit5 dop853 rk4 adams bdf arkode euler_maruyama heun "
                   "baoab; empty: chosen"),
      number_setting("rtol", nullptr, 0, 1, "relative tolerance of a flow; left out or 0: 1e-6",
                     DK_OPTIONAL),
      number_setting("atol", nullptr, 0, kUnbounded,
                     "absolute tolerance of a flow; left out or 0: 1e-9", DK_OPTIONAL),
      number_setting("step", nullptr, 0, kUnbounded,
                     "of a flow, step of the fixed-step methods; left out: chosen", DK_OPTIONAL),
      number_setting("validation", "0.2", 0, 1, "share of the trials for validation"),
      number_setting("test", "0", 0, 1, "share of the trials for testing"),
  };

  Trajectories(const dk_host& host, const Settings& settings);
  void generate(const dk_job& job) const;

 private:
  const dk_system& choose_system(const dk_job& job) const;
  std::vector<double> initial_states(const dk_job& job, const dk_system& system) const;
  std::vector<double> input_of(const dk_system& system, std::int64_t samples) const;
  std::vector<double> simulate(const dk_job& job, const dk_system& system, const Grid& grid,
                               const std::vector<double>& inputs, Outcomes& outcomes) const;
  void put_observations(const dk_job& job, const std::vector<double>& states, std::int64_t samples,
                        std::int64_t n) const;
  void put_split(const Sink& sink) const;

  const dk_system* system_;
  std::int64_t trials_;
  Sampling sampling_;
  double spread_, observation_noise_, rtol_, atol_, step_, validation_, test_;
  bool noise_;
  std::string method_;
  std::string for_flows_;  // a given setting that only flows take, or empty
  NumberArray initial_, input_;
};

}  // namespace dynkit::trajectories
