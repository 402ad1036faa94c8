#include "thin.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace dynkit::report {
namespace {

using Indices = std::vector<std::int64_t>;

constexpr std::int64_t kRareGroup = 100;      // points of a group that are always kept
constexpr std::int64_t kRareLines = 3;        // lines of a group that are always kept
constexpr std::int64_t kPointsPerLine = 100;  // fewer and a curve looks like a polygon

// `keep` of 0 .. count-1, evenly spaced from the first to the last.
Indices spaced(std::int64_t count, std::int64_t keep) {
  Indices chosen;
  for (std::int64_t i = 0; i < keep; ++i) {
    chosen.push_back(keep == 1 ? 0 : i * (count - 1) / (keep - 1));
  }
  return chosen;
}

// About `budget` of the items with these labels (empty: all of one kind), at least `rare` of each.
Indices choose(const std::vector<std::int32_t>& labels, std::int64_t count, std::int64_t budget,
               std::int64_t rare) {
  std::vector<Indices> members(1);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t label =
        labels.empty() ? 0 : static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
    if (label >= members.size()) members.resize(label + 1);
    members[label].push_back(i);
  }
  Indices chosen;
  for (const Indices& group : members) {
    const auto size = static_cast<std::int64_t>(group.size());
    const auto share = static_cast<double>(size) * static_cast<double>(budget) /
                       static_cast<double>(std::max<std::int64_t>(count, 1));
    const std::int64_t keep = std::min(size, std::max(rare, static_cast<std::int64_t>(share)));
    for (const std::int64_t i : spaced(size, keep)) {
      chosen.push_back(group[static_cast<std::size_t>(i)]);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

bool is_function(const SeriesData& data, std::int64_t begin, std::int64_t length) {
  const auto first = data.x.values.begin() + begin;
  return !data.kind->is_space && std::is_sorted(first, first + length);
}

// Lowest and highest y of [begin, end), in order; NaN, where a line breaks, counts as lowest.
void append_extremes(const std::vector<double>& y, std::int64_t begin, std::int64_t end,
                     Indices& chosen) {
  const auto first = y.begin() + begin;
  const auto below = [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; };
  const auto [low, high] = std::minmax_element(first, y.begin() + end, below);
  const std::int64_t a = begin + std::min(low - first, high - first);
  const std::int64_t b = begin + std::max(low - first, high - first);
  chosen.push_back(a);
  if (b != a) chosen.push_back(b);
}

// Appends about `keep` points of the line of `length` points from `begin` on.
void append_line(const SeriesData& data, std::int64_t begin, std::int64_t length, std::int64_t keep,
                 Indices& chosen) {
  if (keep >= length || length <= 4 || !is_function(data, begin, length)) {
    for (const std::int64_t i : spaced(length, std::min(keep, length))) chosen.push_back(begin + i);
    return;
  }
  const std::int64_t pieces = std::max<std::int64_t>((keep - 2) / 2, 1);
  chosen.push_back(begin);
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const std::int64_t from = begin + 1 + piece * (length - 2) / pieces;
    const std::int64_t to = begin + 1 + (piece + 1) * (length - 2) / pieces;
    if (from < to) append_extremes(data.y.values, from, to, chosen);
  }
  chosen.push_back(begin + length - 1);
}

template <class Element>
void keep_only(std::vector<Element>& values, const Indices& chosen) {
  if (values.empty()) return;
  std::vector<Element> kept;
  kept.reserve(chosen.size());
  for (const std::int64_t i : chosen) kept.push_back(values[static_cast<std::size_t>(i)]);
  values = std::move(kept);
}

void keep_points(SeriesData& data, Indices chosen) {
  for (Axis* axis : {&data.x, &data.y, &data.z}) keep_only(axis->values, chosen);
  keep_only(data.grouping.indices, chosen);
  keep_only(data.grouping.numbers, chosen);
  data.indices = std::move(chosen);
}

void thin_lines(SeriesData& data, std::int64_t budget) {
  std::vector<std::int64_t> begins(data.lengths.size());
  std::exclusive_scan(data.lengths.begin(), data.lengths.end(), begins.begin(), std::int64_t{0});
  std::vector<std::int32_t> labels;
  if (!data.grouping.indices.empty()) {
    for (std::size_t line = 0; line < begins.size(); ++line) {
      const auto first = static_cast<std::size_t>(begins[line]);
      labels.push_back(data.lengths[line] > 0 ? data.grouping.indices[first] : 0);
    }
  }
  const auto lines = static_cast<std::int64_t>(data.lengths.size());
  const std::int64_t per_line =
      std::max<std::int64_t>(std::min(kPointsPerLine, data.total / lines), 1);
  Indices chosen_lines = choose(labels, lines, std::max<std::int64_t>(budget / per_line, 1),
                                labels.empty() ? 1 : kRareLines);

  std::int64_t points = 0;
  for (const std::int64_t line : chosen_lines)
    points += data.lengths[static_cast<std::size_t>(line)];
  Indices chosen;
  std::vector<std::int64_t> lengths;
  for (const std::int64_t line : chosen_lines) {
    const std::int64_t length = data.lengths[static_cast<std::size_t>(line)];
    const auto share = static_cast<double>(length) * static_cast<double>(budget) /
                       static_cast<double>(std::max<std::int64_t>(points, 1));
    const auto before = static_cast<std::int64_t>(chosen.size());
    append_line(data, begins[static_cast<std::size_t>(line)], length,
                std::min(length, std::max<std::int64_t>(static_cast<std::int64_t>(share), 2)),
                chosen);
    lengths.push_back(static_cast<std::int64_t>(chosen.size()) - before);
  }
  data.lengths = std::move(lengths);
  keep_points(data, std::move(chosen));
}

// Mean of the finite values of a block of z; NaN where there is none.
double block_mean(const Axis& z, std::int64_t row, std::int64_t row_end, std::int64_t column,
                  std::int64_t column_end) {
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::int64_t i = row; i < row_end; ++i) {
    for (std::int64_t j = column; j < column_end; ++j) {
      const double value = z.values[static_cast<std::size_t>(i * z.shape[1] + j)];
      if (!std::isfinite(value)) continue;
      sum += value;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

// Coordinates of blocks: means of `step` neighbors; made from indices where there are none.
std::vector<double> block_centers(const std::vector<double>& values, std::int64_t count,
                                  std::int64_t step) {
  std::vector<double> centers;
  for (std::int64_t begin = 0; begin < count; begin += step) {
    const std::int64_t end = std::min(begin + step, count);
    double sum = 0.0;
    for (std::int64_t i = begin; i < end; ++i) {
      sum += values.empty() ? static_cast<double>(i) : values[static_cast<std::size_t>(i)];
    }
    centers.push_back(sum / static_cast<double>(end - begin));
  }
  return centers;
}

void thin_heatmap(SeriesData& data, std::int64_t budget) {
  const std::int64_t rows = data.z.shape[0];
  const std::int64_t columns = data.z.shape[1];
  // Square blocks as far as the shape allows: a long thin matrix is cut along its length only.
  const auto most = static_cast<std::int64_t>(std::sqrt(static_cast<double>(budget)));
  const std::int64_t kept_rows =
      rows <= columns ? std::min(rows, most) : budget / std::min(columns, most);
  const std::int64_t kept_columns =
      rows <= columns ? budget / std::min(rows, most) : std::min(columns, most);
  const std::int64_t row_step = (rows + kept_rows - 1) / kept_rows;
  const std::int64_t column_step = (columns + kept_columns - 1) / kept_columns;
  std::vector<double> means;
  for (std::int64_t i = 0; i < rows; i += row_step) {
    for (std::int64_t j = 0; j < columns; j += column_step) {
      means.push_back(block_mean(data.z, i, std::min(i + row_step, rows), j,
                                 std::min(j + column_step, columns)));
    }
  }
  data.x.values = block_centers(data.x.values, columns, column_step);
  data.y.values = block_centers(data.y.values, rows, row_step);
  data.z.values = std::move(means);
  data.z.shape = {(rows + row_step - 1) / row_step, (columns + column_step - 1) / column_step};
}

}  // namespace

void thin(SeriesData& data, std::int64_t budget) {
  if (data.total <= budget) return;
  if (!data.z.shape.empty() && !data.kind->is_space) {
    thin_heatmap(data, budget);
  } else if (!data.lengths.empty()) {
    thin_lines(data, budget);
  } else {
    keep_points(data, choose(data.grouping.indices, data.total, budget, kRareGroup));
  }
}

}  // namespace dynkit::report
