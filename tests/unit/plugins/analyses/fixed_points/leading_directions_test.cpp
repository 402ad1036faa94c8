#include "plugins/analyses/fixed_points/leading_directions.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "equations.hpp"
#include "plugins/analyses/fixed_points/stability.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::Values;
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Columns: the leading unstable directions of a flow dx/dt = J x, J [n,n].
Eigen::MatrixXd leading(const Rows& J) {
  const std::span<const double> values(J.data(), static_cast<std::size_t>(J.size()));
  const Values found = leading_directions(values, classify(values, J.rows(), false, 1e-6).growing);
  const auto D = static_cast<Eigen::Index>(found.size()) / J.rows();
  return Eigen::Map<const Rows>(found.data(), D, J.rows()).transpose();
}

Rows rows(std::int64_t n, const Values& values) {
  return Eigen::Map<const Rows>(values.data(), n, n);
}

// |component along axis| of each direction: their signs are free.
void expect_axis(const Eigen::VectorXd& direction, Eigen::Index axis, double tolerance) {
  EXPECT_NEAR(std::abs(direction[axis]), 1, tolerance);
  EXPECT_NEAR(direction.norm(), 1, 1e-14);
}

TEST(LeadingDirections, OfARealEigenvalueIsItsEigenvector) {
  const Eigen::MatrixXd found = leading(rows(3, {-0.5, 2, 0, 0, 1.5, 0, 7, 0, -3}));
  ASSERT_EQ(found.cols(), 1);
  // (J - 1.5) v = 0: -2 v0 + 2 v1 = 0, 7 v0 - 4.5 v2 = 0
  const Eigen::Vector3d expected = Eigen::Vector3d(1, 1, 7 / 4.5).normalized();
  // Off by the shift, 1e-10 |J|, over the gap to the next eigenvalue in each of the steps.
  EXPECT_NEAR(std::abs(expected.dot(found.col(0))), 1, 1e-14);
}

TEST(LeadingDirections, OfAPairAreTheAxesOfItsEllipse) {
  // x' = 0.2 x - 4 y, y' = x + 0.2 y: (2, -i) to 0.2 + 2i, and z decays.
  const Eigen::MatrixXd found = leading(rows(3, {0.2, -4, 0, 1, 0.2, 0, 0, 0, -1}));
  ASSERT_EQ(found.cols(), 2);
  expect_axis(found.col(0), 0, 1e-13);
  expect_axis(found.col(1), 1, 1e-13);
}

TEST(LeadingDirections, ComeInOrderOfTheirGrowth) {
  const Eigen::MatrixXd found = leading(Eigen::Vector4d(0.3, 2, -1, 0.7).asDiagonal());
  ASSERT_EQ(found.cols(), 3);
  expect_axis(found.col(0), 1, 1e-14);
  expect_axis(found.col(1), 3, 1e-14);
  expect_axis(found.col(2), 0, 1e-14);
}

TEST(LeadingDirections, OfEqualEigenvaluesAreOrthogonal) {
  const Eigen::MatrixXd found = leading(2 * Rows::Identity(3, 3));
  ASSERT_EQ(found.cols(), 3);
  EXPECT_LT((found.transpose() * found - Eigen::Matrix3d::Identity()).norm(), 1e-13);
}

TEST(LeadingDirections, OfEqualPairsSpanBothPlanes) {
  Rows J = Rows::Zero(5, 5);
  for (const Eigen::Index at : {0, 2}) {
    J.block(at, at, 2, 2) << 0.5, -3, 3, 0.5;
  }
  J(4, 4) = -1;
  const Eigen::MatrixXd found = leading(J);
  ASSERT_EQ(found.cols(), 4);
  EXPECT_LT((found.transpose() * found - Eigen::Matrix4d::Identity()).norm(), 1e-9);
  EXPECT_LT(found.row(4).norm(), 1e-12);
}

TEST(LeadingDirections, LackWhereTheEigenvectorIsMissing) {
  const Eigen::MatrixXd found = leading(rows(2, {2, 1, 0, 2}));
  ASSERT_EQ(found.cols(), 1);
  expect_axis(found.col(0), 0, 1e-9);
}

TEST(LeadingDirections, AreFourAtMostAndPairsStayWhole) {
  EXPECT_EQ(leading(Eigen::VectorXd::LinSpaced(6, 1, 2).asDiagonal()).cols(), 4);
  Rows J = Rows::Zero(5, 5);
  J.diagonal() << 5, 4, 3, 2, 2;
  J(3, 4) = 1;
  J(4, 3) = -1;
  EXPECT_EQ(leading(J).cols(), 3);
}

TEST(LeadingDirections, AreInvariantUnderJ) {
  const std::int64_t n = 37;
  const Rows J = rows(n, testing::normal_states(n, n)) - 2 * Rows::Identity(n, n);
  const Eigen::MatrixXd found = leading(J);
  ASSERT_EQ(found.cols(), 4);
  const Eigen::MatrixXd image = J * found;
  const Eigen::MatrixXd left =
      image - found * found.colPivHouseholderQr().solve(image);  // what leaves their span
  EXPECT_LT(left.norm(), 1e-9 * J.norm());
}

TEST(LeadingDirections, OfANanJacobianAreNone) {
  const Values J = {NAN};
  EXPECT_TRUE(leading_directions(J, {2.0}).empty());
}

}  // namespace
}  // namespace dynkit::fixed_points
