// A series with its axes read and checked, and what is left of it to be drawn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "axes.hpp"
#include "dynkit/core/result.hpp"

namespace dynkit::report {

/// What a kind of series is made of.
struct Kind {
  const char* name;
  const char* needs;  // axes among "xyz"
  const char* takes;  // the others it may have: also "g" group, "l" length
  bool is_space;      // three dimensions
};

/// Throws Error for a name that is not among the kinds of result.hpp.
const Kind& find_kind(const std::string& name);

struct SeriesData {
  const Kind* kind = nullptr;
  Axis x, y, z;
  std::vector<std::int64_t> lengths;  // [lines], they add up to the points; empty: no lines
  Grouping grouping;                  // [points], or empty
  std::vector<std::int64_t> indices;  // [points] before thinning; empty: nothing was left out
  std::int64_t per_row = 1;           // points that one row of the arrays stands for
  std::int64_t total = 0;             // points or cells before thinning
  std::int64_t total_lines = 0;

  std::int64_t count() const;  // points, or values of a histogram
};

/// Reads the axes of `series`. Throws Error, beginning with the axis, where they do not fit.
SeriesData read_series(const Series& series, const ArrayMap& arrays);

}  // namespace dynkit::report
