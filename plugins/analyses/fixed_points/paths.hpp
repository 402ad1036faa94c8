// Trajectories as curves for a picture.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "given.hpp"
#include "projection.hpp"

namespace dynkit::fixed_points {

/// Of a cloud in the k <= 3 coordinates that are shown, along each axis.
class Extents {
 public:
  explicit Extents(std::int64_t k) : k_(static_cast<std::size_t>(k)) {}

  /// rows [R,k]
  void include(std::span<const double> rows);

  /// Of a flat cloud along an axis: as the largest; of a single point: 1.
  double along(std::size_t axis) const;
  double largest() const;

  /// Largest difference of two rows [k], relative to the extents.
  double distance(const double* a, const double* b) const;

 private:
  std::size_t k_;
  std::array<double, 3> lower_{}, upper_{};
  bool is_empty_ = true;
};

/// Some of the trajectories, in the coordinates that are shown.
struct Paths {
  std::vector<double> rows;           // [R,k], one path after the other
  std::vector<std::int64_t> lengths;  // rows of each
  double mean_step = 0;               // from state to state, relative to the extents
  bool are_cut = false;               // some of them, before their end
};

/// At most 32 of the trajectories, evenly spaced among them, together about 4000 rows. Each begins
/// at its first state; states nearer to the last one drawn than a picture shows are left out, and
/// what follows a state that is not finite. Long winding ones are cut off.
Paths draw_paths(const Trajectories& trajectories, const Projection& projection,
                 const Extents& extents);

}  // namespace dynkit::fixed_points
