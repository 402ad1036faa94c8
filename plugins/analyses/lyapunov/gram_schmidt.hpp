// Orthonormal directions and how far tangents have grown along them.
//
//     v_k = sum_{i<k} (q_i . v_k) q_i + r_k q_k,     r_k >= 0                                   (1)
//
// the QR decomposition of the matrix with columns v_k. Classical Gram-Schmidt, a vector projected a
// second time where the first has left less than a tenth of it: orthogonal to ten roundings as long
// as no vector is lost altogether (L. Giraud, J. Langou, M. Rozloznik and J. van den Eshof,
// "Rounding error analysis of the classical Gram-Schmidt orthogonalization process", Numer. Math.
// 101, 87 (2005); the test is that of J. W. Daniel, W. B. Gragg, L. Kaufman and G. W. Stewart,
// "Reorthogonalization and stable algorithms for updating the Gram-Schmidt QR factorization", Math.
// Comput. 30, 772 (1976)).
//
//   V [K,n] row-major: tangents in, orthonormal rows out     log r [K]
// Cost 2 to 4 n K^2, no memory is allocated.
#pragma once

#include <cstdint>
#include <vector>

namespace dynkit::lyapunov {

class GramSchmidt {
 public:
  GramSchmidt(std::int64_t K, std::int64_t n);

  /// Returns the smallest r_k / |v_k|: -log10 of it is how many digits r_k has lost. A vector whose
  /// direction is lost to rounding grows by r = 0, log r = -infinity, and is replaced by a new
  /// direction. V must be finite.
  double orthonormalize(double* V, double* log_r);

 private:
  double project_once(double* V, std::int64_t k);
  double project(double* V, std::int64_t k, double before);
  void replace(double* V, std::int64_t k);

  std::int64_t K_, n_;
  double lost_;  // r_k / |v_k| at or below this is rounding
  std::vector<double> coefficients_;
};

}  // namespace dynkit::lyapunov
