// A loss of trajectories of a flow, and its gradient by the continuous adjoint.
//
// As Rollout<double>, with the adjoint differential equation in place of the
// transposed steps (dynkit/core/adjoint.hpp). Trajectories are solved by SUNDIALS one after the
// other, with the steps that each one needs, stiff ones by bdf. The gradient is that of the exact
// solution up to the tolerance, and not that of the printed loss to rounding.
#pragma once

#include <cstdint>
#include <memory>

#include "rollout.hpp"

namespace dynkit::training {

/// S trajectories of a flow. The solver restarts where an input changes and where a teacher moves
/// the state; each such piece is solved again on the way back. Memory is two arrays [T,S,n] and
/// what the solver keeps of one piece. One object is used by one thread at a time.
class ContinuousRollout : public DifferentiableRollout<double> {
 public:
  /// `model` must outlive it. Of the options `integration` (adams or bdf; max_steps: of a piece)
  /// and `memory` (states between two checkpoints of the solver) matter. Throws Error
  /// (DK_UNSUPPORTED) for other methods.
  ContinuousRollout(const Operations<double>& model, std::int64_t S, const RolloutOptions& options);
  ~ContinuousRollout() override;

  double loss(const RolloutData<double>& data, Observer<double>& observer) override;

  /// NaN where the adjoint of a row could not be followed.
  double gradient(const RolloutData<double>& data, Observer<double>& observer,
                  const RolloutGradient<double>& gradient) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dynkit::training
