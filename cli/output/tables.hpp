#pragma once

#include <string>
#include <vector>

#include "dynkit/core/result.hpp"

namespace dynkit {

/// Columns set side by side, numbers to the right, with a header line.
std::string format_columns(const std::vector<std::string>& header,
                           const std::vector<std::vector<std::string>>& rows);

/// A table of a result, at most `most_rows` rows and as many columns as fit into `width`; what is
/// left out is said.
std::string format_table(const Table& table, std::size_t most_rows, int width);

/// "found 27   stable 8 ...": the summary values of a stage over as many lines as they need.
std::string format_summary(const StageResult& result, int width);

}  // namespace dynkit
