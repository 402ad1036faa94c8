// Leaves out of a figure what a screen would not show, so that a page stays small and quick.
#pragma once

#include <cstdint>

#include "series.hpp"

namespace dynkit::report {

/// What a figure draws at most. Markers in the plane are elements of an SVG, one each; lines in the
/// plane are one element, and what is in space is drawn by the graphics card.
inline constexpr std::int64_t kMaxMarkers = 5'000;
inline constexpr std::int64_t kMaxPlanePoints = 10'000;
inline constexpr std::int64_t kMaxSpacePoints = 20'000;
inline constexpr std::int64_t kMaxCells = 40'000;

/// Thins to about `budget` points or cells; nothing happens where there are not more.
///
/// Points: evenly spaced, in each group by itself, and rare groups stay complete up to 100 points.
/// Lines: some lines evenly chosen, in each group by itself, if there were fewer than 100 points
/// for each; then points of each, both ends among them: of functions y(x) the extremes in each
/// piece, so that no peak is lost, of curves evenly spaced ones. Heatmaps: means of blocks.
void thin(SeriesData& data, std::int64_t budget);

}  // namespace dynkit::report
