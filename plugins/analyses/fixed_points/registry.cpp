#include "registry.hpp"

#include <algorithm>
#include <cmath>

#include "norms.hpp"

namespace dynkit::fixed_points {

Registry::Registry(std::vector<double> direction) : direction_(std::move(direction)) {
  const double length = std::sqrt(square_norm(direction_));
  for (double& a : direction_) a /= length;
}

// Of the roots within `widest` of y, the nearest with distance <= radius(root).
template <class Radius>
std::int64_t Registry::find(std::span<const double> y, double widest, Radius radius) const {
  const double center = dot(direction_, y);
  const double window = widest * std::sqrt(static_cast<double>(y.size()));
  auto entry = std::lower_bound(projections_.begin(), projections_.end(),
                                std::pair<double, std::int64_t>(center - window, 0));
  std::int64_t nearest = -1;
  double smallest = 0;
  for (; entry != projections_.end() && entry->first <= center + window; ++entry) {
    const Root& root = roots_[static_cast<std::size_t>(entry->second)];
    const double distance = max_distance(root.x, y);
    if (distance > radius(root)) continue;
    if (nearest < 0 || distance < smallest) {
      nearest = entry->second;
      smallest = distance;
    }
  }
  return nearest;
}

std::int64_t Registry::find_capturing(std::span<const double> y) const {
  return find(y, widest_capture_, [](const Root& root) { return root.capture_radius; });
}

std::int64_t Registry::find_same(std::span<const double> y, double radius) const {
  return find(y, std::max(widest_merge_, radius),
              [radius](const Root& root) { return std::max(root.merge_radius, radius); });
}

void Registry::add(Root root) {
  const std::pair<double, std::int64_t> entry(dot(direction_, root.x), size());
  projections_.insert(std::upper_bound(projections_.begin(), projections_.end(), entry), entry);
  widest_capture_ = std::max(widest_capture_, root.capture_radius);
  widest_merge_ = std::max(widest_merge_, root.merge_radius);
  roots_.push_back(std::move(root));
}

}  // namespace dynkit::fixed_points
