#include "series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "dynkit/error.hpp"

namespace dynkit::report {
namespace {

constexpr Kind kKinds[] = {
    {"line", "y", "xgl", false},         {"scatter", "xy", "g", false},
    {"lines3d", "xyz", "gl", true},      {"scatter3d", "xyz", "g", true},
    {"heatmap", "z", "xy", false},       {"histogram", "x", "g", false},
    {"complex_plane", "x", "yg", false}, {"multipliers", "x", "yg", false},
};

bool has(const char* letters, char letter) {
  return std::strchr(letters, letter) != nullptr;
}

void check_use(const Kind& kind, char letter, const char* role, const std::string& reference) {
  if (reference.empty() && has(kind.needs, letter)) {
    throw Error(DK_INVALID_ARGUMENT, fmt::format("{}: kind '{}' needs one", role, kind.name));
  }
  if (!reference.empty() && !has(kind.needs, letter) && !has(kind.takes, letter)) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("{} '{}': kind '{}' takes none", role, reference, kind.name));
  }
}

void check_count(const char* role, const std::string& reference, std::size_t count,
                 std::int64_t points) {
  if (static_cast<std::int64_t>(count) != points) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("{} '{}': has {} values where {} are needed", role,
                                               reference, count, points));
  }
}

// Repeats one row's abscissa, x [T], for each row of y [S,T].
void repeat_abscissa(Axis& x, const Axis& y) {
  const auto row = static_cast<std::size_t>(y.row());
  if (y.shape.size() < 2 || x.values.size() != row || x.values.size() == y.values.size()) return;
  std::vector<double> repeated;
  repeated.reserve(y.values.size());
  while (repeated.size() < y.values.size()) {
    repeated.insert(repeated.end(), x.values.begin(), x.values.end());
  }
  x = Axis{std::move(repeated), y.shape};
}

void read_points(const Series& series, const ArrayMap& arrays, SeriesData& data) {
  if (!series.y.empty()) data.y = read_axis(arrays, series.y, "y");
  if (!series.z.empty()) data.z = read_axis(arrays, series.z, "z");
  if (series.x.empty()) {
    data.x = Axis{std::vector<double>(static_cast<std::size_t>(data.y.row())), {data.y.row()}};
    std::iota(data.x.values.begin(), data.x.values.end(), 0.0);
  } else {
    data.x = read_axis(arrays, series.x, "x");
  }
  if (std::strcmp(data.kind->name, "line") == 0) repeat_abscissa(data.x, data.y);
  if (!series.y.empty()) check_count("y", series.y, data.y.values.size(), data.count());
  if (!series.z.empty()) check_count("z", series.z, data.z.values.size(), data.count());
}

void read_complex_points(const Series& series, const ArrayMap& arrays, SeriesData& data) {
  if (is_complex(arrays, series.x)) {
    if (!series.y.empty()) {
      throw Error(DK_INVALID_ARGUMENT,
                  fmt::format("y '{}': x '{}' is complex already", series.y, series.x));
    }
    read_complex(arrays, series.x, data.x, data.y);
  } else if (series.y.empty()) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("y: the imaginary parts are needed, as x '{}' is real", series.x));
  } else {
    read_points(series, arrays, data);
  }
}

void read_heatmap(const Series& series, const ArrayMap& arrays, SeriesData& data) {
  data.z = read_axis(arrays, series.z, "z");
  if (data.z.shape.size() != 2) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("z '{}': has {} dimensions where 2 are needed",
                                               series.z, data.z.shape.size()));
  }
  data.total = static_cast<std::int64_t>(data.z.values.size());
  if (!series.x.empty()) {
    data.x = read_axis(arrays, series.x, "x");
    check_count("x", series.x, data.x.values.size(), data.z.shape[1]);
  }
  if (!series.y.empty()) {
    data.y = read_axis(arrays, series.y, "y");
    check_count("y", series.y, data.y.values.size(), data.z.shape[0]);
  }
}

void read_lines(const Series& series, const ArrayMap& arrays, SeriesData& data) {
  const std::int64_t points = data.count();
  if (series.length.empty()) {
    const Axis& stacked = data.kind->is_space ? data.x : data.y;
    const std::int64_t row = std::max<std::int64_t>(stacked.row(), 1);
    data.lengths.assign(static_cast<std::size_t>(points / row), row);
    return;
  }
  std::int64_t sum = 0;
  for (const double length : read_axis(arrays, series.length, "length").values) {
    const bool is_count = length >= 0.0 && length <= static_cast<double>(points);
    const std::int64_t whole = is_count ? static_cast<std::int64_t>(length) : 0;
    if (!is_count || static_cast<double>(whole) != length) {
      throw Error(DK_INVALID_ARGUMENT,
                  fmt::format("length '{}': {} is not a whole number in [0, {}]", series.length,
                              length, points));
    }
    data.lengths.push_back(whole);
    sum += whole;
  }
  if (sum != points) {
    throw Error(DK_SHAPE_MISMATCH, fmt::format("length '{}': the lines have {} points, x has {}",
                                               series.length, sum, points));
  }
}

// The labels of points, from one for each point, for each line or for each row of the arrays.
template <class Element>
std::vector<Element> spread(const std::vector<Element>& labels, const SeriesData& data) {
  const auto points = static_cast<std::size_t>(data.count());
  if (labels.size() == points) return labels;
  std::vector<Element> result;
  result.reserve(points);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t repeats = labels.size() == data.lengths.size()
                                    ? static_cast<std::size_t>(data.lengths[i])
                                    : points / labels.size();
    result.insert(result.end(), repeats, labels[i]);
  }
  return result;
}

void read_group(const Series& series, const ArrayMap& arrays, SeriesData& data) {
  Grouping grouping = read_grouping(arrays, series.group);
  const std::size_t labels = std::max(grouping.indices.size(), grouping.numbers.size());
  const bool is_rows =
      data.x.shape.size() >= 2 && static_cast<std::int64_t>(labels) == data.x.shape.front();
  if (labels != data.lengths.size() && !is_rows) {
    check_count("group", series.group, labels, data.count());
  }
  grouping.indices = grouping.indices.empty() ? grouping.indices : spread(grouping.indices, data);
  grouping.numbers = grouping.numbers.empty() ? grouping.numbers : spread(grouping.numbers, data);
  data.grouping = std::move(grouping);
}

}  // namespace

std::int64_t SeriesData::count() const {
  return static_cast<std::int64_t>(x.values.size());
}

const Kind& find_kind(const std::string& name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind;
  }
  throw Error(DK_UNSUPPORTED, fmt::format("kind '{}': is not one that this version draws", name));
}

SeriesData read_series(const Series& series, const ArrayMap& arrays) {
  SeriesData data;
  data.kind = &find_kind(series.kind);
  check_use(*data.kind, 'x', "x", series.x);
  check_use(*data.kind, 'y', "y", series.y);
  check_use(*data.kind, 'z', "z", series.z);
  check_use(*data.kind, 'g', "group", series.group);
  check_use(*data.kind, 'l', "length", series.length);

  if (series.kind == "heatmap") {
    read_heatmap(series, arrays, data);
    return data;
  }
  if (series.kind == "complex_plane" || series.kind == "multipliers") {
    read_complex_points(series, arrays, data);
  } else {
    read_points(series, arrays, data);
  }
  data.total = data.count();
  if (data.x.shape.size() >= 2 && data.x.shape.front() > 0) {
    data.per_row = data.total / data.x.shape.front();
  }
  if (has(data.kind->takes, 'l')) read_lines(series, arrays, data);
  data.total_lines = static_cast<std::int64_t>(data.lengths.size());
  if (!series.group.empty()) read_group(series, arrays, data);
  return data;
}

}  // namespace dynkit::report
