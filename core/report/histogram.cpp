#include "histogram.hpp"

#include <algorithm>
#include <cmath>

namespace dynkit::report {
namespace {

constexpr std::int64_t kMaxBins = 100;

std::vector<double> finite_sorted(const std::vector<const SeriesData*>& series) {
  std::vector<double> values;
  for (const SeriesData* data : series) {
    std::copy_if(data->x.values.begin(), data->x.values.end(), std::back_inserter(values),
                 [](double v) { return std::isfinite(v); });
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<double> edges_between(double low, double high, std::int64_t bins) {
  std::vector<double> edges;
  for (std::int64_t i = 0; i <= bins; ++i) {
    // A weighted mean, as high - low may overflow.
    const double weight = static_cast<double>(i) / static_cast<double>(bins);
    edges.push_back(low * (1.0 - weight) + high * weight);
  }
  return edges;
}

}  // namespace

std::vector<double> bin_edges(const std::vector<const SeriesData*>& series) {
  const std::vector<double> values = finite_sorted(series);
  if (values.empty()) return {};
  const double low = values.front();
  const double high = values.back();
  const bool are_whole =
      std::all_of(values.begin(), values.end(), [](double v) { return v == std::floor(v); });
  if (are_whole && high - low < static_cast<double>(kMaxBins)) {
    return edges_between(low - 0.5, high + 0.5, static_cast<std::int64_t>(high - low) + 1);
  }
  if (low == high) {
    const double half = 0.5 * std::max(std::abs(low) * 1e-3, 1e-300);
    return {low - half, high + half};
  }
  // Halves, as the range of the largest doubles overflows.
  const std::size_t count = values.size();
  const double range = 0.5 * high - 0.5 * low;
  const double quartiles = 0.5 * values[3 * (count - 1) / 4] - 0.5 * values[(count - 1) / 4];
  const double wanted =
      quartiles > 0.0 ? std::ceil(range / quartiles * 0.5 * std::cbrt(static_cast<double>(count)))
                      : 30.0;
  const double bins = std::clamp(wanted, 1.0, static_cast<double>(kMaxBins));
  return edges_between(low, high, static_cast<std::int64_t>(bins));
}

std::vector<std::vector<std::int64_t>> bin_counts(const SeriesData& data,
                                                  const std::vector<double>& edges) {
  const std::size_t groups = std::max<std::size_t>(data.grouping.names.size(), 1);
  if (edges.size() < 2) return std::vector<std::vector<std::int64_t>>(groups);
  std::vector<std::vector<std::int64_t>> counts(groups,
                                                std::vector<std::int64_t>(edges.size() - 1, 0));
  for (std::size_t i = 0; i < data.x.values.size(); ++i) {
    const double value = data.x.values[i];
    if (!std::isfinite(value)) continue;
    const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, value);
    const auto bin = static_cast<std::size_t>(above - edges.begin()) - 1;
    const std::size_t group =
        data.grouping.indices.empty() ? 0 : static_cast<std::size_t>(data.grouping.indices[i]);
    ++counts[group][bin];
  }
  return counts;
}

}  // namespace dynkit::report
