#include "plugins/analyses/lyapunov/gram_schmidt.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <cmath>
#include <random>
#include <vector>

namespace dynkit::lyapunov {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RowMajor random_rows(Eigen::Index K, Eigen::Index n, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  RowMajor V(K, n);
  for (Eigen::Index i = 0; i < V.size(); ++i) V.data()[i] = normal(engine);
  return V;
}

double departure_from_orthonormal(const RowMajor& V) {
  return (V * V.transpose() - RowMajor::Identity(V.rows(), V.rows())).norm();
}

TEST(GramSchmidt, FindsTheDiagonalOfHouseholderQr) {
  RowMajor V = random_rows(5, 8, 1);
  const Eigen::MatrixXd R =
      Eigen::HouseholderQR<Eigen::MatrixXd>(V.transpose()).matrixQR().topRows(5);
  std::vector<double> log_r(5);
  GramSchmidt(5, 8).orthonormalize(V.data(), log_r.data());
  for (Eigen::Index k = 0; k < 5; ++k) {
    EXPECT_NEAR(log_r[static_cast<std::size_t>(k)], std::log(std::abs(R(k, k))), 1e-13);
  }
  EXPECT_LT(departure_from_orthonormal(V), 1e-14);
}

TEST(GramSchmidt, KeepsTheSpansOfLeadingRows) {
  const RowMajor before = random_rows(3, 4, 2);
  RowMajor V = before;
  std::vector<double> log_r(3);
  GramSchmidt(3, 4).orthonormalize(V.data(), log_r.data());
  for (Eigen::Index k = 0; k < 3; ++k) {
    const RowMajor Q = V.topRows(k + 1);
    const RowMajor rest = before.row(k) - before.row(k) * Q.transpose() * Q;
    EXPECT_LT(rest.norm(), 1e-14);
    EXPECT_GT(V.row(k).dot(before.row(k)), 0.0);  // r > 0
  }
}

TEST(GramSchmidt, StaysOrthogonalWhereOnePassDoesNot) {
  RowMajor V = random_rows(4, 6, 3);
  for (Eigen::Index k = 1; k < 4; ++k) V.row(k) = V.row(0) + 1e-11 * V.row(k);
  std::vector<double> log_r(4);
  const double pivot = GramSchmidt(4, 6).orthonormalize(V.data(), log_r.data());
  EXPECT_LT(departure_from_orthonormal(V), 1e-14);
  EXPECT_LT(pivot, 1e-10);
  EXPECT_GT(pivot, 1e-13);
}

TEST(GramSchmidt, ReplacesDirectionsThatAreLost) {
  RowMajor V = random_rows(4, 5, 4);
  V.row(2) = 3.0 * V.row(1) - V.row(0);
  V.row(3).setZero();
  std::vector<double> log_r(4);
  const double pivot = GramSchmidt(4, 5).orthonormalize(V.data(), log_r.data());
  EXPECT_TRUE(std::isfinite(log_r[1]));
  EXPECT_EQ(log_r[2], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log_r[3], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(pivot, 0.0);
  EXPECT_LT(departure_from_orthonormal(V), 1e-14);
}

}  // namespace
}  // namespace dynkit::lyapunov
