#include "projection.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>

namespace dynkit::fixed_points {

namespace {
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
}

Projection::Projection(std::span<const double> states, std::int64_t n)
    : n_(static_cast<std::size_t>(n)), k_(std::min<std::int64_t>(n, 3)) {
  if (n <= 3) {
    mean_.assign(n_, 0.0);
    axes_.assign(n_ * n_, 0.0);
    for (std::size_t axis = 0; axis < n_; ++axis) axes_[axis * n_ + axis] = 1;
    return;
  }
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
  std::vector<double> centered(states.begin(), states.end());
  for (std::size_t i = 0; i < centered.size(); ++i) centered[i] -= mean_[i % n_];
  return turn(centered);
}

std::vector<double> Projection::turn(std::span<const double> directions) const {
  const auto n = static_cast<Eigen::Index>(n_);
  const Eigen::Map<const Rows> X(directions.data(),
                                 static_cast<Eigen::Index>(directions.size() / n_), n);
  const Eigen::Map<const Rows> axes(axes_.data(), k_, n);
  std::vector<double> turned(static_cast<std::size_t>(X.rows() * k_));
  Eigen::Map<Rows>(turned.data(), X.rows(), k_) = X * axes.transpose();
  return turned;
}

}  // namespace dynkit::fixed_points
