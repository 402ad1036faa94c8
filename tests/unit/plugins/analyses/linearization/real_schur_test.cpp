#include "plugins/analyses/linearization/real_schur.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <complex>
#include <numbers>
#include <random>
#include <vector>

#include "plugins/analyses/linearization/schur_vectors.hpp"

namespace dynkit::linearization {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr double kUlp = std::numeric_limits<double>::epsilon();

MatrixXd random_matrix(Index n, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  MatrixXd A(n, n);
  for (Index i = 0; i < A.size(); ++i) A.data()[i] = normal(engine) / std::sqrt(n);
  return A;
}

struct Schur {
  explicit Schur(const MatrixXd& A) {
    const Eigen::HessenbergDecomposition<MatrixXd> hessenberg(A);
    T = hessenberg.matrixH();
    Z = hessenberg.matrixQ();
    MatrixXd workspace(A.rows(), A.rows());
    converged = reduce_to_schur(T, Z, workspace);
    lambda.resize(static_cast<std::size_t>(A.rows()));
    read_eigenvalues(T, lambda);
  }
  MatrixXd T, Z;
  std::vector<std::complex<double>> lambda;
  bool converged;
};

// Largest distance from an element of `a` to the nearest one of `b`.
double distance(const std::vector<std::complex<double>>& a, const Eigen::VectorXcd& b) {
  double largest = 0.0;
  for (const auto& value : a) {
    largest = std::max(largest, (b.array() - value).abs().minCoeff());
  }
  return largest;
}

TEST(RealSchur, ReconstructsTheMatrix) {
  for (const Index n : {1, 2, 3, 4, 7, 20, 65}) {
    const MatrixXd A = random_matrix(n, static_cast<unsigned>(n));
    const Schur schur(A);
    ASSERT_TRUE(schur.converged);
    // Backward stable: a small multiple of n eps; measured 25 eps at n = 65.
    const double bound = 10.0 * kUlp * static_cast<double>(n + 9);
    EXPECT_LT((A - schur.Z * schur.T * schur.Z.transpose()).norm(), bound * A.norm()) << n;
    EXPECT_LT((schur.Z.transpose() * schur.Z - MatrixXd::Identity(n, n)).norm(), bound) << n;
  }
}

TEST(RealSchur, LeavesOnlyStandardBlocksBelowTheDiagonal) {
  const Schur schur(random_matrix(31, 5));
  Index pairs = 0;
  for (Index j = 0; j + 1 < 31; ++j) {
    EXPECT_EQ(schur.T.col(j).tail(29 - j).squaredNorm(), 0.0);
    if (schur.T(j + 1, j) == 0.0) continue;
    ++pairs;
    EXPECT_EQ(schur.T(j, j), schur.T(j + 1, j + 1));
    EXPECT_LT(schur.T(j, j + 1) * schur.T(j + 1, j), 0.0);
    if (j + 2 < 31) {
      EXPECT_EQ(schur.T(j + 2, j + 1), 0.0);
    }
  }
  EXPECT_GT(pairs, 0);
}

TEST(RealSchur, FindsTheEigenvaluesThatEigenFinds) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    const MatrixXd A = random_matrix(37, seed);
    const Eigen::VectorXcd expected = Eigen::EigenSolver<MatrixXd>(A, false).eigenvalues();
    // Conditions of eigenvalues of such matrices are of order 10: 1e-12 leaves a factor 100.
    EXPECT_LT(distance(Schur(A).lambda, expected), 1e-12);
  }
}

// Without exceptional shifts the iteration returns a cyclic permutation unchanged.
TEST(RealSchur, FindsTheRootsOfUnityOfCyclicPermutations) {
  for (const Index n : {3, 4, 5, 8, 11}) {
    MatrixXd A = MatrixXd::Zero(n, n);
    for (Index i = 0; i < n; ++i) A((i + 1) % n, i) = 1.0;
    Eigen::VectorXcd roots(n);
    for (Index k = 0; k < n; ++k) {
      roots(k) =
          std::polar(1.0, 2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n));
    }
    const Schur schur(A);
    ASSERT_TRUE(schur.converged) << n;
    EXPECT_LT(distance(schur.lambda, roots), 1e-14 * static_cast<double>(n)) << n;
  }
}

TEST(RealSchur, SplitsBlocksWithRealEigenvalues) {
  MatrixXd A(2, 2);
  A << 1.0, 2.0, 3.0, 4.0;
  const Schur schur(A);
  EXPECT_EQ(schur.T(1, 0), 0.0);
  // (5 +- sqrt 33) / 2
  EXPECT_NEAR(std::max(schur.T(0, 0), schur.T(1, 1)), (5.0 + std::sqrt(33.0)) / 2.0, 1e-14);
  EXPECT_NEAR(std::min(schur.T(0, 0), schur.T(1, 1)), (5.0 - std::sqrt(33.0)) / 2.0, 1e-14);
}

}  // namespace
}  // namespace dynkit::linearization
