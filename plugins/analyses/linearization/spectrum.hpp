// Eigenvalues, eigenvectors and conditioning of a real matrix.
//
//     J r_i = lambda_i r_i,     l_i^H J = lambda_i l_i^H,     L^H R = I,     |r_i| = 1          (1)
//     dep(J)^2 = |J|_F^2 - sum |lambda_i|^2                                                     (2)
//     cond(lambda_i) = |l_i| |r_i| / |l_i^H r_i| = |l_i|                                        (3)
//     kappa(R) = |R|_2 |R^-1|_2                                                                 (4)
//
// (2) is Henrici's departure from normality: P. Henrici, "Bounds for iterates, inverses, spectral
// variation and fields of values of non-normal matrices", Numer. Math. 4, 24 (1962). (3), (4):
// L. N. Trefethen and M. Embree, "Spectra and Pseudospectra" (2005), section 52.
//
// (2) is summed from the off-diagonal part of the Schur form, since the difference would give a
// normal matrix a departure of sqrt(eps). A badly scaled matrix is balanced first (B. N. Parlett
// and C. Reinsch, Numer. Math. 13, 293 (1969), with 2-norms as R. James, J. Langou and B. R.
// Lowery, arXiv:1401.5766), and only then is (2) the difference: it does not cancel there.
//
//   J [n,n]   lambda [n]   R, L [n,n], columns r_i, l_i
//
// Where R is singular to rounding (J is defective) kappa is infinite; each l_i is then found by
// itself and scaled to l_i^H r_i = 1, or to |l_i| = 1 with an infinite condition where l_i^H r_i
// vanishes.
//
// Cost about 35 n^3, memory 10 n^2, allocated once.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

namespace dynkit::linearization {

/// Which eigenvalue comes first.
enum class Order {
  by_modulus,   // maps: |lambda| descending
  by_real_part  // flows: Re lambda descending
};

/// Where the results of one matrix go: the caller's memory, matrices row-major.
struct SpectrumOutput {
  std::complex<double>* eigenvalues = nullptr;  // [n] pairs together, positive imaginary part first
  std::complex<double>* right = nullptr;        // [n,n]
  std::complex<double>* left = nullptr;         // [n,n]
  double* eigenvalue_condition = nullptr;       // [n] (3)
  double* residual = nullptr;                   // [n] |J r_i - lambda_i r_i|_2
};

struct SpectrumNumbers {
  double departure = -1.0;  // (2); -1: never computed
  double frobenius = -1.0;  // |J|_F
  double condition = -1.0;  // (4)
};

/// Takes matrices of one size apart, one after the other. One for each thread.
class SpectrumSolver {
 public:
  SpectrumSolver(std::int64_t n, Order order);
  ~SpectrumSolver();
  SpectrumSolver(SpectrumSolver&&) noexcept;

  /// J [n,n] row-major. False, with all outputs NaN: J is not finite, or the QR iteration did not
  /// converge.
  bool solve(const double* J, const SpectrumOutput& output, SpectrumNumbers& numbers);

 private:
  struct Workspace;
  std::unique_ptr<Workspace> work_;
};

}  // namespace dynkit::linearization
