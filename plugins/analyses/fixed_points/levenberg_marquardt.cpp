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

constexpr double kStiffest = 1e16;  // lambda at which a step no longer moves x

std::span<double> view(Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}
std::span<double> view(Matrix& m) {
  return {m.data(), static_cast<std::size_t>(m.size())};
}

// lambda, and by what it grows at the next failure.
struct Damping {
  double lambda = 1e-3;
  double growth = 2;

  // ratio: the gain over what the linear model promised.
  void update(double ratio) {
    if (ratio > 0) {
      const double cube = (2 * ratio - 1) * (2 * ratio - 1) * (2 * ratio - 1);
      lambda *= std::max(1.0 / 3, 1 - cube);
      growth = 2;
    } else {
      lambda *= growth;
      growth *= 2;
    }
  }
};

}  // namespace

struct LevenbergMarquardt::Buffers {
  explicit Buffers(Eigen::Index n)
      : J(n, n), A(n, n), normal(n, n), r(n), r_trial(n), trial(n), gradient(n), d(n), D(n) {}

  double cost() const { return 0.5 * r.squaredNorm(); }

  // Everything that (1) needs at x; false where r or J is not finite.
  bool linearize(const RestEquation& equation, std::span<const double> x) {
    equation.linearized(x, view(r), view(J));
    if (!std::isfinite(cost()) || !J.allFinite()) return false;
    normal.setZero();
    normal.selfadjointView<Eigen::Lower>().rankUpdate(J.transpose());
    normal.triangularView<Eigen::StrictlyUpper>() = normal.transpose();
    gradient.noalias() = J.transpose() * r;
    D = normal.diagonal();
    D = D.cwiseMax(std::max(1e-6 * D.maxCoeff(), std::numeric_limits<double>::min()));
    return true;
  }

  // The step (1) from point to `trial`: its gain over what the linear model promises; -1: no gain.
  double try_step(const RestEquation& equation, const Eigen::Ref<const Vector>& point,
                  double lambda) {
    A = normal;
    A.diagonal() += lambda * D;
    cholesky.compute(A);
    if (cholesky.info() != Eigen::Success) return -1;
    d = -cholesky.solve(gradient);
    if (!d.allFinite()) return -1;
    trial = point + d;
    equation.residual(view(trial), view(r_trial));
    const double promised = 0.5 * d.dot(lambda * D.cwiseProduct(d) - gradient);
    const double gain = cost() - 0.5 * r_trial.squaredNorm();
    return std::isfinite(gain) ? gain / promised : -1;
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

LevenbergMarquardt::LevenbergMarquardt(std::int64_t n) : n_(n) {}
LevenbergMarquardt::~LevenbergMarquardt() = default;
LevenbergMarquardt::LevenbergMarquardt(LevenbergMarquardt&&) noexcept = default;

DescentReport LevenbergMarquardt::minimize(const RestEquation& equation, double target,
                                           std::int64_t step_limit, std::span<double> x) {
  if (buffers_ == nullptr) buffers_ = std::make_unique<Buffers>(n_);
  Buffers& b = *buffers_;
  Eigen::Map<Vector> point(x.data(), n_);
  DescentReport report;
  const auto end = [&report](Descent outcome) {
    report.outcome = outcome;
    return report;
  };

  if (!b.linearize(equation, x)) return end(Descent::not_finite);
  Damping damping;
  double earlier_cost = b.cost();
  std::int64_t accepted = 0;
  while (true) {
    report.residual = max_norm(view(b.r));
    if (report.residual <= target) return end(Descent::small);
    if (b.cosine() < kFlatCosine || damping.lambda > kStiffest) return end(Descent::local_minimum);
    if (report.steps == step_limit) return end(Descent::step_limit);
    ++report.steps;

    const double ratio = b.try_step(equation, point, damping.lambda);
    damping.update(ratio);
    if (!(ratio > 0)) continue;
    point = b.trial;
    if (!b.linearize(equation, x)) return end(Descent::not_finite);
    if (++accepted % kPatience == 0) {
      if (b.cost() > (1 - kGain) * earlier_cost) return end(Descent::stalled);
      earlier_cost = b.cost();
    }
  }
}

}  // namespace dynkit::fixed_points
