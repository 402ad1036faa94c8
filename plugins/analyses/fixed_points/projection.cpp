#include "projection.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>

namespace dynkit::fixed_points {

namespace {
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
}

Projection::Projection(std::span<const double> states, std::int64_t n)
    : n_(static_cast<std::size_t>(n)), k_(std::min<std::int64_t>(n, 3)) {
  const Eigen::Index count = static_cast<Eigen::Index>(states.size() / n_);
  const Eigen::Map<const Rows> X(states.data(), count, n);
  const Eigen::RowVectorXd mean = X.colwise().mean();
  const Rows centered = X.rowwise() - mean;
  const Eigen::MatrixXd covariance = centered.transpose() * centered;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);

  mean_.assign(mean.begin(), mean.end());
  for (Eigen::Index axis = 0; axis < k_; ++axis) {
    Eigen::VectorXd direction = solver.eigenvectors().col(n - 1 - axis);
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
    axes_.insert(axes_.end(), direction.begin(), direction.end());
  }
}

std::vector<double> Projection::apply(std::span<const double> states) const {
  const auto n = static_cast<Eigen::Index>(n_);
  const Eigen::Map<const Rows> X(states.data(), static_cast<Eigen::Index>(states.size() / n_), n);
  const Eigen::Map<const Eigen::RowVectorXd> mean(mean_.data(), n);
  const Eigen::Map<const Rows> axes(axes_.data(), k_, n);
  std::vector<double> projected(static_cast<std::size_t>(X.rows() * k_));
  Eigen::Map<Rows>(projected.data(), X.rows(), k_) = (X.rowwise() - mean) * axes.transpose();
  return projected;
}

}  // namespace dynkit::fixed_points
