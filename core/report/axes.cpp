#include "axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include "dynkit/error.hpp"

namespace dynkit::report {
namespace {

// The elements of an array that a reference picks: `first`, `first + step`, ...
struct Pick {
  const Array* array = nullptr;
  std::vector<std::int64_t> shape;
  std::size_t first = 0;
  std::size_t step = 1;
  std::size_t count = 0;
};

[[noreturn]] void refuse(const char* role, const std::string& reference, const std::string& why) {
  throw Error(DK_INVALID_ARGUMENT, fmt::format("{} '{}': {}", role, reference, why));
}

// Splits "pca[0]" into "pca" and 0; the column is -1 where there is none.
std::pair<std::string, std::int64_t> split(const char* role, const std::string& reference) {
  if (reference.empty() || reference.back() != ']') return {reference, -1};
  const std::size_t bracket = reference.rfind('[');
  std::int64_t column = -1;
  const char* end = reference.data() + reference.size() - 1;
  if (bracket != std::string::npos) {
    const auto [stop, code] = std::from_chars(reference.data() + bracket + 1, end, column);
    if (code != std::errc{} || stop != end) column = -1;
  }
  if (column < 0) refuse(role, reference, "is neither \"name\" nor \"name[column]\"");
  return {reference.substr(0, bracket), column};
}

Pick pick(const ArrayMap& arrays, const std::string& reference, const char* role) {
  const auto [name, column] = split(role, reference);
  const auto found = arrays.find(name);
  if (found == arrays.end()) {
    refuse(role, reference, fmt::format("the stage has no array '{}'", name));
  }
  Pick picked{&found->second, found->second.shape, 0, 1, 0};
  if (column >= 0) {
    if (picked.shape.size() < 2 || column >= picked.shape.back()) {
      refuse(role, reference,
             fmt::format("'{}' is {} and has no column {}", name, describe(*picked.array), column));
    }
    picked.first = static_cast<std::size_t>(column);
    picked.step = static_cast<std::size_t>(picked.shape.back());
    picked.shape.pop_back();
  }
  const std::size_t stored =
      std::visit([](const auto& v) { return v.size(); }, picked.array->values);
  if (stored != static_cast<std::size_t>(picked.array->size())) {
    refuse(role, reference,
           fmt::format("'{}' is {} but holds {} values", name, describe(*picked.array), stored));
  }
  picked.count = 1;
  for (const std::int64_t extent : picked.shape) picked.count *= static_cast<std::size_t>(extent);
  return picked;
}

// Calls `take(element)` for each element picked.
template <class Values, class Take>
void for_each(const Pick& picked, const Values& values, Take take) {
  for (std::size_t i = 0; i < picked.count; ++i) take(values[picked.first + i * picked.step]);
}

Grouping group_texts(const Pick& picked, const std::vector<std::string>& values) {
  Grouping grouping;
  std::map<std::string, std::int32_t> seen;
  for_each(picked, values, [&](const std::string& text) {
    const auto [at, is_new] = seen.try_emplace(text, static_cast<std::int32_t>(seen.size()));
    if (is_new) grouping.names.push_back(text);
    grouping.indices.push_back(at->second);
  });
  return grouping;
}

// NaN, which a label may be, comes last and equals itself.
struct Ascending {
  bool operator()(double a, double b) const { return a < b || (!std::isnan(a) && std::isnan(b)); }
};

Grouping group_numbers(std::vector<double> numbers) {
  const std::set<double, Ascending> distinct(numbers.begin(), numbers.end());
  Grouping grouping;
  if (distinct.size() > kMaxNumberedGroups) {
    grouping.numbers = std::move(numbers);
    return grouping;
  }
  for (const double number : distinct) grouping.names.push_back(fmt::format("{}", number));
  for (const double number : numbers) {
    const auto at = std::distance(distinct.begin(), distinct.find(number));
    grouping.indices.push_back(static_cast<std::int32_t>(at));
  }
  return grouping;
}

}  // namespace

Axis read_axis(const ArrayMap& arrays, const std::string& reference, const char* role) {
  const Pick picked = pick(arrays, reference, role);
  Axis axis{{}, picked.shape};
  axis.values.reserve(picked.count);
  std::visit(
      [&](const auto& values) {
        using Element = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_arithmetic_v<Element>) {
          for_each(picked, values,
                   [&](Element v) { axis.values.push_back(static_cast<double>(v)); });
        } else {
          refuse(role, reference,
                 fmt::format("is {}, numbers are needed", describe(*picked.array)));
        }
      },
      picked.array->values);
  return axis;
}

Grouping read_grouping(const ArrayMap& arrays, const std::string& reference) {
  const Pick picked = pick(arrays, reference, "group");
  if (const auto* texts = std::get_if<std::vector<std::string>>(&picked.array->values)) {
    return group_texts(picked, *texts);
  }
  return group_numbers(read_axis(arrays, reference, "group").values);
}

bool is_complex(const ArrayMap& arrays, const std::string& reference) {
  const Pick picked = pick(arrays, reference, "x");
  return std::holds_alternative<std::vector<std::complex<double>>>(picked.array->values);
}

void read_complex(const ArrayMap& arrays, const std::string& reference, Axis& real,
                  Axis& imaginary) {
  const Pick picked = pick(arrays, reference, "x");
  real = imaginary = Axis{{}, picked.shape};
  const auto& values = std::get<std::vector<std::complex<double>>>(picked.array->values);
  for_each(picked, values, [&](const std::complex<double>& value) {
    real.values.push_back(value.real());
    imaginary.values.push_back(value.imag());
  });
}

}  // namespace dynkit::report
