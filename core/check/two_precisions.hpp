// A component in double and in single precision, and how far the two may be apart.
#pragma once

#include <string>
#include <vector>

#include "all_operations.hpp"
#include "subject.hpp"

namespace dynkit::conformance {

/// Two instances of one component: one with its operations in double, as far as dynkit.f32/1 offers
/// them too, and one with those of dynkit.f32/1 (see single_precision.hpp).
class TwoPrecisions {
 public:
  /// Skips the check where dynkit.f32/1 is not offered.
  explicit TwoPrecisions(const CheckContext& context);

  const Subject& doubles() const { return doubles_; }
  const Subject& floats() const { return floats_; }

  /// A task of numbers that floats hold exactly, so that both are given the same.
  Task rounded_task(std::int64_t S, std::int64_t K, bool one_theta) const;

 private:
  Subject doubles_, floats_;
};

/// What double gives, and by how much floats may differ from it.
struct Reference {
  AllResults values;
  std::vector<Numbers> allowed;  // of each result, for each row
};

Reference reference_of(const TwoPrecisions& both, const Task& task, const Form& form = {});

/// Throws CheckFailure if an element differs by more than is allowed of its row (NaN equals NaN,
/// infinities themselves). `what` follows the name of a result: "of 7 samples".
void expect_agreement(const std::string& what, const AllResults& found, const Reference& reference);

}  // namespace dynkit::conformance
