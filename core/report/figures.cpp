#include "figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clean.hpp"
#include "dynkit/core/report.hpp"
#include "dynkit/error.hpp"
#include "histogram.hpp"
#include "series.hpp"
#include "thin.hpp"

namespace dynkit::report {
namespace {

using nlohmann::json;

std::vector<SeriesData> read_all(const Figure& figure, const ArrayMap& arrays) {
  std::vector<SeriesData> all;
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    try {
      all.push_back(read_series(figure.series[i], arrays));
    } catch (const Error& error) {
      throw Error(error.status(),
                  fmt::format("figure '{}', series {}: {}", figure.name, i, error.what()));
    }
    if (all.back().kind->is_space != all.front().kind->is_space) {
      throw Error(
          DK_INVALID_ARGUMENT,
          fmt::format("figure '{}': '{}' and '{}' cannot share one figure, as one has three "
                      "dimensions",
                      figure.name, all.front().kind->name, all.back().kind->name));
    }
  }
  return all;
}

bool is_kind(const SeriesData& data, std::string_view name) {
  return data.kind->name == name;
}

bool are_markers(const SeriesData& data) {
  return !data.kind->is_space && (is_kind(data, "scatter") || is_kind(data, "complex_plane") ||
                                  is_kind(data, "multipliers"));
}

// Thins series in proportion to their sizes; small ones stay whole.
void thin_all(std::vector<SeriesData>& all) {
  std::int64_t markers = 0;
  std::int64_t points = 0;
  for (SeriesData& data : all) {
    if (is_kind(data, "heatmap")) thin(data, kMaxCells);
    if (is_kind(data, "heatmap") || is_kind(data, "histogram")) continue;
    (are_markers(data) ? markers : points) += data.total;
  }
  for (SeriesData& data : all) {
    if (is_kind(data, "heatmap") || is_kind(data, "histogram")) continue;
    const std::int64_t sum = are_markers(data) ? markers : points;
    const std::int64_t limit = are_markers(data)     ? kMaxMarkers
                               : data.kind->is_space ? kMaxSpacePoints
                                                     : kMaxPlanePoints;
    if (sum <= limit) continue;
    const double share = static_cast<double>(data.total) / static_cast<double>(sum);
    thin(data, std::max(limit / 20, static_cast<std::int64_t>(share * static_cast<double>(limit))));
  }
}

json cleaned(const std::vector<std::string>& texts) {
  json result = json::array();
  for (const std::string& text : texts) result.push_back(clean(text));
  return result;
}

json make_rows(const Axis& z) {
  json rows = json::array();
  const auto columns = static_cast<std::ptrdiff_t>(z.shape[1]);
  for (std::ptrdiff_t i = 0; i < z.shape[0]; ++i) {
    const auto first = z.values.begin() + i * columns;
    rows.push_back(json(std::vector<double>(first, first + columns)));
  }
  return rows;
}

json make_series(const Series& series, const SeriesData& data, const std::vector<double>& edges) {
  json result = {{"kind", series.kind},
                 {"label", clean(series.label)},
                 {"axes", cleaned({series.x, series.y, series.z})},
                 {"group_by", clean(series.group)},
                 {"groups", cleaned(data.grouping.names)},
                 {"total", data.total}};
  if (is_kind(data, "histogram")) {
    result["edges"] = edges;
    result["counts"] = bin_counts(data, edges);
    return result;
  }
  if (is_kind(data, "heatmap")) {
    result["x"] = data.x.values;
    result["y"] = data.y.values;
    result["z"] = make_rows(data.z);
    result["shown"] = data.z.values.size();
    return result;
  }
  result["x"] = data.x.values;
  result["y"] = data.y.values;
  if (data.kind->is_space) result["z"] = data.z.values;
  result["shown"] = data.count();
  result["per_row"] = data.per_row;
  if (!data.lengths.empty()) {
    result["lengths"] = data.lengths;
    result["lines"] = data.total_lines;
  }
  if (!data.grouping.indices.empty()) result["group"] = data.grouping.indices;
  if (!data.grouping.numbers.empty()) result["color"] = data.grouping.numbers;
  if (!data.indices.empty()) result["indices"] = data.indices;
  return result;
}

}  // namespace

json make_figure(const Figure& figure, const ArrayMap& arrays) {
  std::vector<SeriesData> all = read_all(figure, arrays);
  thin_all(all);
  std::vector<const SeriesData*> histograms;
  for (const SeriesData& data : all) {
    if (is_kind(data, "histogram")) histograms.push_back(&data);
  }
  const std::vector<double> edges = bin_edges(histograms);
  json series = json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    series.push_back(make_series(figure.series[i], all[i], edges));
  }
  const bool is_space = !all.empty() && all.front().kind->is_space;
  return {{"name", clean(figure.name)},
          {"title", clean(figure.title)},
          {"caption", clean(figure.caption)},
          {"labels", cleaned({figure.x_label, figure.y_label, figure.z_label})},
          {"is_space", is_space},
          {"series", std::move(series)}};
}

}  // namespace dynkit::report

namespace dynkit {

void check_figure(const Figure& figure, const ArrayMap& arrays) {
  report::read_all(figure, arrays);
}

}  // namespace dynkit
