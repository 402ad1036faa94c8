// The rest equation of a model with its parameters, for one constant input.
//
//     map    r(x) = F^k(x, u) - x        flow    r(x) = f(x, u)                                 (1)
//
// or, for period k = 1, the model's balanced residual of the same roots (dynkit/balance.h). Solved
// in z = x / s, r_z = r / s, with the typical magnitudes s of the state, where the model states
// them: tolerances then mean the same for millivolts and for gating variables. Signs of
// determinants are those of (1).
//
//   x [n] state     u [m] input     s [n] scale     k period
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynkit/system.h"
#include "rest_equation.hpp"

namespace dynkit::fixed_points {

enum class Form {
  best,  // the model's balanced residual where it has one
  plain  // (1)
};

class SystemEquation final : public RestEquation {
 public:
  /// `input` [m], kept. `scale` [n] or empty: none.
  SystemEquation(const dk_system& system, std::span<const double> input, std::int64_t period,
                 Form form, std::vector<double> scale);

  std::int64_t size() const override { return system_.info->n; }
  void residual(std::span<const double> z, std::span<double> r) const override;
  void linearized(std::span<const double> z, std::span<double> r,
                  std::span<double> J) const override;

  /// F(x) of a map, without scaling.
  void step(std::span<const double> x, std::span<double> next) const;

 private:
  using Call = dk_status (*)(const dk_system*, const dk_points*, const dk_output*, dk_error*);
  dk_points points(const double* x) const;
  void evaluate(Call call, const double* x, std::span<double> out) const;
  void differentiate(const double* x, std::span<double> J) const;
  void iterate(std::span<const double> x, std::span<double> r, std::span<double> J) const;
  void unscaled(std::span<const double> x, std::span<double> r, std::span<double> J) const;
  void apply(std::span<const double> z, std::span<double> r, std::span<double> J) const;

  const dk_system& system_;
  std::vector<double> input_;
  std::int64_t period_;
  Form form_;
  std::vector<double> scale_;
};

/// The typical magnitudes of the state, or empty where the model states none.
std::vector<double> state_scale(const dk_system& system);

}  // namespace dynkit::fixed_points
