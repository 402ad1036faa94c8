// States between the ends of accepted steps.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "batch.hpp"
#include "explicit/tableau.hpp"
#include "poll.hpp"

namespace dynkit {

/// A step of every lane of a batch: from x at times t with lengths h, and its stages.
struct BatchStep {
  const double* t;
  const double* h;
  const double* x;
  double* const* stages;
};

/// Evaluates the interpolant of steps.
class DenseOutput {
 public:
  /// For batches with this many lanes in this layout.
  DenseOutput(const FieldInfo& info, bool columns, const Tableau& tableau, std::int64_t lanes);

  /// Makes the interpolants of the wanted lanes of `from`, of which the first `active` are in use.
  /// False: stopped on the way.
  [[nodiscard]] bool prepare(VectorField& field, Batch& from, std::int64_t active,
                             const std::vector<std::int64_t>& wanted, const BatchStep& step,
                             Poll& poll);

  /// row [n] = x(t + theta h) of lane wanted[index].
  void interpolate(std::int64_t index, double theta, double* row) const;

  std::int64_t evaluations() const { return batch_.evaluations(); }

 private:
  void gather(const Batch& from, const std::vector<std::int64_t>& wanted, const BatchStep& step);

  const Tableau& tableau_;
  std::int64_t n_;
  Batch batch_;
  std::array<double*, kMaxStages> own_stages_{};
  std::array<double*, kMaxDense> q_{};
  double* own_x_;
  double* argument_;
  std::vector<int> used_;            // stages of the step that the interpolant reads
  std::vector<double> t_, h_;        // of gathered lanes
  std::vector<std::int64_t> place_;  // of the wanted lanes
  const double* x_ = nullptr;        // of the places
  const double* steps_ = nullptr;
};

}  // namespace dynkit
