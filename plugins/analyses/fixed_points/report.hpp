#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/job.hpp"
#include "points.hpp"
#include "portrait.hpp"
#include "slow_points.hpp"
#include "start_solver.hpp"

namespace dynkit::fixed_points {

/// A slow point of one input.
struct Slow {
  SlowPoint point;
  std::int64_t input = 0;
  double distance = -1;  // to the nearest given state
};

/// What the Brouwer degree says of the points of one input.
enum class IndexCheck { consistent, violated, not_applicable };
const char* describe(IndexCheck check);

/// Everything that one run found, for all inputs.
struct Report {
  std::int64_t n = 0;
  std::int64_t period = 1;
  bool map = true;
  std::vector<Point> points;
  std::vector<Slow> slow;
  std::vector<Rejected> rejected;
  std::vector<std::int64_t> index_sums;  // one an input
  std::vector<IndexCheck> index_checks;  // one an input
  std::vector<std::string> incomplete;   // one an input; empty text: the stop rule was met
  std::array<std::int64_t, kFailures.size()> failures{};
  std::int64_t starts = 0;
  std::int64_t rounds = 0;
  std::int64_t factorizations = 0;
  double seconds = 0;
  bool exact_derivative = true;
  bool balanced = false;
};

/// Puts arrays, summary values, tables, figure and text; the surroundings are for the figure.
void put_report(const Report& report, const Surroundings& surroundings, const Sink& sink);

}  // namespace dynkit::fixed_points
