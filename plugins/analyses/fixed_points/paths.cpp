#include "paths.hpp"

#include <algorithm>
#include <cmath>

namespace dynkit::fixed_points {

namespace {

constexpr std::int64_t kMostPaths = 32;
constexpr std::int64_t kLeastPaths = 8;   // of that many, where all are long
constexpr std::int64_t kMostRows = 4000;  // of all together
constexpr double kSpacing = 1.0 / 256;    // of the extents, between two rows
constexpr double kFlat = 1e-9;            // of the largest extent
constexpr std::int64_t kChunk = 256;

struct Path {
  std::vector<double> rows;  // [R,k]
  double travelled = 0;      // sum of its steps, relative to the extents
  std::int64_t steps = 0;
  bool is_cut = false;
};

// Rows of [T,n] before the first that is not finite.
std::int64_t finite_count(std::span<const double> rows, std::int64_t n) {
  const auto bad = std::ranges::find_if(rows, [](double v) { return !std::isfinite(v); });
  return (bad - rows.begin()) / n;
}

// Appends what a picture needs of `next` [R,k], which follow `last`, the row before them.
void extend(Path& path, std::span<const double> next, std::size_t k, const Extents& extents,
            std::vector<double>& last) {
  for (std::size_t at = 0; at < next.size(); at += k) {
    const double* const row = next.data() + at;
    const bool is_first = path.rows.empty();
    if (!is_first) {
      path.travelled += extents.distance(row, last.data());
      ++path.steps;
    }
    last.assign(row, row + k);
    const double* const drawn = path.rows.data() + path.rows.size() - (is_first ? 0 : k);
    if (!is_first && extents.distance(row, drawn) < kSpacing) continue;
    path.rows.insert(path.rows.end(), row, row + k);
  }
}

// trajectory [T,n]
Path follow(std::span<const double> trajectory, std::int64_t n, const Projection& projection,
            const Extents& extents) {
  const auto k = static_cast<std::size_t>(projection.dimensions());
  const auto most = static_cast<std::size_t>(kMostRows / kLeastPaths) * k;
  const std::int64_t T = finite_count(trajectory, n);
  Path path;
  std::vector<double> last;
  std::int64_t t = 0, count = 0;
  for (; t < T && path.rows.size() < most; t += count) {
    count = std::min(kChunk, T - t);
    const auto chunk =
        trajectory.subspan(static_cast<std::size_t>(t * n), static_cast<std::size_t>(count * n));
    extend(path, projection.apply(chunk), k, extents, last);
  }
  path.is_cut = t < T || path.rows.size() > most;
  const auto size = static_cast<std::ptrdiff_t>(last.size());
  if (path.is_cut) {
    path.rows.resize(most);
  } else if (!std::equal(last.begin(), last.end(), path.rows.end() - size)) {
    path.rows.insert(path.rows.end(), last.begin(), last.end());
  }
  return path;
}

}  // namespace

void Extents::include(std::span<const double> rows) {
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const std::size_t axis = at % k_;
    lower_[axis] = is_empty_ ? rows[at] : std::min(lower_[axis], rows[at]);
    upper_[axis] = is_empty_ ? rows[at] : std::max(upper_[axis], rows[at]);
    if (axis + 1 == k_) is_empty_ = false;
  }
}

double Extents::along(std::size_t axis) const {
  const double extent = upper_[axis] - lower_[axis], most = largest();
  return extent > kFlat * most ? extent : most;
}

double Extents::largest() const {
  double most = 0;
  for (std::size_t axis = 0; axis < k_; ++axis) most = std::max(most, upper_[axis] - lower_[axis]);
  return most > 0 ? most : 1;
}

double Extents::distance(const double* a, const double* b) const {
  double most = 0;
  for (std::size_t axis = 0; axis < k_; ++axis) {
    most = std::max(most, std::abs(a[axis] - b[axis]) / along(axis));
  }
  return most;
}

Paths draw_paths(const Trajectories& trajectories, const Projection& projection,
                 const Extents& extents) {
  const std::int64_t S = trajectories.S, chosen = std::min(S, kMostPaths);
  const auto size = S > 0 ? trajectories.states.size() / static_cast<std::size_t>(S) : 0;
  const std::int64_t n = S > 0 ? static_cast<std::int64_t>(size) / trajectories.T : 0;
  Paths paths;
  std::vector<Path> all;
  std::int64_t rows = 0;
  double travelled = 0, steps = 0;
  for (std::int64_t i = 0; i < chosen; ++i) {
    const auto begin = static_cast<std::size_t>(i * S / chosen) * size;
    Path path = follow(trajectories.states.subspan(begin, size), n, projection, extents);
    rows += static_cast<std::int64_t>(path.rows.size()) / projection.dimensions();
    travelled += path.travelled;
    steps += static_cast<double>(path.steps);
    paths.are_cut = paths.are_cut || path.is_cut;
    const bool is_line = static_cast<std::int64_t>(path.rows.size()) > projection.dimensions();
    if (is_line) all.push_back(std::move(path));
  }
  paths.mean_step = steps > 0 ? travelled / steps : 0;
  const auto stride = static_cast<std::size_t>((rows + kMostRows - 1) / kMostRows);
  for (std::size_t i = 0; i < all.size(); i += std::max<std::size_t>(stride, 1)) {
    const std::vector<double>& own = all[i].rows;
    paths.rows.insert(paths.rows.end(), own.begin(), own.end());
    paths.lengths.push_back(static_cast<std::int64_t>(own.size()) / projection.dimensions());
  }
  return paths;
}

}  // namespace dynkit::fixed_points
