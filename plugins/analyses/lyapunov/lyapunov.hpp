// Lyapunov spectrum of a map or a flow along one orbit (orbit.hpp), with standard errors from batch
// means (growth_record.hpp).
//
//     lambda_k = lim (1/T) sum over intervals of log r_k                                        (1)
//
// After a burn-in, in which state and tangents settle, the orbit is followed for `length`, and on
// until every standard error is below `target_error` or the length reaches `max_length`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "growth_record.hpp"
#include "orbit.hpp"
#include "volume_rate.hpp"

namespace dynkit::lyapunov {

class Lyapunov {
 public:
  static constexpr const char* kMethods[] = {"auto",  "rk4", "tsit5", "dop853",
                                             "adams", "bdf", nullptr};

  static constexpr dk_setting kSettings[] = {
      integer_setting("exponents", "0", 0, 1e6, "how many, the largest first; 0: all n"),
      array_setting("initial", "initial state [n]; left out: a typical state of the model",
                    DK_OPTIONAL),
      array_setting("input", "constant input [m]; left out: zero", DK_OPTIONAL),
      number_setting("length", "1000", 1e-300, kUnbounded,
                     "time (flows) or steps (maps) to average over, after the burn-in"),
      number_setting("burn_in", nullptr, 0, kUnbounded,
                     "time or steps before that; left out: a tenth of length", DK_OPTIONAL),
      number_setting("target_error", "0", 0, kUnbounded,
                     "go on until every standard error is below this; 0: stop after length"),
      number_setting("max_length", "0", 0, kUnbounded,
                     "but not beyond this time or number of steps; 0: 100 times length"),
      number_setting("qr_interval", "0", 0, kUnbounded,
                     "time or steps between orthonormalizations; 0: as the tangents allow"),
      text_setting("method", "auto", kMethods, "integrator of flows; auto: dop853"),
      number_setting("rtol", "1e-5", 0, 1, "relative tolerance of the integrator"),
      number_setting("atol", "1e-9", 0, kUnbounded, "absolute tolerance of the integrator"),
      number_setting("step", "0", 0, kUnbounded,
                     "step of rk4, first step of the others; 0: chosen"),
  };

  Lyapunov(const dk_host& host, const Settings& settings);

  /// Throws Error where the settings do not fit the system.
  void accepts(const dk_job& job) const;

  /// Throws Error (DK_CANCELLED) after what was found so far has been put.
  void run(const dk_job& job) const;

 private:
  struct Plan;

  Plan make_plan(const dk_system& system) const;
  Orbit make_orbit(const dk_job& job, const Plan& plan) const;
  std::string follow(const dk_job& job, const Plan& plan, Orbit& orbit, VolumeRate& volume,
                     GrowthRecord& record) const;
  double largest_error(const GrowthRecord& record, std::int64_t K) const;
  std::string verdict(const GrowthRecord& record, const Orbit& orbit, const VolumeRate& volume,
                      const Plan& plan) const;

  std::int64_t exponents_;
  NumberArray initial_, input_;
  double length_, burn_in_, target_error_, max_length_, qr_interval_;
  std::string method_;
  double rtol_, atol_, step_;
};

}  // namespace dynkit::lyapunov
