// Who is still valid in a block of trajectories that take the same steps.
#pragma once

#include <cstdint>
#include <vector>

#include "batch.hpp"

namespace dynkit {

/// Notes the last valid time of each lane's trajectory and writes the rows of those still finite.
class Survivors {
 public:
  /// Trajectories begin.. in lanes 0..count-1.
  Survivors(const Trajectories& all, std::int64_t n, const Batch& batch, std::int64_t begin,
            std::int64_t count);

  /// x = x0, written as row 0.
  void load(double* x);

  /// Lanes whose x is not finite end here; the others are valid up to time t.
  void check(const double* x, double t);

  /// Row k of the living lanes.
  void write(const double* x, std::int64_t k);

  /// All that live end with this outcome.
  void end_all(std::int32_t outcome);

  /// Trajectories that are done, those of earlier blocks included, when the living lanes are at
  /// time t.
  double done(double t) const;

  bool any() const { return living_ > 0; }
  std::int64_t count() const { return living_; }

 private:
  void end(std::int64_t lane, std::int32_t outcome);

  const Trajectories& all_;
  std::int64_t n_;
  const Batch& batch_;
  std::int64_t begin_;
  std::int64_t living_;
  std::int64_t next_ = 0;  // row to be written
  double valid_;           // time up to which the living lanes are valid
  std::vector<char> lives_;
  std::vector<double> flaw_;
};

}  // namespace dynkit
