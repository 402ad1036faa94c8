#include "newton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kHalvings = 6;
constexpr double kSufficient = 1e-4;    // Armijo's share of the decrease that the slope promises
constexpr double kNear = 0.3;           // steps below it may end in a known root
constexpr double kChordStep = 1e-3;     // steps below it keep the factors...
constexpr double kChordShrink = 0.1;    // ...while each is ten times shorter than the last
constexpr double kStepDone = 1e-12;     // a step this short was the last
constexpr double kSingular = 1e-12;     // singular values below it, relative to J, count as zero
constexpr double kShortStep = 1e-9;     // relative; changes r by rounding only at multiple roots
constexpr double kTinyStep = 1e-14;     // relative; some tens of the rounding of x
constexpr double kLinear = 0.25;        // miss of a chord step, relative to how far off it started
constexpr double kResidualDone = 1e-9;  // units of residual, of a root that cannot be polished
constexpr double kMargin = 8;  // times its accuracy: ends of starts at one root differ by less
constexpr double kFar = 1e8;   // beyond it a start is lost

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
      right_(r_.size()),
      steepest_(r_.size()) {}

// The first alpha of 1, 1/2, ... that lowers |r|, with x + alpha d_ in trial_ and its residual in
// r_trial_; 0: none does.
double Newton::search_line(const RestEquation& equation, std::span<const double> x) {
  const double before = square_norm(r_);
  double alpha = 1;
  for (int halving = 0; halving <= kHalvings; ++halving, alpha *= 0.5) {
    try_step(x, alpha);
    equation.residual(trial_, r_trial_);
    // Along Newton's direction the slope of |r|^2 is -2 |r|^2. NaN compares false.
    if (square_norm(r_trial_) <= (1 - 2 * kSufficient * alpha) * before) return alpha;
  }
  return 0;
}

// Whether r, which no longer falls, is as small as rounding of x lets it be, or x is a root all the
// same because the step to it is negligible.
bool Newton::at_rounding(double length, double scale) const {
  const double relative = max_norm(r_) / residual_unit_;
  return relative <= kRounding ||
         (relative <= kResidualDone && length <= std::sqrt(kEpsilon) * scale);
}

// r_, J_ and the factors at x; false: r is not finite. A Jacobian that is not finite shows in d_.
bool Newton::linearize(const RestEquation& equation, std::span<const double> x) {
  measure(equation, x);
  if (!std::isfinite(square_norm(r_))) return false;
  lu_.factor(J_);
  return true;
}

// d_ = -J^-1 r_; its length.
double Newton::find_direction() {
  for (std::size_t i = 0; i < d_.size(); ++i) d_[i] = -r_[i];
  lu_.solve(d_);
  return max_norm(d_);
}

// trial_ = x + alpha d_
void Newton::try_step(std::span<const double> x, double alpha) {
  for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + alpha * d_[i];
}

NewtonReport Newton::solve(const RestEquation& equation, const Registry* known,
                           std::span<double> x) {
  NewtonReport report;
  const auto end = [&report](NewtonEnd how) {
    report.end = how;
    return report;
  };

  double previous_length = std::numeric_limits<double>::infinity();
  bool keep_factors = false;
  for (std::int64_t step = 0; step < options_.step_limit; ++step) {
    if (!keep_factors) {
      if (!linearize(equation, x)) return end(NewtonEnd::not_finite);
      ++report.factorizations;
    }
    const double length = find_direction();
    const double scale = 1 + max_norm(x);
    if (!std::isfinite(length)) {
      return end(at_rounding(length, scale) ? NewtonEnd::converged : NewtonEnd::no_descent);
    }

    if (known != nullptr && length < kNear * scale) {
      try_step(x, 1);
      report.root = known->find_capturing(trial_);
      if (report.root >= 0) return end(NewtonEnd::known_root);
    }
    if (length <= kStepDone * scale) {
      try_step(x, 1);
      std::ranges::copy(trial_, x.begin());
      return end(NewtonEnd::converged);
    }

    const double alpha = search_line(equation, x);
    if (alpha == 0 && keep_factors) {  // the old factors no longer help
      keep_factors = false;
      continue;
    }
    if (alpha == 0) {
      return end(at_rounding(length, scale) ? NewtonEnd::converged : NewtonEnd::no_descent);
    }
    std::ranges::copy(trial_, x.begin());
    r_.swap(r_trial_);
    if (max_norm(x) > kFar) return end(NewtonEnd::diverged);

    keep_factors =
        alpha == 1 && length < kChordStep * scale && length < kChordShrink * previous_length;
    previous_length = length;
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

// Of J_ in steepest_, up to its length: the right singular vector of the largest singular value.
void Newton::find_steepest() {
  const std::size_t n = r_.size();
  std::fill(steepest_.begin(), steepest_.end(), 1.0);
  for (int round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < n; ++i)
      r_trial_[i] = dot(std::span(J_).subspan(i * n, n), steepest_);
    std::fill(trial_.begin(), trial_.end(), 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) trial_[j] += J_[i * n + j] * r_trial_[i];
    }
    const double longest = max_norm(trial_);
    if (!(longest > 0) || !std::isfinite(longest)) return;
    for (std::size_t i = 0; i < n; ++i) steepest_[i] = trial_[i] / longest;
  }
}

// A chord step from x + h w, w the direction in units of its max-norm: how far from x it ends. At a
// root it would be 0, were r linear and free of rounding.
double Newton::chord_miss(const RestEquation& equation, const std::vector<double>& x,
                          const std::vector<double>& direction, double h) {
  const double longest = max_norm(direction);
  for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + h * (direction[i] / longest);
  equation.residual(trial_, r_trial_);
  lu_.solve(r_trial_);
  for (std::size_t i = 0; i < x.size(); ++i) r_trial_[i] -= trial_[i] - x[i];
  return max_norm(r_trial_);
}

// How precisely x is known: by how much chord steps from starts so near that they differ by
// rounding alone disagree with it, along the singular vector that rounding shows most in.
double Newton::accuracy(const RestEquation& equation, const std::vector<double>& x) {
  const double unit = 1 + max_norm(x);
  double widest = kEpsilon * max_norm(x);
  for (int k = -4; k <= 4; ++k) {
    const double miss = chord_miss(equation, x, right_, k * kTinyStep * unit);
    if (!std::isfinite(miss)) return std::numeric_limits<double>::infinity();
    widest = std::max(widest, miss);
  }
  return widest;
}

// How far around the root chord steps come four times nearer to it, at each side along the singular
// vectors of the smallest singular value, where a fold has its other root, and of the largest,
// where the next point of a long orbit may be. 0: not as far as `narrowest`.
double Newton::capture_radius(const RestEquation& equation, const std::vector<double>& x,
                              double narrowest, double widest) {
  for (double radius = widest; radius > narrowest; radius *= 0.25) {
    bool linear = true;
    for (const std::vector<double>* direction : {&right_, &steepest_}) {
      for (const double side : {-radius, radius}) {
        linear = linear && chord_miss(equation, x, *direction, side) <= kLinear * radius;
      }
    }
    if (linear) return radius;
  }
  return 0;
}

// How far from a multiple root rounding hides its residual: points that near are the same one.
// Along the singular vector v; rounding shows in steps too short to change r otherwise.
double Newton::blurred_radius(const RestEquation& equation, const std::vector<double>& x,
                              double smallest) {
  const auto residual_at = [&](double h) {
    for (std::size_t i = 0; i < x.size(); ++i) trial_[i] = x[i] + h * right_[i];
    equation.residual(trial_, r_trial_);
    return std::abs(dot(left_, r_trial_));
  };
  const double longest = max_norm(right_);
  const double unit = 1 + max_norm(x);
  double noise = 0;
  for (int k = -4; k <= 4; ++k) {
    noise = std::max(noise, residual_at(k * kShortStep * unit / longest));
  }
  double radius = smallest;
  while (radius < options_.capture_tolerance * unit &&
         std::min(residual_at(radius / longest), residual_at(-radius / longest)) <= 4 * noise) {
    radius *= 4;
  }
  return radius;
}

Root Newton::examine(const RestEquation& equation, std::span<const double> x) {
  Root root;
  root.x.assign(x.begin(), x.end());
  linearize(equation, root.x);
  const double scale = 1 + max_norm(x);
  root.residual = max_norm(r_);
  const double step = find_direction();
  if (std::isfinite(step) && step < options_.capture_tolerance * scale) {
    try_step(x, 1);
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

  root.merge_radius = options_.merge_tolerance * scale;
  if (singular_value == 0) return root;
  find_steepest();
  const double narrowest = kMargin * accuracy(equation, root.x);
  root.capture_radius =
      capture_radius(equation, root.x, narrowest, options_.capture_tolerance * scale);
  if (root.capture_radius > 0) {  // no other root that near
    root.merge_radius = std::max(std::min(root.merge_radius, root.capture_radius), narrowest);
  } else {  // J does not tell this root from its surroundings
    root.sign = 0;
    root.merge_radius = blurred_radius(equation, root.x, root.merge_radius);
  }
  root.capture_radius = std::max(root.capture_radius, root.merge_radius);
  return root;
}

// The residual is negligible in units of J, or, where J vanishes (multiple roots), no more than
// what rounding of x does to it.
bool Newton::is_root(const RestEquation& equation, const Root& root) {
  if (root.residual <= kResidualDone * residual_unit_) return true;
  const double unit = 1 + max_norm(root.x);
  equation.residual(root.x, r_);
  double noise = 0;
  for (int k = -4; k <= 4; ++k) {
    for (std::size_t i = 0; i < trial_.size(); ++i) trial_[i] = root.x[i] + k * kTinyStep * unit;
    equation.residual(trial_, r_trial_);
    noise = std::max(noise, max_distance(r_trial_, r_));
  }
  return root.residual <= kMargin * noise;
}

}  // namespace dynkit::fixed_points
