// Comparisons that say in numbers what differs.
#pragma once

#include <string>

#include "subject.hpp"

namespace dynkit::conformance {

/// Throws CheckFailure if an element differs by more than `tolerance` times the largest magnitude
/// among the `width` elements of its row (NaN equals NaN, infinities themselves). `what` begins the
/// sentence: "the result of eval in a batch of 7".
void expect_close(const std::string& what, const Numbers& found, const Numbers& expected,
                  std::int64_t width, double tolerance);

/// Throws CheckFailure unless all bits agree; NaN equals NaN whatever its bits.
void expect_same_bits(const std::string& what, const Numbers& found, const Numbers& expected,
                      std::int64_t width);

/// Throws CheckFailure if an element is NaN or infinite. `what`: "the force F".
void expect_finite(const char* what, const Numbers& numbers);

double largest_magnitude(const Numbers& numbers);

/// Everything that the operations of a subject give at some points, one result after the other.
struct AllResults {
  struct One {
    std::string name;
    Numbers numbers;
    std::int64_t width = 1;  // of a sample's row
    bool is_sum = false;     // over the samples
    bool answered = true;    // false: a status > 0, and the numbers are none
  };
  std::vector<One> all;
};

void expect_close(const std::string& what, const AllResults& found, const AllResults& expected,
                  double tolerance);
void expect_same_bits(const std::string& what, const AllResults& found, const AllResults& expected);

}  // namespace dynkit::conformance
