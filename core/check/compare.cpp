#include "compare.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dynkit::conformance {
namespace {

bool is_same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

double row_scale(const Numbers& numbers, std::size_t row, std::size_t width) {
  double scale = 0.0;
  const std::size_t end = std::min(numbers.size(), (row + 1) * width);
  for (std::size_t i = row * width; i < end; ++i) {
    if (std::isfinite(numbers[i])) scale = std::max(scale, std::abs(numbers[i]));
  }
  return scale;
}

void expect_same_size(const std::string& what, const Numbers& found, const Numbers& expected) {
  if (found.size() == expected.size()) return;
  fail("{} has {} elements instead of {}", what, found.size(), expected.size());
}

template <class Compare>
void compare_all(const std::string& what, const AllResults& found, const AllResults& expected,
                 Compare compare) {
  for (std::size_t i = 0; i < found.all.size(); ++i) {
    compare(fmt::format("{} {}", found.all[i].name, what), found.all[i], expected.all[i]);
  }
}

}  // namespace

void expect_close(const std::string& what, const Numbers& found, const Numbers& expected,
                  std::int64_t width, double tolerance) {
  expect_same_size(what, found, expected);
  const auto row_width = static_cast<std::size_t>(std::max<std::int64_t>(width, 1));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_same(found[i], expected[i])) continue;
    const std::size_t row = i / row_width;
    const double scale =
        std::max(row_scale(found, row, row_width), row_scale(expected, row, row_width));
    const double difference = std::abs(found[i] - expected[i]);
    if (difference <= tolerance * scale) continue;
    fail(
        "{}: element {} of row {} is {:.17g} instead of {:.17g}: they differ by {:.3g}, {:.3g} is "
        "allowed",
        what, i % row_width, row, found[i], expected[i], difference, tolerance * scale);
  }
}

void expect_same_bits(const std::string& what, const Numbers& found, const Numbers& expected,
                      std::int64_t width) {
  expect_same_size(what, found, expected);
  const auto row_width = static_cast<std::size_t>(std::max<std::int64_t>(width, 1));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_same(found[i], expected[i])) continue;
    fail("{}: element {} of row {} is {:.17g} instead of {:.17g}, and the same bits are due", what,
         i % row_width, i / row_width, found[i], expected[i]);
  }
}

void expect_finite(const char* what, const Numbers& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) fail("element {} of {} is {}", i, what, numbers[i]);
  }
}

double largest_magnitude(const Numbers& numbers) {
  return row_scale(numbers, 0, numbers.size());
}

void expect_close(const std::string& what, const AllResults& found, const AllResults& expected,
                  double tolerance) {
  compare_all(what, found, expected, [&](const std::string& name, const auto& a, const auto& b) {
    expect_close(name, a.numbers, b.numbers, a.is_sum ? 0x7FFFFFFF : a.width, tolerance);
  });
}

void expect_same_bits(const std::string& what, const AllResults& found,
                      const AllResults& expected) {
  compare_all(what, found, expected, [](const std::string& name, const auto& a, const auto& b) {
    expect_same_bits(name, a.numbers, b.numbers, a.width);
  });
}

}  // namespace dynkit::conformance
