// What a check's process says to the one that started it: one line of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/core/check.hpp"

namespace dynkit::conformance {

/// The "check" that loads the file and tells what is in it.
inline constexpr const char* kOutline = ":outline";

struct OutlineEntry {
  std::string id;
  std::string interface_id;
};

struct Report {
  CheckVerdict verdict = CheckVerdict::pass;
  std::string message;
  std::vector<OutlineEntry> components;  // of an outline
};

std::string to_line(const Report& report);

/// Throws Error (DK_INTERNAL) for a line that is no report.
Report parse_report(const std::string& line);

/// Runs one check in this process.
Report run_check(const std::string& file, const std::string& component, const std::string& name,
                 std::uint64_t seed, const FigureCheck& figure_check);

}  // namespace dynkit::conformance
