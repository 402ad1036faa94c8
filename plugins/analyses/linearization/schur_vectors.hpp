// Eigenvectors of an upper quasi-triangular matrix by back substitution.
//
//     (T - lambda I) x = 0,     T in the standard form of real_schur.hpp                        (1)
//
// A pair a +- i b, b > 0, fills two columns with the real and the imaginary part of the vector of
// a + i b. Where eigenvalues coincide a zero divisor is replaced by eps |T|, so a defective matrix
// gives vectors that are parallel to rounding instead of a failure.
//
// Golub and Van Loan, "Matrix Computations", 4th ed. (2013), section 7.6.4. Cost n^3 / 3.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

namespace dynkit::linearization {

/// lambda [n] from the diagonal blocks, pairs with the positive imaginary part first.
void read_eigenvalues(const Eigen::MatrixXd& T, std::vector<std::complex<double>>& lambda);

/// X [n,n] upper triangular up to its 2x2 blocks; columns are not normalized.
void find_schur_vectors(const Eigen::MatrixXd& T, const std::vector<std::complex<double>>& lambda,
                        Eigen::MatrixXd& X);

}  // namespace dynkit::linearization
