// Linearization of a system at given points.
//
//     J = dF/dx,     B = dF/du     at (t, x_p, u_p)                                             (1)
//
// and what follows from it: the spectrum of J (spectrum.hpp), the kind of each point and its times
// (stability.hpp), how inputs drive its modes (L^H B), and for flows the linear map over a time
// step (time_map.hpp). Points are independent and run in parallel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/job.hpp"
#include "dynkit/settings.hpp"
#include "results.hpp"

namespace dynkit::linearization {

class Linearization {
 public:
  static constexpr const char* kMaps[] = {"none", "euler", "expm", nullptr};

  static constexpr dk_setting kSettings[] = {
      array_setting("points", "where to linearize [P,n], such as fixed_points/x, or one point [n]"),
      array_setting("input",
                    "constant input: [m] for all points, [P,m] one each, or [U,m] with input_index",
                    DK_OPTIONAL),
      array_setting("input_index",
                    "row of `input` for each point [P], such as fixed_points/input_index",
                    DK_OPTIONAL),
      number_setting("time", "0", -kUnbounded, kUnbounded,
                     "time of the Jacobian, for systems that depend on it"),
      number_setting(
          "tolerance", "1e-6", 0.0, 1.0,
          "neutral: ||lambda| - 1| (maps) or |Re lambda| / max |lambda| (flows) at most"),
      text_setting("map", "none", kMaps,
                   "flows: also the linear map over dt, I + dt J (euler) or exp(dt J) (expm)"),
      number_setting("dt", nullptr, 0.0, kUnbounded, "time step of that map", DK_OPTIONAL),
      boolean_setting("matrices", "true", "put Jacobians and eigenvectors, P n^2 numbers each"),
  };

  Linearization(const dk_host& host, const Settings& settings);

  /// Throws Error where the settings do not fit the system.
  void accepts(const dk_job& job) const;

  /// Throws Error (DK_CANCELLED) after the points that were done have been put.
  void run(const dk_job& job) const;

 private:
  struct Worker;

  std::int64_t row_count() const { return points_.shape.size() == 1 ? 1 : points_.shape[0]; }
  void check_input(const dk_model_info& info) const;
  std::span<const double> input_of(std::int64_t point, std::int64_t m) const;
  void differentiate(const dk_system& system, std::int64_t begin, std::int64_t end,
                     Worker& worker) const;
  void differentiate_once(const dk_system& system, std::int64_t begin, std::int64_t first,
                          std::int64_t count, Worker& worker) const;
  void linearize(std::int64_t begin, std::int64_t end, Worker& worker, Results& results) const;
  void run_points(const dk_job& job, const dk_system& system, Results& results) const;

  NumberArray points_, input_, input_index_;
  double time_, tolerance_, dt_;
  TimeMap map_;
  bool with_matrices_;
};

}  // namespace dynkit::linearization
