// The search for all roots of r(x) = 0, in rounds of starts.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "box.hpp"
#include "dynkit/host.h"
#include "registry.hpp"
#include "rest_equation.hpp"
#include "start_solver.hpp"
#include "starts.hpp"

namespace dynkit::fixed_points {

/// When to stop. Starts that failed never count.
struct StopRule {
  std::int64_t quiet_starts = 200;    // in a row that brought nothing new, at least
  std::int64_t quiet_per_root = 8;    // and at least this many for each root
  std::int64_t hits = 3;              // of every root
  std::int64_t patience = 8;          // how many times as long to go on where hits or index miss
  std::int64_t max_starts = 1000000;  // neither is exceeded
  std::int64_t max_points = 20000;
};

struct SearchOptions {
  Method method = Method::newton;
  NewtonOptions newton;
  StopRule stop;
  std::int64_t first_starts = 64;  // from the given states, before any other kind
  std::int64_t round_starts = 64;  // of a round, at least
  std::vector<double> noise = {0.3, 0.5, 1.0};
};

struct SearchProblem {
  const RestEquation& equation;
  std::span<const double> given;  // [S,n], S >= 1
  std::optional<Box> box;         // roots outside are artefacts, and the index sum inside is +1
  std::vector<double> seeds;      // [k,n] further starts, tried first
  // Where a root leads to another (the next point of a periodic orbit): fills `next` [n].
  std::function<void(std::span<const double> x, std::span<double> next)> image;
  // Whether J jumps at a root, which then has no sign. Empty: J is continuous.
  std::function<bool(std::span<const double> x)> on_kink = {};
};

struct SearchResult {
  std::vector<Root> roots;  // in the order they were found, also those outside the box
  std::int64_t starts = 0;
  std::array<std::int64_t, kFailures.size()> failures{};
  std::int64_t rounds = 0;
  std::int64_t factorizations = 0;
  std::int64_t ceres_solves = 0;
  std::vector<double> minima;  // [k,n] where starts ended in a local minimum of |r|, k <= 64
  std::string incomplete;      // why the set may be incomplete; empty: the stop rule was met
  bool cancelled = false;

  std::int64_t failed() const;
  std::int64_t inside() const;     // roots within the box
  std::int64_t index_sum() const;  // over them
};

/// The result depends on the stream, never on the number of threads: a round is solved against the
/// roots known before it, and its ends are merged in the order of its starts.
SearchResult find_roots(const SearchProblem& problem, const SearchOptions& options,
                        const dk_host& host, const dk_stream& stream);

}  // namespace dynkit::fixed_points
