// The analysis: what it is told, what it accepts, and the run over its inputs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/component.hpp"
#include "given.hpp"
#include "points.hpp"
#include "report.hpp"
#include "search.hpp"

namespace dynkit::fixed_points {

inline constexpr const char* kSolvers[] = {"newton", "ceres", nullptr};

class FixedPoints {
 public:
  static constexpr dk_setting kSettings[] = {
      array_setting("starts",
                    "states to start from [S,n], or trajectories [S,T,n]; left out: the states of "
                    "the run's data, else typical states of the model",
                    DK_OPTIONAL),
      array_setting("input", "constant input [m], or several [U,m]; left out: zero", DK_OPTIONAL),
      integer_setting("period", "1", 1, 1024, "of a map: fixed points of F applied so many times"),
      text_setting("solver", "newton", kSolvers,
                   "newton, with Levenberg-Marquardt and Ceres for what it leaves; or ceres for "
                   "every start, the slow second opinion"),
      numbers_setting("noise", "[0.3, 0.5, 1.0]", 0, kUnbounded,
                      "standard deviations of the noise on starts, in units of the given states' "
                      "spread"),
      integer_setting("first_starts", "64", 0, 1e9, "starts from the given states themselves"),
      integer_setting("max_starts", "1000000", 1, 1e12,
                      "starts for each input, at most; those for shorter periods apart"),
      integer_setting("max_points", "20000", 1, 1e8, "points for each input, at most"),
      integer_setting("quiet_starts", "200", 1, 1e9,
                      "stop rule: converged starts in a row that found nothing new, at least"),
      integer_setting("quiet_per_point", "8", 0, 1e6,
                      "stop rule: and at least this many for each point found"),
      integer_setting("min_hits", "3", 1, 1e6, "stop rule: starts that reached each point"),
      integer_setting("patience", "8", 1, 1e6,
                      "how many times as long to search where points lack hits or the index sum is "
                      "not +1"),
      number_setting("tolerance", "1e-10", 0, 1,
                     "largest residual of a point, relative to |J| (1 + max |x_i|); above 0"),
      number_setting("merge_tolerance", "1e-6", 0, 1,
                     "points closer than this, relative to 1 + max |x_i|, are one unless Newton's "
                     "iteration tells them apart"),
      number_setting("hyperbolic_tolerance", "1e-6", 0, 1,
                     "eigenvalues this near the border of stability count as on it"),
      boolean_setting("slow_points", "true", "whether to look for slow points"),
      number_setting("slow_threshold", "1e-3", 0, kUnbounded, "largest q of a slow point"),
      integer_setting("slow_starts", "16", 0, 1e9,
                      "given states to descend from in search of slow points"),
  };

  FixedPoints(const dk_host& host, const Settings& settings);

  /// Throws Error where there is nothing to find, or the arrays do not fit the model.
  void accepts(const dk_job& job) const;
  void run(const dk_job& job) const;

 private:
  struct Task;

  void accept_arrays(const dk_model_info& info) const;
  std::vector<double> given_states(const dk_job& job) const;
  std::vector<std::vector<double>> inputs(const dk_system& system) const;
  SearchResult search(const Task& task, std::span<const double> input, std::int64_t index,
                      std::vector<double> seeds) const;
  SearchResult search_period(const Task& task, std::span<const double> input, std::int64_t index,
                             std::int64_t period, const std::vector<double>& seeds) const;
  void find_slow(const Task& task, std::span<const double> input, std::int64_t index,
                 const std::vector<double>& minima, Report& report) const;
  Surroundings surroundings(const Task& task) const;

  NumberArray starts_, input_;
  std::int64_t period_;
  SearchOptions search_;
  PointOptions points_;
  bool slow_points_;
  double slow_threshold_;
  std::int64_t slow_starts_;
};

}  // namespace dynkit::fixed_points
