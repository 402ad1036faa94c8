#include "slow_points.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "dynkit/job.hpp"
#include "levenberg_marquardt.hpp"
#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr std::int64_t kDescentSteps = 100;
constexpr int kNewtonSteps = 40;
constexpr double kDone = 1e-8;        // relative length of the last step
constexpr double kDifference = 1e-5;  // step of the central differences, relative
constexpr double kFirstShift = 1e-6;  // of H where it is not positive definite, relative

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

std::span<double> view(Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}
std::span<const double> view(const Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

// Newton's iteration on g = 0, downhill in q.
class SpeedMinimizer {
 public:
  explicit SpeedMinimizer(const RestEquation& equation)
      : equation_(equation),
        n_(equation.size()),
        r_(n_),
        J_(static_cast<std::size_t>(n_ * n_)),
        H_(n_, n_) {}

  // Moves x to a strict local minimum with q above `slowest`; nothing: there is none downhill.
  std::optional<SlowPoint> minimize(Vector x, double slowest) {
    Vector g = gradient(x);
    for (int step = 0; step < kNewtonSteps; ++step) {
      const double q = 0.5 * r_.squaredNorm();
      if (!(q > slowest) || !g.allFinite()) return std::nullopt;
      difference_hessian(x);
      const bool definite = factor();
      const Vector d = -cholesky_.solve(g);
      const double length = d.lpNorm<Eigen::Infinity>();
      const double scale = 1 + x.lpNorm<Eigen::Infinity>();
      if (definite && length <= kDone * scale) return finish(x + d, q);
      if (!search_line(x, d, g.dot(d), q)) {
        if (definite && length <= std::sqrt(kDone) * scale) return finish(x, q);
        return std::nullopt;
      }
      g = gradient(x);
    }
    return std::nullopt;
  }

 private:
  Vector gradient(const Vector& x) {
    equation_.linearized(view(x), view(r_), J_);
    // By rows, hence by columns its transpose.
    return Eigen::Map<const Matrix>(J_.data(), n_, n_) * r_;
  }

  void difference_hessian(const Vector& x) {
    Vector shifted = x;
    for (Eigen::Index k = 0; k < n_; ++k) {
      const double h = kDifference * (1 + std::abs(x[k]));
      shifted[k] = x[k] + h;
      H_.col(k) = gradient(shifted);
      shifted[k] = x[k] - h;
      H_.col(k) = (H_.col(k) - gradient(shifted)) / (2 * h);
      shifted[k] = x[k];
    }
    H_ = 0.5 * (H_ + H_.transpose()).eval();
  }

  // Factors H, or H plus a multiple of I that makes it positive definite; whether H itself is.
  bool factor() {
    const double size = std::max(H_.cwiseAbs().maxCoeff(), std::numeric_limits<double>::min());
    cholesky_.compute(H_);
    bool definite = cholesky_.info() == Eigen::Success;
    for (double shift = kFirstShift * size;
         cholesky_.info() != Eigen::Success && shift < 1e6 * size; shift *= 10) {
      cholesky_.compute(H_ + shift * Matrix::Identity(n_, n_));
    }
    return definite;
  }

  bool search_line(Vector& x, const Vector& d, double slope, double q) {
    Vector trial(n_), r(n_);
    for (double alpha = 1; alpha > 1e-6; alpha *= 0.5) {
      trial = x + alpha * d;
      equation_.residual(view(trial), view(r));
      if (0.5 * r.squaredNorm() <= q + 1e-4 * alpha * slope) {
        x = trial;
        return true;
      }
    }
    return false;
  }

  std::optional<SlowPoint> finish(const Vector& x, double before) {
    SlowPoint point;
    point.gradient = gradient(x).lpNorm<Eigen::Infinity>();
    point.q = 0.5 * r_.squaredNorm();
    if (!(point.q <= before * (1 + 1e-6))) return std::nullopt;
    point.x.assign(x.begin(), x.end());
    return point;
  }

  const RestEquation& equation_;
  Eigen::Index n_;
  Vector r_;
  std::vector<double> J_;
  Matrix H_;
  Eigen::LLT<Matrix> cholesky_;
};

std::optional<SlowPoint> descend(const RestEquation& equation, std::span<const double> start,
                                 const SlowOptions& options) {
  Vector x = Eigen::Map<const Vector>(start.data(), static_cast<Eigen::Index>(start.size()));
  LevenbergMarquardt descent(equation.size());
  const DescentReport report =
      descent.minimize(equation, std::sqrt(2 * options.slowest), kDescentSteps, view(x));
  if (report.outcome == Descent::small || report.outcome == Descent::not_finite) {
    return std::nullopt;
  }
  // Fast points are not worth a Hessian each step; the slope still ahead cannot be large.
  if (0.5 * report.residual * report.residual > 10 * options.fastest) return std::nullopt;
  std::optional<SlowPoint> point = SpeedMinimizer(equation).minimize(x, options.slowest);
  if (point && point->q > options.fastest) return std::nullopt;
  return point;
}

}  // namespace

std::vector<SlowPoint> find_slow_points(const RestEquation& equation,
                                        std::span<const double> starts, const SlowOptions& options,
                                        const dk_host& host) {
  const auto n = static_cast<std::size_t>(equation.size());
  std::vector<std::optional<SlowPoint>> ends(starts.size() / n);
  parallel_for(host, static_cast<std::int64_t>(ends.size()), 1,
               [&](std::int64_t begin, std::int64_t end, std::int32_t) {
                 for (auto s = static_cast<std::size_t>(begin); s < static_cast<std::size_t>(end);
                      ++s) {
                   if (host.cancelled(&host) != 0) return;
                   ends[s] = descend(equation, starts.subspan(s * n, n), options);
                 }
               });

  std::vector<SlowPoint> found;
  for (const std::optional<SlowPoint>& end : ends) {
    if (!end) continue;
    const auto same = std::ranges::find_if(found, [&](const SlowPoint& point) {
      return max_distance(point.x, end->x) <= options.merge_tolerance * (1 + max_norm(end->x));
    });
    if (same == found.end()) {
      found.push_back(*end);
    } else {
      ++same->hits;
    }
  }
  std::ranges::stable_sort(found, {}, &SlowPoint::q);
  return found;
}

}  // namespace dynkit::fixed_points
