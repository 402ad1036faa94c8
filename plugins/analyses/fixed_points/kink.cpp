#include "kink.hpp"

#include <algorithm>

#include "norms.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr std::size_t kPairs = 4;

// Relative to 1 + max |x_i|: far beyond the accuracy of a root, and too short for curvature.
constexpr double kReach = 1e-8;

constexpr double kJump = 1e-6;  // smallest change of J, relative to its norm, that is a jump

}  // namespace

std::vector<double> kink_directions(const dk_host& host, dk_stream stream, std::int64_t n) {
  const auto size = static_cast<std::size_t>(n);
  std::vector<double> directions(2 * kPairs * size);
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    const std::span<double> there = std::span(directions).subspan(2 * pair * size, size);
    host.normal(&host, &stream, n, there.data());
    std::ranges::transform(there, there.data() + size, [](double v) { return -v; });
  }
  return directions;
}

bool on_kink(const RestEquation& equation, std::span<const double> x,
             std::span<const double> directions) {
  const std::size_t n = x.size();
  std::vector<double> r(n), J(n * n), moved(n), J_moved(n * n);
  equation.linearized(x, r, J);
  const double reach = kReach * (1 + max_norm(x));
  const auto change = [&](std::span<const double> direction, double length) {
    const double step = length / max_norm(direction);
    for (std::size_t i = 0; i < n; ++i) moved[i] = x[i] + step * direction[i];
    equation.linearized(moved, r, J_moved);
    for (std::size_t k = 0; k < J.size(); ++k) J_moved[k] -= J[k];
    return row_norm(J_moved, n);
  };
  for (std::size_t at = 0; at < directions.size(); at += n) {
    const std::span<const double> direction = directions.subspan(at, n);
    const double far = change(direction, reach);
    if (far <= kJump * row_norm(J, n)) continue;
    if (change(direction, 0.1 * reach) >= 0.5 * far) return true;
  }
  return false;
}

}  // namespace dynkit::fixed_points
