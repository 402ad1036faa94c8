// Figures and tables as the page's script reads them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "dynkit/core/result.hpp"

namespace dynkit::report {

/// Series resolved, thinned and binned. Throws Error, beginning with the figure's name, where that
/// is not possible.
nlohmann::json make_figure(const Figure& figure, const ArrayMap& arrays);

/// The first rows, as many as fit into some 50 000 cells. Throws Error for columns that are not
/// columns or not as long as the first.
nlohmann::json make_table(const Table& table);

/// A summary value: {name, type, value, unit, help}.
nlohmann::json make_value(const std::string& name, const Array& array);

}  // namespace dynkit::report
