#include "stability.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace dynkit::fixed_points {

const char* describe(Kind kind) {
  switch (kind) {
    case Kind::stable:
      return "stable";
    case Kind::saddle:
      return "saddle";
    case Kind::unstable:
      return "unstable";
    case Kind::nonhyperbolic:
      return "nonhyperbolic";
  }
  return "";
}

Stability classify(std::span<const double> J, std::int64_t n, bool map, double tolerance) {
  // Read by columns: J^T has the same eigenvalues.
  const Eigen::Map<const Eigen::MatrixXd> A(J.data(), n, n);
  Stability stability;
  if (!A.allFinite()) return stability;
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(A, false);
  if (solver.info() != Eigen::Success) return stability;

  const double scale = map ? 1.0 : std::max(A.cwiseAbs().rowwise().sum().maxCoeff(), 1e-300);
  const auto beyond = [&](std::complex<double> value) {
    return map ? std::abs(value) - 1 : value.real() / scale;
  };
  bool border = false;
  stability.unstable = 0;
  for (const std::complex<double> value : solver.eigenvalues()) {
    border = border || std::abs(beyond(value)) <= tolerance;
    if (beyond(value) <= tolerance) continue;
    ++stability.unstable;
    if (value.imag() >= 0) stability.growing.push_back(value);
  }
  std::ranges::stable_sort(stability.growing, std::ranges::greater(), beyond);
  stability.kind = border                    ? Kind::nonhyperbolic
                   : stability.unstable == 0 ? Kind::stable
                   : stability.unstable == n ? Kind::unstable
                                             : Kind::saddle;
  return stability;
}

}  // namespace dynkit::fixed_points
