#pragma once

#include <type_traits>
#include <vector>

namespace dynkit::fixed_points {

/// One value of each element, in order.
template <class Items, class Get>
auto gather(const Items& items, Get get) {
  std::vector<std::decay_t<decltype(get(items.front()))>> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(get(item));
  return values;
}

/// One row of each element, one after the other.
template <class Items, class Get>
std::vector<double> stack(const Items& items, Get get) {
  std::vector<double> rows;
  for (const auto& item : items) {
    const std::vector<double>& row = get(item);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

}  // namespace dynkit::fixed_points
