// report.html: a run's results as one page that needs nothing else, not even a network.
#pragma once

#include <string>
#include <vector>

#include "dynkit/core/result.hpp"

namespace dynkit {

/// A run as it is shown.
struct RunRecord {
  std::string title;
  std::string experiment;  // the experiment file as given (TOML)
  std::vector<NamedText>
      provenance;                   // versions, seed, machine, threads, hashes, wall time: as shown
  std::vector<StageResult> stages;  // in the order they ran
};

/// Throws Error where `figure` cannot be drawn from `arrays`: an unknown kind, an array or column
/// that is not there, lengths that do not fit. The message names the figure and the axis. For the
/// end of a stage, so that its author hears of it; a report shows the message in the figure's
/// place.
void check_figure(const Figure& figure, const ArrayMap& arrays);

/// Throws Error where a column is not of rank 1 or not as long as the first.
void check_table(const Table& table);

/// The page, UTF-8. Plotly stands in it, packed, when there are figures. All text of the record is
/// shown as text, whatever it contains. Figures and tables beyond some ten thousand numbers are
/// thinned out, and say so.
std::string render_report(const RunRecord& run);

}  // namespace dynkit
