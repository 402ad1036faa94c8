#include "gram_schmidt.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

namespace dynkit::lyapunov {
namespace {

using Vector = Eigen::Map<Eigen::VectorXd>;
using Rows =
    Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

}  // namespace

GramSchmidt::GramSchmidt(std::int64_t K, std::int64_t n)
    : K_(K),
      n_(n),
      lost_(8.0 * std::numeric_limits<double>::epsilon() * std::sqrt(static_cast<double>(n))),
      coefficients_(static_cast<std::size_t>(K)) {}

// Row k minus its part along the rows before it, twice; returns its norm.
double GramSchmidt::project(double* V, std::int64_t k) {
  Vector v(V + k * n_, n_);
  if (k > 0) {
    const Rows Q(V, k, n_);
    Vector c(coefficients_.data(), k);
    for (int pass = 0; pass < 2; ++pass) {
      c.noalias() = Q * v;
      v.noalias() -= Q.transpose() * c;
    }
  }
  return v.norm();
}

// The unit vector of the coordinate that the rows before k span least, made orthogonal to them.
void GramSchmidt::replace(double* V, std::int64_t k) {
  const Rows Q(V, k, n_);
  Eigen::Index coordinate = 0;
  if (k > 0) Q.colwise().squaredNorm().minCoeff(&coordinate);
  Vector v(V + k * n_, n_);
  v.setZero();
  v(coordinate) = 1.0;
  const double norm = project(V, k);
  v /= norm;
}

double GramSchmidt::orthonormalize(double* V, double* log_r) {
  double smallest = 1.0;
  for (std::int64_t k = 0; k < K_; ++k) {
    const double before = Vector(V + k * n_, n_).norm();
    const double r = project(V, k);
    const double share = before > 0.0 ? r / before : 0.0;
    smallest = std::min(smallest, share);
    if (share <= lost_) {
      log_r[k] = -std::numeric_limits<double>::infinity();
      replace(V, k);
    } else {
      log_r[k] = std::log(r);
      Vector(V + k * n_, n_) /= r;
    }
  }
  return smallest;
}

}  // namespace dynkit::lyapunov
