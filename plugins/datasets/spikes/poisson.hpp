// Poisson numbers from a stream of uniform ones.
//
// mean < 10: the number of uniform factors before their product falls to exp(-mean) or below, D. E.
// Knuth, "The Art of Computer Programming", volume 2, section 3.4.1; mean + 1 uniforms each on
// average.
//
// mean >= 10: algorithm PTRS, transformed rejection with squeeze, W. Hoermann, "The transformed
// rejection method for generating Poisson random variables", Insurance: Mathematics and Economics
// 12, 39 (1993); two uniforms for each of at most 1.3 trials on average, whatever the mean.
//
// Both are exact: what is accepted depends on the probabilities themselves, not on approximations
// of the distribution. exp and log round, which moves a probability by about 1e-15 of itself, 1e-9
// where the mean nears kLargestMean.
#pragma once

#include <array>
#include <cstdint>

#include "dynkit/host.h"

namespace dynkit::spikes {

/// Counts above some 2^53 are no longer exact in double precision; this leaves room for the tail.
inline constexpr double kLargestMean = 1e15;

/// The method changes here.
inline constexpr double kSwitchMean = 10.0;

/// log of exp(-mean) mean^k / k!, mean > 0, without loss of digits where both are large.
double log_probability(double mean, double k);

/// The numbers of one stream in turn, fetched in blocks.
class PoissonStream {
 public:
  PoissonStream(const dk_host& host, const dk_stream& stream) : host_(host), stream_(stream) {}

  /// `mean` in [0, kLargestMean].
  std::int64_t draw(double mean);

 private:
  double uniform();
  std::int64_t multiply(double mean);
  std::int64_t reject(double mean);

  const dk_host& host_;
  dk_stream stream_;
  std::array<double, 64> block_{};
  std::size_t next_ = block_.size();
};

}  // namespace dynkit::spikes
