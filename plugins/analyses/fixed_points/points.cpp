#include "points.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "dense_lu.hpp"
#include "dynkit/job.hpp"
#include "leading_directions.hpp"
#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

std::string short_number(double value) {
  std::string text(32, '\0');
  const int length = std::snprintf(text.data(), text.size(), "%.4g", value);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// The orbit has closed where it comes back to the same root.
std::int64_t smallest_period(const SystemEquation& equation, const Root& root,
                             const PointOptions& options) {
  const auto is_back = [&](const std::vector<double>& y) {
    double distance = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double unit = options.scale.empty() ? 1 : options.scale[i];
      distance = std::max(distance, std::abs(y[i] - root.x[i]) / unit);
    }
    return distance <= root.merge_radius;
  };
  std::vector<double> here = root.x, next(root.x.size());
  for (std::int64_t k = 1; k < options.period; ++k) {
    equation.step(here, next);
    here.swap(next);
    if (options.period % k == 0 && is_back(here)) return k;
  }
  return options.period;
}

// What is known of a root once F and J are evaluated there; `flaw`: why it is none.
struct Examined {
  Point point;
  std::string flaw;
};

Examined examine(const SystemEquation& equation, bool map, const Root& root,
                 const std::optional<Box>& box, const PointOptions& options) {
  const std::size_t n = root.x.size();
  Examined examined;
  Point& point = examined.point;
  point.x = root.x;
  point.hits = root.hits;

  // r = F - x with J - I, or f with J.
  std::vector<double> r(n), J(n * n);
  equation.linearized(point.x, r, J);
  point.q = 0.5 * square_norm(r);
  point.residual = max_norm(r);
  if (box) examined.flaw = outside(point.x, *box);
  const double allowed = options.tolerance * row_norm(J, n) * (1 + max_norm(point.x));
  if (examined.flaw.empty() && !(point.residual <= allowed)) {
    examined.flaw = "residual " + short_number(point.residual) + " of the full equation is above " +
                    short_number(allowed);
  }
  if (!examined.flaw.empty()) return examined;

  if (options.period > 1) point.period = smallest_period(equation, root, options);
  point.kink = root.kink;
  if (point.kink) return examined;

  // det(-J_r) = (-1)^n det J_r is det(I - J), or det(-J) of a flow.
  DenseLu lu(static_cast<std::int64_t>(n));
  lu.factor(J);
  point.index = root.sign == 0 ? 0 : lu.determinant_sign() * (n % 2 == 0 ? 1 : -1);
  if (map) {
    for (std::size_t i = 0; i < n; ++i) J[i * n + i] += 1;
  }
  point.stability = classify(J, static_cast<std::int64_t>(n), map, options.hyperbolic_tolerance);
  point.directions = leading_directions(J, point.stability.growing);
  return examined;
}

}  // namespace

std::string outside(std::span<const double> x, const Box& box) {
  const std::int64_t first = first_outside(x, box);
  if (first < 0) return "";
  const auto i = static_cast<std::size_t>(first);
  return "outside the model's domain: x[" + std::to_string(first) + "] = " + short_number(x[i]) +
         " is not in [" + short_number(box.lower[i]) + ", " + short_number(box.upper[i]) + "]";
}

double nearest_distance(std::span<const double> x, std::span<const double> given) {
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t at = 0; at < given.size(); at += x.size()) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += (given[at + i] - x[i]) * (given[at + i] - x[i]);
    }
    nearest = std::min(nearest, sum);
  }
  return std::sqrt(nearest);
}

PointSet examine_roots(const SystemEquation& equation, bool map, const std::vector<Root>& roots,
                       std::span<const double> given, const std::optional<Box>& box,
                       const PointOptions& options, const dk_host& host) {
  std::vector<Examined> all(roots.size());
  const std::int64_t grain = equation.size() >= 32 ? 1 : 16;
  parallel_for(host, static_cast<std::int64_t>(roots.size()), grain,
               [&](std::int64_t begin, std::int64_t end, std::int32_t) {
                 for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end);
                      ++k) {
                   all[k] = examine(equation, map, roots[k], box, options);
                   all[k].point.distance = nearest_distance(roots[k].x, given);
                 }
               });
  PointSet set;
  for (Examined& examined : all) {
    if (examined.flaw.empty()) {
      set.points.push_back(std::move(examined.point));
    } else {
      set.rejected.push_back({std::move(examined.point.x), 0, std::move(examined.flaw)});
    }
  }
  return set;
}

void sort_points(std::vector<Point>& points) {
  const auto before = [](const Point& a, const Point& b) {
    if (a.input != b.input) return a.input < b.input;
    if (a.stability.unstable != b.stability.unstable) {
      return a.stability.unstable < b.stability.unstable;
    }
    return std::ranges::lexicographical_compare(
        a.x, b.x, [](double u, double v) { return std::round(1e6 * u) < std::round(1e6 * v); });
  };
  std::ranges::stable_sort(points, before);
}

}  // namespace dynkit::fixed_points
