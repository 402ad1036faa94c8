// The linear map that a linear flow dx/dt = J x amounts to over a time dt.
//
//     euler   M = I + dt J          mu = 1 + dt lambda
//     expm    M = exp(dt J)         mu = exp(dt lambda)
//
// The exponential is exact for the linear flow; Euler's map is what papers compare with the
// multipliers of recurrent networks. exp by scaling, squaring and Pade approximation: N. J. Higham,
// "The scaling and squaring method for the matrix exponential revisited", SIAM J. Matrix Anal.
// Appl. 26, 1179 (2005), as Eigen provides it.
#pragma once

#include <complex>
#include <cstdint>

namespace dynkit::linearization {

enum class TimeMap { none, euler, expm };

/// "I + dt J" or "expm(dt J)".
const char* formula(TimeMap map);

std::complex<double> multiplier(TimeMap map, double dt, std::complex<double> lambda);

/// M [n,n] of J [n,n], both row-major.
void make_time_map(TimeMap map, double dt, std::int64_t n, const double* J, double* M);

}  // namespace dynkit::linearization
