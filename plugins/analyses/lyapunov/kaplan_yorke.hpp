// Kaplan-Yorke dimension of an attractor from its Lyapunov exponents.
//
//     D = j + (lambda_1 + ... + lambda_j) / |lambda_{j+1}|                                      (1)
//
// with the largest j for which the sum is not negative. J. L. Kaplan and J. A. Yorke, "Chaotic
// behavior of multidimensional difference equations", Lecture Notes in Mathematics 730, 204 (1979).
#pragma once

#include <cstdint>
#include <vector>

namespace dynkit::lyapunov {

struct Dimension {
  double value = 0.0;           // NaN: the exponents at hand do not reach a negative sum
  std::vector<double> weights;  // [K] dD / dlambda_i, for the propagation of errors
};

/// lambda [K] in descending order, of a system with n states; -infinity is allowed. A largest
/// exponent within +-zero of 0 counts as 0, since D jumps from 1 to 0 there. If all n exponents
/// together do not have a negative sum, D = n.
Dimension kaplan_yorke(const std::vector<double>& lambda, std::int64_t n, double zero);

}  // namespace dynkit::lyapunov
