#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace dynkit::fixed_points {

inline constexpr std::size_t kMostDirections = 4;

/// Unit vectors [D,n], D <= kMostDirections, that span the eigenspaces of J [n,n] to the first of
/// `eigenvalues` (of a pair the one above the real axis): of a real one its eigenvector, of a pair
/// real and imaginary part of one, turned such that they are orthogonal. A pair that does not fit
/// ends the list; where J lacks an eigenvector there is none. About an LU factorization each, of a
/// pair eight.
std::vector<double> leading_directions(std::span<const double> J,
                                       const std::vector<std::complex<double>>& eigenvalues);

}  // namespace dynkit::fixed_points
