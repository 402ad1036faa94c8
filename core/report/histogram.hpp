// Bins of histograms, counted from all values so that a page holds counts only.
#pragma once

#include <cstdint>
#include <vector>

#include "series.hpp"

namespace dynkit::report {

/// Edges of equal bins for the finite values of all `series` together, which then can be compared.
///
/// Bin width 2 IQR / N^(1/3) (Freedman & Diaconis, "On the histogram as a density estimator: L2
/// theory", Z. Wahrscheinlichkeitstheorie verw. Gebiete 57, 453 (1981)), between 1 and 100 bins; a
/// bin for each number, centered on it, for whole numbers that span less than 100. Empty where no
/// value is finite.
std::vector<double> bin_edges(const std::vector<const SeriesData*>& series);

/// Number of finite values in each bin, [groups][bins]; one group where `data` has none. The last
/// bin includes its upper edge.
std::vector<std::vector<std::int64_t>> bin_counts(const SeriesData& data,
                                                  const std::vector<double>& edges);

}  // namespace dynkit::report
