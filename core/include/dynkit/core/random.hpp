#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dynkit/host.h"

namespace dynkit {

// Random streams. A stream is a value: copying it repeats it. Its numbers depend on the seed, the
// name and the splits alone: never on threads, on how many numbers one call asks for, or on the
// machine.

/// The root stream of `name` (a stage, "train", "analysis/search") in a run with this seed.
dk_stream make_stream(std::uint64_t seed, std::string_view name);

/// An independent stream, the same for the same (stream, index) however much of it was drawn.
dk_stream split(const dk_stream& stream, std::int64_t index);

/// Fills `out` with uniform numbers in the open interval (0,1): odd multiples of 2^-53, so that u
/// and 1 - u are both exact and equally likely. One position each.
void draw_uniform(dk_stream& stream, std::span<double> out);

/// Fills `out` with standard normal numbers, at most 8.21 in magnitude. One position each.
void draw_normal(dk_stream& stream, std::span<double> out);

/// Fills `out` with integers in [0, bound), all equally likely; a bound below 1 counts as 1. One
/// position each, and one more for each rejected word (probability bound / 2^64).
void draw_integer(dk_stream& stream, std::int64_t bound, std::span<std::int64_t> out);

}  // namespace dynkit
