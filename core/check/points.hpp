// Random test points of a subject, and directions to differentiate along.
#pragma once

#include <string_view>

#include "calls.hpp"

namespace dynkit::conformance {

/// S points near typical states where the subject gives finite values: states moved by a third of
/// their typical magnitudes, inputs of order one, parameters near the initial ones and within
/// their bounds; every sample has its own unless `one_theta`. Different names give different
/// points. Throws CheckFailure where hardly any point gives finite values.
Batch draw_points(const Subject& subject, std::int64_t S, std::string_view name, bool one_theta);

/// Initial parameters [p]: the model's own, else small random numbers, within the bounds.
Numbers initial_theta(const Subject& subject);

/// A typical state [n], else a random one of the typical magnitudes.
Numbers typical_state(const Subject& subject, dk_stream& stream, const Numbers& theta);

/// Standard normal numbers.
Numbers draw_numbers(dk_stream& stream, std::int64_t count);

/// K random directions for each of S samples in every argument.
Directions draw_directions(const Subject& subject, std::int64_t S, std::int64_t K,
                           std::string_view name);

/// The smallest count >= `wanted` that is no size of the subject: two sizes that are mixed up by
/// mistake must not be equal.
std::int64_t distinct_count(const Facts& facts, std::int64_t wanted);

/// The typical magnitude of state i.
double scale_of_state(const Facts& facts, std::int64_t i);

/// The bounds of parameter i.
std::pair<double, double> bounds_of(const Facts& facts, std::int64_t i);

/// "x[2]", "u[0]", "weight[17]": a name for element `i` of an argument.
std::string element_name(const Facts& facts, std::int32_t wrt, std::int64_t i);

}  // namespace dynkit::conformance
