#include "small_lu.hpp"

#include <cmath>
#include <utility>

namespace dynkit::conformance {

Solution solve(Numbers A, Numbers b) {
  const std::size_t n = b.size();
  double largest = 0.0;
  for (const double value : A) largest = std::max(largest, std::abs(value));
  int sign = 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      if (std::abs(A[i * n + k]) > std::abs(A[pivot * n + k])) pivot = i;
    }
    if (!(std::abs(A[pivot * n + k]) > 1e-13 * largest)) return {};
    if (pivot != k) {
      for (std::size_t j = 0; j < n; ++j) std::swap(A[k * n + j], A[pivot * n + j]);
      std::swap(b[k], b[pivot]);
      sign = -sign;
    }
    if (A[k * n + k] < 0.0) sign = -sign;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = A[i * n + k] / A[k * n + k];
      for (std::size_t j = k; j < n; ++j) A[i * n + j] -= factor * A[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= A[k * n + j] * b[j];
    b[k] /= A[k * n + k];
  }
  return {std::move(b), sign};
}

}  // namespace dynkit::conformance
