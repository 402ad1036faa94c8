// A loss of trajectories, and its gradient by the transposed steps.
//
// Trajectories x_0 .. x_T-1 at times t_k give the loss L = sum_k L_k(x_k). With J_k the derivative
// of all steps from t_k to t_k+1,
//
//     x_k_bar = dL_k/dx_k + J_k^T x_k+1_bar,      theta_bar += (dx_k+1/dtheta)^T x_k+1_bar      (1)
//
// which is backpropagation through time for maps (P. J. Werbos, Proc. IEEE 78, 1550 (1990)) and the
// discrete adjoint for flows: exact for the steps that were taken, which are held fixed.
//
// Going back needs the states in reverse. Where all states and tapes fit they are kept; else the
// steps are run again from checkpoints, set where a given number of them saves most (A. Griewank,
// Optimization Methods and Software 1, 35 (1992)), so that memory does not grow with the number of
// steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "operations.hpp"

namespace dynkit::training {

/// S trajectories, time before sample, so that the rows of a time are dense.
template <class Number>
struct RolloutData {
  std::int64_t T = 0;
  const double* times = nullptr;   // [T] increasing
  const Number* x0 = nullptr;      // [S,n]
  const Number* inputs = nullptr;  // [T,S,m], held from t_k to t_k+1; NULL: none

  /// After it was observed x_k goes on as (1 - alpha_k) x_k + alpha_k d_k: teacher forcing.
  const double* forcing = nullptr;  // [T] alpha_k in [0,1]; NULL: a free run
  const Number* teacher = nullptr;  // d [T,S,n]
};

/// The terms L_k of a loss.
template <class Number>
class Observer {
 public:
  virtual ~Observer() = default;

  /// L_k of the states x [S,n]; unless x_bar is NULL adds dL_k/dx to it. A loss asks once for each
  /// time from the first to the last, a gradient from the last to the first.
  virtual double observe(std::int64_t k, const Number* x, Number* x_bar) = 0;
};

/// What a gradient is asked for.
template <class Number>
struct RolloutGradient {
  Number* theta = nullptr;    // [p], accumulates
  Number* x0 = nullptr;       // [S,n], written; NULL: not wanted
  Number* teacher = nullptr;  // [T,S,n], written; NULL: not wanted
};

struct RolloutOptions {
  /// Of a flow: rk4, tsit5 or dop853 with equal steps (of at most `step`, 0: one from time to time)
  /// or, the last two, adaptive ones. A row that cannot be continued is NaN from there on.
  IntegrationOptions integration;
  /// States kept for going back, at least 1; 0: as many as `memory` bytes hold.
  std::int64_t checkpoints = 0;
  std::int64_t memory = std::int64_t{64} << 20;
};

/// A loss of trajectories and its gradient, however they come about. One object is used by one
/// thread at a time.
template <class Number>
class DifferentiableRollout {
 public:
  virtual ~DifferentiableRollout() = default;

  /// L. A row that cannot be continued is NaN from there on.
  virtual double loss(const RolloutData<Number>& data, Observer<Number>& observer) = 0;

  /// L and its gradient. Calls the model's eval and vjp only.
  virtual double gradient(const RolloutData<Number>& data, Observer<Number>& observer,
                          const RolloutGradient<Number>& gradient) = 0;
};

/// S trajectories of a map or flow by the transposed steps. Nothing is allocated once it has met
/// the largest T.
template <class Number>
class Rollout : public DifferentiableRollout<Number> {
 public:
  /// `model` must outlive it. time_kind: DK_MAP, DK_FLOW. Throws Error (DK_INVALID_ARGUMENT) for a
  /// method that has no transpose here.
  Rollout(const Operations<Number>& model, std::int32_t time_kind, std::int64_t S,
          const RolloutOptions& options);
  ~Rollout() override;

  double loss(const RolloutData<Number>& data, Observer<Number>& observer) override;
  double gradient(const RolloutData<Number>& data, Observer<Number>& observer,
                  const RolloutGradient<Number>& gradient) override;

  /// Steps of the last loss or gradient, and how often one was run forwards.
  std::int64_t steps() const;
  std::int64_t forward_steps() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dynkit::training
