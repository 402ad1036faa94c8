// The runs whose reports the web tests look at, and how their results are put together.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dynkit/core/report.hpp"

namespace dynkit_test {

using dynkit::Array;
using dynkit::RunRecord;
using dynkit::StageResult;

using Numbers = std::vector<double>;
using Wholes = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

inline Array array(std::vector<std::int64_t> shape, Array::Values values, std::string unit = "",
                   std::string help = "") {
  return {std::move(shape), std::move(values), {}, std::move(unit), std::move(help)};
}

inline Array column(Array::Values values, std::string unit = "", std::string help = "") {
  const auto size = std::visit([](const auto& v) { return v.size(); }, values);
  return array({static_cast<std::int64_t>(size)}, std::move(values), std::move(unit),
               std::move(help));
}

inline void put_value(StageResult& stage, const std::string& name, Array::Values value,
                      std::string unit, std::string help) {
  stage.arrays[name] = array({}, std::move(value), std::move(unit), std::move(help));
  stage.values.push_back(name);
}

// Fixed points of a system whose points are known, and Lyapunov exponents of another.
RunRecord study();

// The same places filled with markup, scripts, formulas and control characters.
RunRecord hostile();

// More than a page can hold.
RunRecord large();

// Nine figures in space, more than a browser keeps graphics for.
RunRecord scenes();

// Nothing to draw, and a stage that crashed.
RunRecord words();

}  // namespace dynkit_test
