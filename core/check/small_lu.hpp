// Gaussian elimination with partial pivoting for the small systems of the checks.
#pragma once

#include "subject.hpp"

namespace dynkit::conformance {

struct Solution {
  Numbers x;     // [n]; empty: A is singular to rounding
  int sign = 0;  // of det A; 0: singular to rounding
};

/// A x = b with A [n,n] row-major.
Solution solve(Numbers A, Numbers b);

}  // namespace dynkit::conformance
