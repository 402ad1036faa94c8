#include "time_map.hpp"

#include <Eigen/Core>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

namespace dynkit::linearization {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;

const char* formula(TimeMap map) {
  return map == TimeMap::euler ? "I + dt J" : "expm(dt J)";
}

std::complex<double> multiplier(TimeMap map, double dt, std::complex<double> lambda) {
  return map == TimeMap::euler ? 1.0 + dt * lambda : std::exp(dt * lambda);
}

void make_time_map(TimeMap map, double dt, std::int64_t n, const double* J, double* M) {
  if (map == TimeMap::euler) {
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) M[i * n + j] = (i == j ? 1.0 : 0.0) + dt * J[i * n + j];
    }
    return;
  }
  // exp commutes with transposition, so the order of storage does not matter.
  const Matrix scaled = dt * Eigen::Map<const Matrix>(J, n, n);
  Eigen::Map<Matrix>(M, n, n) = scaled.exp();
}

}  // namespace dynkit::linearization
