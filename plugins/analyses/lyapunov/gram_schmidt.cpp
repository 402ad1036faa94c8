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

constexpr std::int64_t kPlainSize = 8;
constexpr double kLeastShare = 0.1;

double dot(const double* a, const double* b, std::int64_t n) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

double norm(const double* v, std::int64_t n) {
  return Eigen::Map<const Eigen::VectorXd>(v, n).norm();
}

}  // namespace

GramSchmidt::GramSchmidt(std::int64_t K, std::int64_t n)
    : K_(K),
      n_(n),
      lost_(8.0 * std::numeric_limits<double>::epsilon() * std::sqrt(static_cast<double>(n))),
      coefficients_(static_cast<std::size_t>(K)) {}

// Row k minus its part along the rows before it; returns its norm. Eigen's products of matrices of
// unknown size cost more to call than a few components to compute.
double GramSchmidt::project_once(double* V, std::int64_t k) {
  double* row = V + k * n_;
  if (n_ >= kPlainSize) {
    const Rows Q(V, k, n_);
    Vector c(coefficients_.data(), k), v(row, n_);
    c.noalias() = Q * v;
    v.noalias() -= Q.transpose() * c;
    return norm(row, n_);
  }
  for (std::int64_t j = 0; j < k; ++j) {
    coefficients_[static_cast<std::size_t>(j)] = dot(V + j * n_, row, n_);
  }
  for (std::int64_t j = 0; j < k; ++j) {
    const double c = coefficients_[static_cast<std::size_t>(j)];
    for (std::int64_t i = 0; i < n_; ++i) row[i] -= c * V[j * n_ + i];
  }
  return norm(row, n_);
}

// before: the norm of row k.
double GramSchmidt::project(double* V, std::int64_t k, double before) {
  if (k == 0) return before;
  const double r = project_once(V, k);
  return r < kLeastShare * before ? project_once(V, k) : r;
}

// The unit vector of the coordinate that the rows before k span least, made orthogonal to them.
void GramSchmidt::replace(double* V, std::int64_t k) {
  const Rows Q(V, k, n_);
  Eigen::Index coordinate = 0;
  if (k > 0) Q.colwise().squaredNorm().minCoeff(&coordinate);
  Vector v(V + k * n_, n_);
  v.setZero();
  v(coordinate) = 1.0;
  v /= project(V, k, 1.0);
}

double GramSchmidt::orthonormalize(double* V, double* log_r) {
  double smallest = 1.0;
  for (std::int64_t k = 0; k < K_; ++k) {
    const double before = norm(V + k * n_, n_);
    const double r = project(V, k, before);
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
