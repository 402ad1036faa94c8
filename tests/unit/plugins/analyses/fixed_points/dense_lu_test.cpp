#include "plugins/analyses/fixed_points/dense_lu.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::normal_states;
using testing::Values;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Below, at and above one panel and several, with a remainder of every size to the last panel.
class DenseLuSizes : public ::testing::TestWithParam<std::int64_t> {
 protected:
  std::int64_t n = GetParam();
  Values A = normal_states(n, n, 11);
  Values b = normal_states(1, n, 12);
  Eigen::Map<const Matrix> matrix{A.data(), n, n};
  Eigen::Map<const Eigen::VectorXd> rhs{b.data(), n};

  // Of a backward stable solver, with room for the growth of random matrices.
  double allowed(const Eigen::VectorXd& x) const {
    return 1e-15 * static_cast<double>(10 * n) * matrix.norm() * x.norm();
  }
};

TEST_P(DenseLuSizes, SolveLeavesResidualAtRounding) {
  DenseLu lu(n);
  lu.factor(A);
  Values x = b;
  lu.solve(x);
  const Eigen::Map<const Eigen::VectorXd> solution(x.data(), n);
  EXPECT_LT((matrix * solution - rhs).norm(), allowed(solution));
}

TEST_P(DenseLuSizes, TransposedSolveLeavesResidualAtRounding) {
  DenseLu lu(n);
  lu.factor(A);
  Values x = b;
  lu.solve_transposed(x);
  const Eigen::Map<const Eigen::VectorXd> solution(x.data(), n);
  EXPECT_LT((matrix.transpose() * solution - rhs).norm(), allowed(solution));
}

TEST_P(DenseLuSizes, DeterminantHasEigensSign) {
  DenseLu lu(n);
  lu.factor(A);
  const double determinant = Eigen::PartialPivLU<Matrix>(matrix).determinant();
  EXPECT_EQ(lu.determinant_sign(), determinant > 0 ? 1 : -1);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DenseLuSizes,
                         ::testing::Values(1, 2, 3, 7, 8, 9, 12, 15, 16, 21, 27, 33, 64, 100));

TEST(DenseLu, OfSingularMatrixSolvesToNotFinite) {
  DenseLu lu(3);
  lu.factor(Values{1, 2, 3, 2, 4, 6, 1, 0, 1});
  Values b = {1, 1, 1};
  lu.solve(b);
  EXPECT_FALSE(std::isfinite(b[0] + b[1] + b[2]));
  EXPECT_EQ(lu.determinant_sign(), 0);
}

TEST(DenseLu, OfNanMatrixSolvesToNotFinite) {
  DenseLu lu(2);
  lu.factor(Values{1, NAN, 2, 3});
  Values b = {1, 1};
  lu.solve(b);
  EXPECT_FALSE(std::isfinite(b[0] + b[1]));
}

// A swap of two rows is a determinant of -1; the diagonal alone would say +1.
TEST(DenseLu, DeterminantSignCountsRowExchanges) {
  DenseLu lu(3);
  lu.factor(Values{0, 1, 0, 1, 0, 0, 0, 0, 1});
  EXPECT_EQ(lu.determinant_sign(), -1);
}

}  // namespace
}  // namespace dynkit::fixed_points
