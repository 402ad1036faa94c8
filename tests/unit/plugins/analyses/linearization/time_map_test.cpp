#include "plugins/analyses/linearization/time_map.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <Eigen/LU>
#include <cmath>

namespace dynkit::linearization {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RowMajor make(TimeMap map, double dt, const RowMajor& J) {
  RowMajor M(J.rows(), J.rows());
  make_time_map(map, dt, J.rows(), J.data(), M.data());
  return M;
}

TEST(TimeMapEuler, AddsTheIdentity) {
  RowMajor J(2, 2);
  J << 1.0, -2.0, 3.0, 4.0;
  RowMajor expected(2, 2);
  expected << 1.25, -0.5, 0.75, 2.0;
  EXPECT_EQ(make(TimeMap::euler, 0.25, J), expected);
}

TEST(TimeMapExponential, OfDiagonalizableMatrixExponentiatesItsEigenvalues) {
  RowMajor V(3, 3);
  V << 1.0, 2.0, 0.0, -1.0, 1.0, 3.0, 0.5, 0.0, 1.0;
  const Eigen::Vector3d lambda(-2.0, 0.5, 1.5);
  const double dt = 0.7;
  const RowMajor J = V * lambda.asDiagonal() * V.inverse();
  const RowMajor expected = V * (dt * lambda).array().exp().matrix().asDiagonal() * V.inverse();
  EXPECT_LT((make(TimeMap::expm, dt, J) - expected).norm(), 1e-14 * expected.norm());
}

TEST(TimeMapExponential, OfNilpotentMatrixIsItsFiniteSeries) {
  RowMajor N = RowMajor::Zero(3, 3);
  N(0, 1) = 2.0, N(0, 2) = -1.0, N(1, 2) = 5.0;
  const double dt = 3.0;
  const RowMajor expected = RowMajor::Identity(3, 3) + dt * N + dt * dt / 2.0 * N * N;
  EXPECT_LT((make(TimeMap::expm, dt, N) - expected).norm(), 1e-14 * expected.norm());
}

TEST(TimeMapExponential, OfSkewMatrixRotates) {
  RowMajor J(2, 2);
  J << 0.0, -40.0, 40.0, 0.0;
  const RowMajor M = make(TimeMap::expm, 0.5, J);
  // Twenty radians: scaling and squaring lose about that many roundings.
  EXPECT_NEAR(M(0, 0), std::cos(20.0), 1e-13);
  EXPECT_NEAR(M(1, 0), std::sin(20.0), 1e-13);
  EXPECT_NEAR(M(0, 1), -std::sin(20.0), 1e-13);
}

TEST(TimeMapMultiplier, FollowsTheFormula) {
  const std::complex<double> lambda(-0.5, 2.0);
  EXPECT_EQ(multiplier(TimeMap::euler, 0.25, lambda), std::complex<double>(0.875, 0.5));
  const std::complex<double> expected = std::polar(std::exp(-0.125), 0.5);
  EXPECT_NEAR(std::abs(multiplier(TimeMap::expm, 0.25, lambda) - expected), 0.0, 1e-16);
  EXPECT_STREQ(formula(TimeMap::euler), "I + dt J");
  EXPECT_STREQ(formula(TimeMap::expm), "expm(dt J)");
}

}  // namespace
}  // namespace dynkit::linearization
