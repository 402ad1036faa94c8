// One step of a batch of trajectories, x' = Phi(x), and its transpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dynkit/core/butcher.hpp"
#include "operations.hpp"

namespace dynkit::training {

/// Where a step is taken: t [S], h [S] and the inputs u [S,m], NULL: none. A flow's row with h = 0
/// stays where it is.
template <class Number>
struct StepPoint {
  const double* t;
  const double* h;
  const Number* u;
};

/// A step of S rows. One object is used by one thread at a time.
template <class Number>
class Transition {
 public:
  Transition() = default;
  virtual ~Transition() = default;
  Transition(const Transition&) = delete;
  Transition& operator=(const Transition&) = delete;

  /// Bytes of the tape of one step, a multiple of 64.
  virtual std::int64_t tape_size() const = 0;

  /// x_next = Phi(x) [S,n]. `tape`: NULL, or 64-byte aligned.
  virtual void forward(const StepPoint<Number>& point, const Number* x, Number* x_next,
                       std::byte* tape) = 0;

  /// x_bar [S,n] holds the cotangent of x_next and becomes that of x; theta_bar [p] accumulates.
  /// `tape` is what `forward` left at the same point.
  virtual void backward(const StepPoint<Number>& point, const Number* x, std::byte* tape,
                        Number* x_bar, Number* theta_bar) = 0;
};

/// x' = F(t, h, x, u).
template <class Number>
std::unique_ptr<Transition<Number>> map_transition(const Operations<Number>& map, std::int64_t S);

/// A step of an explicit Runge-Kutta method for dx/dt = f(t, x, u):
///
///     k_i = f(t + c_i h, X_i),   X_i = x + h sum_j<i a_ij k_j,   x' = x + h sum_i b_i k_i      (1)
///
/// and its transpose, exact for the steps that were taken (E. Hairer, C. Lubich and G. Wanner,
/// "Geometric Numerical Integration", section VI.9; J. M. Sanz-Serna, SIAM Review 58, 3 (2016)):
///
///     k_i_bar = h (b_i x'_bar + sum_j>i a_ji X_j_bar),   X_i_bar = (df/dx)_i^T k_i_bar,
///     theta_bar += (df/dtheta)_i^T k_i_bar,   x_bar = x'_bar + sum_i X_i_bar                   (2)
template <class Number>
class RungeKutta : public Transition<Number> {
 public:
  RungeKutta(const Operations<Number>& field, const ButcherTableau& tableau, std::int64_t S);
  ~RungeKutta() override;

  std::int64_t tape_size() const override;
  void forward(const StepPoint<Number>& point, const Number* x, Number* x_next,
               std::byte* tape) override;
  void backward(const StepPoint<Number>& point, const Number* x, std::byte* tape, Number* x_bar,
                Number* theta_bar) override;

  /// Of the last `forward`: h sum_j weights_j k_j [S,n], weights [s+1], where k_s is the stage at
  /// x_next.
  void sum_stages(const StepPoint<Number>& point, const Number* x_next,
                  const std::vector<double>& weights, Number* sum);

 private:
  struct Buffers;

  Number* stage(int i) const;
  Points<Number> points_at(const StepPoint<Number>& point, double c, const Number* x,
                           std::byte* tape);

  const Operations<Number>& field_;
  ButcherTableau tableau_;
  std::int64_t S_, n_;
  std::int64_t state_bytes_, stage_bytes_;  // of a tape: X_i, and with what the model leaves
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace dynkit::training
