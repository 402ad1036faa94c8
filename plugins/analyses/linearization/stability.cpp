#include "stability.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dynkit::linearization {
namespace {

// Distance beyond the limit of stability.
double excess(std::complex<double> lambda, TimeKind kind) {
  return kind == TimeKind::map ? std::abs(lambda) - 1.0 : lambda.real();
}

}  // namespace

Portrait classify(std::span<const std::complex<double>> lambda, TimeKind kind, double tolerance) {
  Portrait portrait;
  double largest = 0.0;
  for (const auto& value : lambda) {
    if (!std::isfinite(value.real()) || !std::isfinite(value.imag())) return {"undefined", 0, 0};
    largest = std::max(largest, std::abs(value));
  }
  const double margin = kind == TimeKind::map ? tolerance : tolerance * largest;
  const auto rotates = [&](std::complex<double> value) {
    return std::abs(value.imag()) > tolerance * std::abs(value);
  };
  bool is_rotation = true;
  for (const auto& value : lambda) {
    if (excess(value, kind) > margin) {
      ++portrait.unstable_directions;
    } else if (excess(value, kind) >= -margin) {
      ++portrait.center_directions;
    }
    is_rotation = is_rotation && rotates(value);
  }

  const auto n = static_cast<std::int64_t>(lambda.size());
  if (portrait.center_directions > 0) {
    const bool is_center = is_rotation && portrait.center_directions == n;
    portrait.name = is_center ? "center" : "nonhyperbolic";
  } else if (portrait.unstable_directions == 0) {
    portrait.name = rotates(lambda.front()) ? "stable_focus" : "stable_node";
  } else if (portrait.unstable_directions == n) {
    portrait.name = rotates(lambda.back()) ? "unstable_focus" : "unstable_node";
  } else {
    portrait.name = "saddle_" + std::to_string(portrait.unstable_directions);
  }
  return portrait;
}

double time_constant(std::complex<double> lambda, TimeKind kind, double step) {
  if (kind == TimeKind::flow) return 1.0 / std::abs(lambda.real());
  return step / std::abs(std::log(std::abs(lambda)));
}

double frequency(std::complex<double> lambda, TimeKind kind, double step) {
  const double angle =
      kind == TimeKind::flow ? std::abs(lambda.imag()) : std::abs(std::arg(lambda)) / step;
  return angle / (2.0 * std::numbers::pi);
}

}  // namespace dynkit::linearization
