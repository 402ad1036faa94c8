// When a trajectory is sampled.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dynkit/model.h"
#include "dynkit/settings.hpp"

namespace dynkit::trajectories {

/// Rows of a simulation and which of them are samples: rows skipped, skipped + stride, ...
struct Grid {
  std::int64_t skipped = 0;  // rows of the burn-in
  std::int64_t samples = 0;
  std::int64_t stride = 1;       // rows from one sample to the next
  double spacing = 0.0;          // time between rows
  double burn_in_spacing = 0.0;  // and between those of the burn-in

  std::int64_t rows() const { return skipped + (samples - 1) * stride + 1; }

  /// Of the rows [rows]; 0 at the first sample.
  std::vector<double> row_times() const;
  /// Of the samples [samples].
  std::vector<double> sample_times() const;
};

/// Of the states of all rows [S,rows,n] those of the samples [S,T,n].
std::vector<double> samples_of(std::vector<double> rows, const Grid& grid, std::int64_t S,
                               std::int64_t n);

/// What the user says of it. Of `samples`, `dt` and `duration` at most two.
class Sampling {
 public:
  /// Throws Error (DK_SETTINGS).
  explicit Sampling(const Settings& settings);

  /// A flow has one row for each sample, and one for the beginning of the burn-in; a map one for
  /// each of its steps. Throws Error (DK_SETTINGS) for a `dt` or `burn_in` between the steps of a
  /// map, or a `duration` between samples.
  Grid grid(const dk_model_info& info) const;

 private:
  double sample_spacing(bool is_map, double step) const;

  std::optional<std::int64_t> samples_;
  std::optional<double> dt_, duration_;
  double burn_in_;
};

}  // namespace dynkit::trajectories
