// Real Schur form of a square matrix.
//
//     A = Z T Z^T,     Z^T Z = I,     T upper quasi-triangular                                  (1)
//
// The diagonal blocks of T are 1x1 (real eigenvalues) or 2x2 in standard form [a b; c a] with
// b c < 0 (a pair a +- i sqrt(-b c)).
//
// Householder reduction to Hessenberg form, then Francis' implicit double-shift QR iteration.
// G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th ed. (2013), chapter 7; the deflation
// test of M. Ahues and F. Tisseur, "A new deflation criterion for the QR algorithm", LAPACK Working
// Note 122 (1997); standard form and exceptional shifts as in LAPACK's dlanv2 and dlahqr.
//
// Eigen::RealSchur does the same. This iteration keeps a column's three entries of a reflector
// together and lets the compiler vectorize over rows: less than half the time at n = 64, and
// Eigen's stays as the oracle of the tests.
//
// Cost about 25 n^3; no memory is allocated.
#pragma once

#include <Eigen/Core>

namespace dynkit::linearization {

/// On entry H is upper Hessenberg, its largest entry near 1; on exit it is T. Z is multiplied from
/// the right by what was applied. False: more than 30 steps for each eigenvalue; H and Z are then
/// of no use. All [n,n].
bool reduce_to_schur(Eigen::MatrixXd& H, Eigen::MatrixXd& Z, Eigen::MatrixXd& workspace);

}  // namespace dynkit::linearization
