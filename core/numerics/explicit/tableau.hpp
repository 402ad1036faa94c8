// Explicit Runge-Kutta methods as data:
//
//     k_i = f(t + c_i h, x + h sum_j<i a_ij k_j),    x_new = x + h sum_j b_j k_j
//
// The stages of a step come first, then row `step_stages`, which is b: its argument is x_new, so
// its stage is the first one of the next step. Further rows serve dense output only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "kernels/kernels.hpp"

namespace dynkit {

inline constexpr int kMaxStages = 16;
inline constexpr int kMaxDense = 7;  // terms of dense output

/// The terms of a linear combination of stages that are not zero.
struct SparseRow {
  int count = 0;
  std::array<double, kMaxTerms> weight{};
  std::array<int, kMaxTerms> stage{};
};

struct Tableau {
  int step_stages = 0;  // s
  int all_stages = 0;   // with the one at x_new and those of dense output
  int order = 0;
  std::array<double, kMaxStages> c{};
  std::array<SparseRow, kMaxStages> a{};  // a[s] is b

  /// Errors: x_new minus the embedded solutions, divided by h. count 0: none.
  SparseRow error, error2;
  Controller controller;

  /// Dense output: with q_i = sum_j dense[i]_j k_j,
  ///     x(t + theta h) = x + h theta (q_0 + g_1 (q_1 + g_2 (q_2 + ...))),
  /// where g_i is theta, or, if alternating, 1 - theta for odd i.
  int dense_terms = 0;
  bool dense_alternates = false;
  std::array<SparseRow, kMaxDense> dense{};

  const SparseRow& b() const { return a[static_cast<std::size_t>(step_stages)]; }
};

const Tableau& rk4_tableau();
const Tableau& tsit5_tableau();
const Tableau& dop853_tableau();

/// rk4, tsit5 or dop853.
const Tableau& tableau_of(Method method);

/// Drops the zeros of a dense row.
SparseRow sparse_row(const std::vector<double>& dense);

/// A controller with safety factor 0.9; `shrink` and `grow` are the limits of the factor.
Controller make_controller(double exponent, double memory, double shrink, double grow,
                           double second);

}  // namespace dynkit
