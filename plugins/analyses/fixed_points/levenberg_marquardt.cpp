#include "levenberg_marquardt.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

// The cosine between r and the range of J below which r counts as orthogonal to it: there the
// gradient J^T r is zero for all that matters. First-order descent towards such a point is slow, so
// a smaller bound costs many steps and decides nothing.
constexpr double kFlatCosine = 1e-4;

// Descents that gain less than this share of the cost in kPatience steps have come to rest.
constexpr double kGain = 1e-3;
constexpr std::int64_t kPatience = 8;

std::span<double> view(Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}
std::span<double> view(Matrix& m) {
  return {m.data(), static_cast<std::size_t>(m.size())};
}

}  // namespace

struct LevenbergMarquardt::Buffers {
  explicit Buffers(Eigen::Index n)
      : J(n, n), A(n, n), normal(n, n), r(n), r_trial(n), trial(n), gradient(n), d(n), D(n) {}

  // (1); false where the matrix is not positive definite to working precision.
  bool solve(double lambda) {
    A = normal;
    A.diagonal() += lambda * D;
    cholesky.compute(A);
    if (cholesky.info() != Eigen::Success) return false;
    d = -cholesky.solve(gradient);
    return d.allFinite();
  }

  void linearize() {
    normal.setZero();
    normal.selfadjointView<Eigen::Lower>().rankUpdate(J.transpose());
    normal.triangularView<Eigen::StrictlyUpper>() = normal.transpose();
    gradient.noalias() = J.transpose() * r;
    D = normal.diagonal();
    D = D.cwiseMax(std::max(1e-6 * D.maxCoeff(), std::numeric_limits<double>::min()));
  }

  // |cos| of the angle between r and the columns of J, the largest.
  double cosine() const {
    double largest = 0;
    for (Eigen::Index j = 0; j < D.size(); ++j) {
      largest = std::max(largest, std::abs(gradient[j]) / std::sqrt(D[j]));
    }
    return largest / r.norm();
  }

  Matrix J, A, normal;
  Vector r, r_trial, trial, gradient, d, D;
  Eigen::LLT<Matrix> cholesky;
};

LevenbergMarquardt::LevenbergMarquardt(std::int64_t n) : buffers_(new Buffers(n)) {}
LevenbergMarquardt::~LevenbergMarquardt() = default;
LevenbergMarquardt::LevenbergMarquardt(LevenbergMarquardt&&) noexcept = default;

DescentReport LevenbergMarquardt::minimize(const RestEquation& equation, double target,
                                           std::int64_t step_limit, std::span<double> x) {
  Buffers& b = *buffers_;
  Eigen::Map<Vector> point(x.data(), static_cast<Eigen::Index>(x.size()));
  DescentReport report;

  equation.linearized(x, view(b.r), view(b.J));
  double cost = 0.5 * b.r.squaredNorm();
  if (!std::isfinite(cost) || !b.J.allFinite()) {
    report.outcome = Descent::not_finite;
    return report;
  }
  b.linearize();
  double lambda = 1e-3;
  double growth = 2;
  double earlier_cost = cost;
  std::int64_t accepted = 0;

  while (true) {
    report.residual = max_norm(view(b.r));
    if (report.residual <= target) {
      report.outcome = Descent::small;
      return report;
    }
    if (b.cosine() < kFlatCosine || lambda > 1e16) {
      report.outcome = Descent::local_minimum;
      return report;
    }
    if (report.steps == step_limit) return report;
    ++report.steps;

    // The step's gain over the gain that the linear model promises.
    double ratio = -1;
    double trial_cost = cost;
    if (b.solve(lambda)) {
      b.trial = point + b.d;
      equation.residual(view(b.trial), view(b.r_trial));
      trial_cost = 0.5 * b.r_trial.squaredNorm();
      const double promised = 0.5 * b.d.dot(lambda * b.D.cwiseProduct(b.d) - b.gradient);
      if (std::isfinite(trial_cost)) ratio = (cost - trial_cost) / promised;
    }
    if (!(ratio > 0)) {
      lambda *= growth;
      growth *= 2;
      continue;
    }
    const double cubed = 2 * ratio - 1;
    lambda *= std::max(1.0 / 3, 1 - cubed * cubed * cubed);
    growth = 2;
    point = b.trial;
    cost = trial_cost;
    equation.linearized(x, view(b.r), view(b.J));
    if (!b.J.allFinite()) {
      report.outcome = Descent::not_finite;
      return report;
    }
    b.linearize();
    if (++accepted % kPatience == 0) {
      if (cost > (1 - kGain) * earlier_cost) {
        report.outcome = Descent::stalled;
        report.residual = max_norm(view(b.r));
        return report;
      }
      earlier_cost = cost;
    }
  }
}

}  // namespace dynkit::fixed_points
