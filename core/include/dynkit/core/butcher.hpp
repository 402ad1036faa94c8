#pragma once

#include <cstddef>
#include <vector>

#include "dynkit/core/integrate.hpp"

namespace dynkit {

/// An explicit Runge-Kutta method of s stages:
///
///     k_i = f(t + c_i h, x + h sum_j<i a_ij k_j),    x_new = x + h sum_j b_j k_j
struct ButcherTableau {
  int stages = 0;  // s
  int order = 0;
  std::vector<double> a;  // [s,s], below the diagonal
  std::vector<double> b;  // [s]
  std::vector<double> c;  // [s]

  /// x_new less an embedded solution is h sum_j error_j k_j, where k_s is the stage at x_new;
  /// [s+1]. error2 likewise, of another embedded solution. Empty: there is none.
  std::vector<double> error, error2;

  /// With root mean squares e1 and e2 of the two, 1 = just tolerated, the error of a step is
  ///     e = e1^2 / sqrt(e1^2 + second e2^2),
  /// and after an error e0 before it the next step is 0.9 h e^-exponent e0^memory, within the
  /// limits shrink and grow of its change.
  double second = 0.0, exponent = 0.0, memory = 0.0, shrink = 1.0, grow = 1.0;

  double weight(int i, int j) const {
    const auto row = static_cast<std::size_t>(i), width = static_cast<std::size_t>(stages);
    return a[row * width + static_cast<std::size_t>(j)];
  }
};

/// Of rk4, tsit5 or dop853. Throws Error (DK_INVALID_ARGUMENT) for another method.
ButcherTableau butcher_tableau(Method method);

}  // namespace dynkit
