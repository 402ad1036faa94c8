#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace dynkit::fixed_points {

/// What the eigenvalues of the Jacobian say of a point: maps compare |lambda| with 1, flows the
/// real part with 0.
enum class Kind {
  stable,         // all directions
  saddle,         // some stable, some unstable
  unstable,       // none stable
  nonhyperbolic,  // an eigenvalue on the border: linearization does not decide
};
const char* describe(Kind kind);

struct Stability {
  Kind kind = Kind::nonhyperbolic;
  std::int64_t unstable = -1;                 // directions; -1: the eigenvalues could not be found
  std::vector<std::complex<double>> growing;  // fastest first, of a pair the one above the axis
};

/// J [n,n] = dF/dx or df/dx. An eigenvalue is on the border where | |lambda| - 1 |, or of a flow
/// |Re lambda| over the norm of J, is at most `tolerance`. O(n^3), about ten times an LU
/// factorization.
Stability classify(std::span<const double> J, std::int64_t n, bool map, double tolerance);

}  // namespace dynkit::fixed_points
