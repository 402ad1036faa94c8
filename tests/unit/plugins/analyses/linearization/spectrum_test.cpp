#include "plugins/analyses/linearization/spectrum.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace dynkit::linearization {
namespace {

using Complex = std::complex<double>;
using Eigen::Index;
using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowMajorC = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

MatrixXd random_matrix(Index n, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  MatrixXd A(n, n);
  for (Index i = 0; i < A.size(); ++i) A.data()[i] = normal(engine);
  return A;
}

MatrixXd random_orthogonal(Index n, unsigned seed) {
  return Eigen::HouseholderQR<MatrixXd>(random_matrix(n, seed)).householderQ();
}

struct Spectrum {
  explicit Spectrum(const MatrixXd& J, Order order = Order::by_modulus)
      : lambda(J.rows()),
        R(J.rows(), J.rows()),
        L(J.rows(), J.rows()),
        conditions(J.rows()),
        residuals(J.rows()) {
    const RowMajor rows = J;
    SpectrumSolver solver(J.rows(), order);
    solved = solver.solve(rows.data(),
                          {lambda.data(), R.data(), L.data(), conditions.data(), residuals.data()},
                          numbers);
  }
  Eigen::VectorXcd lambda;
  RowMajorC R, L;
  Eigen::VectorXd conditions, residuals;
  SpectrumNumbers numbers;
  bool solved;
};

TEST(Spectrum, OfRotationIsItsPairOnACircle) {
  const double radius = 1.25, angle = 0.7;
  MatrixXd J(2, 2);
  J << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
  const Spectrum spectrum(radius * J);
  EXPECT_NEAR(std::abs(spectrum.lambda(0) - std::polar(radius, angle)), 0.0, 1e-15);
  EXPECT_NEAR(std::abs(spectrum.lambda(1) - std::polar(radius, -angle)), 0.0, 1e-15);
  EXPECT_NEAR(spectrum.numbers.condition, 1.0, 1e-15);
}

TEST(Spectrum, OfCompanionMatrixIsTheRoots) {
  // (z - 3)(z + 2)(z - 1/2)(z^2 - 2 z + 5) = z^5 - 3.5 z^4 + 2.5 z^3 + 6.5 z^2 - 33.5 z + 15
  MatrixXd J = MatrixXd::Zero(5, 5);
  J.row(0) << 3.5, -2.5, -6.5, 33.5, -15.0;
  for (Index i = 1; i < 5; ++i) J(i, i - 1) = 1.0;
  const Spectrum spectrum(J);
  const Complex roots[] = {3.0, {1.0, 2.0}, {1.0, -2.0}, -2.0, 0.5};
  for (Index i = 0; i < 5; ++i) {
    // Conditions of these eigenvalues are below 30.
    EXPECT_NEAR(std::abs(spectrum.lambda(i) - roots[i]), 0.0, 1e-13) << i;
  }
}

TEST(Spectrum, OfNormalMatrixHasNoDeparture) {
  // Orthogonally similar to two rotations and three real numbers: the difference of squares would
  // give sqrt(eps) = 1e-8.
  MatrixXd D = MatrixXd::Zero(7, 7);
  D.topLeftCorner(2, 2) << 0.3, -1.7, 1.7, 0.3;
  D.block(2, 2, 2, 2) << -0.8, 0.4, -0.4, -0.8;
  D.diagonal().tail(3) << 2.0, -1.0, 0.25;
  const MatrixXd Q = random_orthogonal(7, 3);
  const Spectrum spectrum(Q * D * Q.transpose());
  EXPECT_LT(spectrum.numbers.departure, 1e-14 * D.norm());
  EXPECT_NEAR(spectrum.numbers.condition, 1.0, 1e-13);
}

TEST(Spectrum, OfTriangularPairHasItsClosedFormConditions) {
  const double a = 12.0;
  MatrixXd J(2, 2);
  J << 1.0, a, 0.0, 2.0;
  const Spectrum spectrum(J);
  // r = (1, 0) and (a, 1) / sqrt(1 + a^2), whose cosine is c.
  const double c = a / std::sqrt(1.0 + a * a);
  EXPECT_NEAR(spectrum.conditions(0), std::sqrt(1.0 + a * a), 1e-12);
  EXPECT_NEAR(spectrum.conditions(1), std::sqrt(1.0 + a * a), 1e-12);
  EXPECT_NEAR(spectrum.numbers.condition, std::sqrt((1.0 + c) / (1.0 - c)), 1e-11);
  EXPECT_NEAR(spectrum.numbers.departure, a, 1e-14);
}

TEST(Spectrum, HasBiorthogonalVectors) {
  const MatrixXd J = random_matrix(9, 11);
  const Spectrum spectrum(J);
  const MatrixXcd overlap = spectrum.L.adjoint() * spectrum.R;
  EXPECT_LT((overlap - MatrixXcd::Identity(9, 9)).norm(), 1e-13);
  EXPECT_LT((spectrum.R.colwise().norm().array() - 1.0).abs().maxCoeff(), 1e-15 * 4);
  const MatrixXcd left = spectrum.L.adjoint() * J.cast<Complex>();
  const MatrixXcd expected = spectrum.lambda.asDiagonal() * spectrum.L.adjoint();
  EXPECT_LT((left - expected).norm(), 1e-12);
}

TEST(Spectrum, StatesItsResiduals) {
  const MatrixXd J = random_matrix(8, 21);
  const Spectrum spectrum(J);
  const MatrixXcd error =
      J.cast<Complex>() * spectrum.R - MatrixXcd(spectrum.R * spectrum.lambda.asDiagonal());
  for (Index i = 0; i < 8; ++i) {
    // Both are rounding errors of one size, not one number.
    EXPECT_LT(spectrum.residuals(i), 1e-14 * J.norm());
    EXPECT_NEAR(spectrum.residuals(i), error.col(i).norm(), 4e-15 * J.norm());
  }
}

TEST(Spectrum, ConditionIsTheRatioOfSingularValues) {
  const Spectrum spectrum(random_matrix(10, 8));
  const Eigen::VectorXd singular = Eigen::JacobiSVD<MatrixXcd>(spectrum.R).singularValues();
  const double expected = singular(0) / singular(9);
  EXPECT_NEAR(spectrum.numbers.condition, expected, 1e-12 * expected);
}

TEST(Spectrum, DepartureIsHenricisForRandomMatrix) {
  const MatrixXd J = random_matrix(12, 4);
  const Spectrum spectrum(J);
  const double expected = std::sqrt(J.squaredNorm() - spectrum.lambda.squaredNorm());
  EXPECT_NEAR(spectrum.numbers.departure, expected, 1e-12 * expected);
  EXPECT_NEAR(spectrum.numbers.frobenius, J.norm(), 1e-13);
}

TEST(Spectrum, OfJordanBlockIsDefective) {
  MatrixXd J = 1.5 * MatrixXd::Identity(3, 3);
  J(0, 1) = J(1, 2) = 1.0;
  const Spectrum spectrum(J);
  ASSERT_TRUE(spectrum.solved);
  EXPECT_TRUE(std::isinf(spectrum.numbers.condition));
  for (Index i = 0; i < 3; ++i) {
    EXPECT_EQ(spectrum.lambda(i), Complex(1.5));
    EXPECT_TRUE(std::isinf(spectrum.conditions(i)));
    EXPECT_NEAR(spectrum.L.col(i).norm(), 1.0, 1e-15);
    EXPECT_LT(spectrum.residuals(i), 1e-15);
  }
  EXPECT_NEAR(spectrum.numbers.departure, std::sqrt(2.0), 1e-15);
}

TEST(Spectrum, BesideJordanBlockKeepsTheConditionsOfOthers) {
  MatrixXd J = MatrixXd::Zero(5, 5);
  J.topLeftCorner(2, 2) << 1.0, 1.0, 0.0, 1.0;
  J(2, 2) = 7.0;
  J.bottomRightCorner(2, 2) << -2.0, 3.0, -3.0, -2.0;
  const Spectrum spectrum(J);
  EXPECT_TRUE(std::isinf(spectrum.numbers.condition));
  EXPECT_NEAR(spectrum.conditions(0), 1.0, 1e-14);  // 7
  EXPECT_NEAR(spectrum.conditions(1), 1.0, 1e-14);  // the pair
  EXPECT_TRUE(std::isinf(spectrum.conditions(4)));
  for (const Index i : {0, 1, 2}) {
    const Complex overlap = spectrum.L.col(i).dot(spectrum.R.col(i));
    EXPECT_NEAR(std::abs(overlap - 1.0), 0.0, 1e-14);
    const Eigen::RowVectorXcd error = spectrum.L.col(i).adjoint() * J.cast<Complex>() -
                                      spectrum.lambda(i) * spectrum.L.col(i).adjoint();
    EXPECT_LT(error.norm(), 1e-13);
  }
}

// A quarter turn that stretches gives a pair inside a Jordan block of order two, up to rounding.
TEST(Spectrum, OfDefectivePairStaysFinite) {
  MatrixXd J = MatrixXd::Zero(4, 4);
  J.topLeftCorner(2, 2) << 0.0, -1.0, 1.0, 0.0;
  J.bottomRightCorner(2, 2) = J.topLeftCorner(2, 2);
  J.topRightCorner(2, 2).setIdentity();
  const Spectrum spectrum(J);
  ASSERT_TRUE(spectrum.solved);
  EXPECT_TRUE(spectrum.R.allFinite());
  EXPECT_TRUE(spectrum.L.allFinite());
  // A double eigenvalue moves by the square root of the rounding error.
  for (Index i = 0; i < 4; ++i) EXPECT_NEAR(std::abs(spectrum.lambda(i)), 1.0, 1e-7);
  EXPECT_GT(spectrum.numbers.condition, 1e7);
}

TEST(Spectrum, OfMultipleOfIdentityIsPerfectlyConditioned) {
  const Spectrum spectrum(-3.0 * MatrixXd::Identity(4, 4));
  EXPECT_NEAR(spectrum.numbers.condition, 1.0, 1e-15);
  EXPECT_EQ(spectrum.numbers.departure, 0.0);
  EXPECT_LT((spectrum.L - spectrum.R).norm(), 1e-15);
}

TEST(Spectrum, OfZeroMatrixIsZero) {
  const Spectrum spectrum(MatrixXd::Zero(3, 3));
  ASSERT_TRUE(spectrum.solved);
  EXPECT_EQ(spectrum.lambda.norm(), 0.0);
  EXPECT_EQ(spectrum.residuals.norm(), 0.0);
}

TEST(Spectrum, OfBadlyScaledMatrixKeepsItsDigits) {
  const MatrixXd A = random_matrix(5, 17);
  Eigen::VectorXd scale(5);
  scale << 1.0, 0x1p30, 0x1p-24, 0x1p12, 0x1p-36;
  const MatrixXd J = scale.cwiseInverse().asDiagonal() * A * scale.asDiagonal();
  const Spectrum scaled(J), plain(A);
  for (Index i = 0; i < 5; ++i) {
    // Unbalanced, the error is eps |J| = 1e4.
    EXPECT_NEAR(std::abs(scaled.lambda(i) - plain.lambda(i)), 0.0, 1e-13);
  }
  const double departure = std::sqrt(J.squaredNorm() - plain.lambda.squaredNorm());
  EXPECT_NEAR(scaled.numbers.departure, departure, 1e-12 * departure);
}

TEST(Spectrum, IsUnchangedByTheSizeOfTheMatrix) {
  const MatrixXd A = random_matrix(6, 2);
  const Spectrum plain(A), huge(0x1p600 * A), tiny(0x1p-600 * A);
  EXPECT_EQ((huge.lambda * 0x1p-600 - plain.lambda).norm(), 0.0);
  EXPECT_EQ((tiny.lambda * 0x1p600 - plain.lambda).norm(), 0.0);
  EXPECT_EQ(huge.numbers.condition, plain.numbers.condition);
}

TEST(SpectrumOrder, PutsTiesByImaginaryThenRealPart) {
  // The sixth roots of unity, whose moduli differ only by rounding.
  MatrixXd P = MatrixXd::Zero(6, 6);
  for (Index i = 0; i < 6; ++i) P((i + 1) % 6, i) = 1.0;
  const double pi = std::numbers::pi;
  const double angles[] = {pi / 3, -pi / 3, 2 * pi / 3, -2 * pi / 3, 0.0, pi};
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    const MatrixXd Q = random_orthogonal(6, seed);
    const Spectrum spectrum(Q * P * Q.transpose());
    for (Index i = 0; i < 6; ++i) {
      EXPECT_NEAR(std::abs(spectrum.lambda(i) - std::polar(1.0, angles[i])), 0.0, 1e-13) << i;
    }
  }
}

TEST(SpectrumOrder, FollowsTheKindOfTime) {
  MatrixXd J = MatrixXd::Zero(4, 4);
  J.diagonal() << -5.0, 1.0, 0.0, 0.0;
  J.bottomRightCorner(2, 2) << 0.5, 3.0, -3.0, 0.5;
  const Spectrum map(J, Order::by_modulus), flow(J, Order::by_real_part);
  const Complex by_modulus[] = {-5.0, {0.5, 3.0}, {0.5, -3.0}, 1.0};
  const Complex by_real_part[] = {1.0, {0.5, 3.0}, {0.5, -3.0}, -5.0};
  for (Index i = 0; i < 4; ++i) {
    EXPECT_NEAR(std::abs(map.lambda(i) - by_modulus[i]), 0.0, 1e-14);
    EXPECT_NEAR(std::abs(flow.lambda(i) - by_real_part[i]), 0.0, 1e-14);
  }
}

TEST(SpectrumVectors, HaveTheirLargestEntryRealAndPositive) {
  const Spectrum spectrum(random_matrix(7, 31));
  for (Index i = 0; i < 7; ++i) {
    Index largest = 0;
    spectrum.R.col(i).cwiseAbs().maxCoeff(&largest);
    EXPECT_GT(spectrum.R(largest, i).real(), 0.0);
    EXPECT_EQ(spectrum.R(largest, i).imag(), 0.0);
  }
}

TEST(Spectrum, OfMatrixWithNanIsNotSolved) {
  MatrixXd J = MatrixXd::Identity(3, 3);
  J(1, 2) = std::numeric_limits<double>::quiet_NaN();
  const Spectrum spectrum(J);
  EXPECT_FALSE(spectrum.solved);
  EXPECT_TRUE(std::isnan(spectrum.lambda(0).real()));
  EXPECT_TRUE(std::isnan(spectrum.numbers.condition));
}

TEST(Spectrum, SolverGivesTheSameBitsAfterOtherMatrices) {
  const RowMajor A = random_matrix(5, 1), B = random_matrix(5, 2) * 1e3;
  Eigen::VectorXcd first(5), second(5);
  RowMajorC R(5, 5), L(5, 5);
  Eigen::VectorXd conditions(5), residuals(5);
  SpectrumNumbers numbers;
  SpectrumSolver solver(5, Order::by_modulus);
  const auto solve = [&](const RowMajor& J, Eigen::VectorXcd& lambda) {
    solver.solve(J.data(), {lambda.data(), R.data(), L.data(), conditions.data(), residuals.data()},
                 numbers);
  };
  solve(A, first);
  solve(B, second);
  solve(A, second);
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace dynkit::linearization
