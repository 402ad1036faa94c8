#include "newton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kHalvings = 6;
constexpr double kSufficient = 1e-4;  // Armijo's share of the decrease that the slope promises
constexpr double kNear = 0.3;         // steps below it may end in a known root
constexpr double kChordStep = 1e-3;   // steps below it keep the factors...
constexpr double kChordShrink = 0.1;  // ...while each is ten times shorter than the last
constexpr double kStepDone = 1e-12;   // a step this short was the last
constexpr double kResidualDone =
    1e-9;                            // largest relative residual of a root that cannot be polished
constexpr double kSingular = 1e-12;  // singular values below it, relative to J, count as zero
constexpr double kFar = 1e8;         // beyond it a start is lost

}  // namespace

Newton::Newton(std::int64_t n, const NewtonOptions& options)
    : options_(options),
      lu_(n),
      r_(static_cast<std::size_t>(n)),
      r_trial_(r_.size()),
      d_(r_.size()),
      trial_(r_.size()),
      J_(r_.size() * r_.size()),
      left_(r_.size()),
      right_(r_.size()) {}

// Finds alpha and leaves x + alpha d in trial_ and its residual in r_trial_; false: no descent.
bool Newton::search_line(const RestEquation& equation, std::span<double> x, double& alpha) {
  const double before = square_norm(r_);
  alpha = 1;
  for (int halving = 0; halving <= kHalvings; ++halving, alpha *= 0.5) {
    for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + alpha * d_[i];
    equation.residual(trial_, r_trial_);
    // Along Newton's direction the slope of |r|^2 is -2 |r|^2. NaN compares false.
    if (square_norm(r_trial_) <= (1 - 2 * kSufficient * alpha) * before) return true;
  }
  return false;
}

// Whether r, which no longer falls, is as small as rounding of x lets it be, or x is a root all the
// same because the step to it is negligible.
bool Newton::at_rounding(double length, double scale) const {
  const double relative = max_norm(r_) / residual_unit_;
  return relative <= kRounding ||
         (relative <= kResidualDone && length <= std::sqrt(kEpsilon) * scale);
}

NewtonReport Newton::solve(const RestEquation& equation, const Registry* known,
                           std::span<double> x) {
  NewtonReport report;
  const auto end = [&report](NewtonEnd how) {
    report.end = how;
    return report;
  };

  double previous_step = std::numeric_limits<double>::infinity();
  bool fresh = false;  // whether the factors belong to x
  bool keep_factors = false;
  for (std::int64_t step = 0; step < options_.step_limit; ++step) {
    if (!keep_factors) {
      equation.linearized(x, r_, J_);
      // A Jacobian that is not finite shows in the step.
      if (!std::isfinite(square_norm(r_))) return end(NewtonEnd::not_finite);
      lu_.factor(J_);
      residual_unit_ = row_norm(J_, x.size()) * (1 + max_norm(x));
      ++report.factorizations;
    }
    fresh = !keep_factors;

    for (std::size_t i = 0; i < x.size(); ++i) d_[i] = -r_[i];
    lu_.solve(d_);
    const double length = max_norm(d_);
    const double scale = 1 + max_norm(x);
    if (!std::isfinite(length)) {
      return end(at_rounding(length, scale) ? NewtonEnd::converged : NewtonEnd::no_descent);
    }

    if (known != nullptr && length < kNear * scale) {
      for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + d_[i];
      report.root = known->find_capturing(trial_);
      if (report.root >= 0) return end(NewtonEnd::known_root);
    }
    if (length <= kStepDone * scale) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += d_[i];
      return end(NewtonEnd::converged);
    }

    double alpha = 1;
    if (!search_line(equation, x, alpha)) {
      if (!fresh) {  // the old factors no longer help
        keep_factors = false;
        continue;
      }
      return end(at_rounding(length, scale) ? NewtonEnd::converged : NewtonEnd::no_descent);
    }
    std::copy(trial_.begin(), trial_.end(), x.begin());
    r_.swap(r_trial_);
    if (max_norm(x) > kFar) return end(NewtonEnd::diverged);

    keep_factors =
        alpha == 1 && length < kChordStep * scale && length < kChordShrink * previous_step;
    previous_step = length;
  }
  return report;
}

void Newton::measure(const RestEquation& equation, std::span<const double> x) {
  equation.linearized(x, r_, J_);
  residual_unit_ = row_norm(J_, x.size()) * (1 + max_norm(x));
}

// Of the J that is factored: the right singular vector in right_, J times it over the singular
// value in left_. Inverse iteration on J^T J; four rounds tell the value within a few percent.
double Newton::smallest_singular_value() {
  const std::size_t n = r_.size();
  std::fill(right_.begin(), right_.end(), 1 / std::sqrt(static_cast<double>(n)));
  double inverse = 0;
  for (int round = 0; round < 4; ++round) {
    left_ = right_;
    lu_.solve_transposed(left_);
    const double length = std::sqrt(square_norm(left_));
    if (!std::isfinite(length)) return 0;
    for (double& v : left_) v /= length;
    right_ = left_;
    lu_.solve(right_);
    inverse = std::sqrt(square_norm(right_));
    if (!std::isfinite(inverse)) return 0;
    for (double& v : right_) v /= inverse;
  }
  return 1 / inverse;
}

// How far around the root r is nearly linear where it is weakest: along the singular vector v of
// the smallest singular value s, u.r(x + h v) = s h up to a quarter. Another root of a fold is 2 s
// over the curvature away, well outside.
double Newton::capture_radius(const RestEquation& equation, const std::vector<double>& x,
                              double singular_value, double widest) {
  const double longest = max_norm(right_);
  for (double radius = widest; radius > options_.merge_tolerance * (1 + max_norm(x));
       radius *= 0.25) {
    const double h = radius / longest;
    bool linear = true;
    for (const double side : {-h, h}) {
      for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + side * right_[i];
      equation.residual(trial_, r_trial_);
      const double expected = singular_value * side;
      linear = linear && std::abs(dot(left_, r_trial_) - expected) <= 0.25 * std::abs(expected);
    }
    if (linear) return radius;
  }
  return 0;
}

Root Newton::examine(const RestEquation& equation, std::span<const double> x) {
  Root root;
  root.x.assign(x.begin(), x.end());
  equation.linearized(root.x, r_, J_);
  const double scale = 1 + max_norm(x);
  root.residual = max_norm(r_);

  lu_.factor(J_);
  for (std::size_t i = 0; i < x.size(); ++i) d_[i] = -r_[i];
  lu_.solve(d_);
  const double step = max_norm(d_);
  if (std::isfinite(step) && step < options_.capture_tolerance * scale) {
    for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + d_[i];
    equation.residual(trial_, r_trial_);
    const double residual = max_norm(r_trial_);
    if (residual < root.residual) {
      root.x = trial_;
      root.residual = residual;
    }
  }

  // det(-J) = (-1)^n det J.
  root.sign = lu_.determinant_sign() * (x.size() % 2 == 0 ? 1 : -1);
  const double singular_value = smallest_singular_value();
  if (singular_value <= kSingular * row_norm(J_, x.size())) root.sign = 0;

  // A multiple root is known only up to a few of Newton's steps, which shrink slowly there.
  root.merge_radius = options_.merge_tolerance * scale;
  if (std::isfinite(step)) {
    root.merge_radius =
        std::max(root.merge_radius, std::min(10 * step, options_.capture_tolerance * scale));
  }
  root.capture_radius = std::max(
      root.merge_radius, root.sign == 0 ? 0.0
                                        : capture_radius(equation, root.x, singular_value,
                                                         options_.capture_tolerance * scale));
  return root;
}

}  // namespace dynkit::fixed_points
