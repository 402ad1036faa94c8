#include "poisson.hpp"

#include <cmath>
#include <numbers>

#include "dynkit/vector_math.hpp"

namespace dynkit::spikes {
namespace {

// log(a / b): near 1 by atanh of the exact difference, since a / b itself would round.
double log_ratio(double a, double b) {
  const double s = (a - b) / (a + b);
  return std::abs(s) < 0.1 ? 2.0 * std::atanh(s) : std::log(a / b);
}

// log k! - (k log k - k + log(2 pi k) / 2) by Stirling's series; below 1e-14 is left out for k
// >= 16.
double stirling_rest(double k) {
  const double r = 1.0 / (k * k);
  return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r / 1680))) / k;
}

}  // namespace

double log_probability(double mean, double k) {
  if (k < 16) {
    double factorial = 1.0;  // 15! is exact
    for (double i = 2; i <= k; ++i) factorial *= i;
    return k * std::log(mean) - mean - std::log(factorial);
  }
  return k * log_ratio(mean, k) + (k - mean) - 0.5 * std::log(2 * std::numbers::pi * k) -
         stirling_rest(k);
}

std::int64_t PoissonStream::draw(double mean) {
  return mean < kSwitchMean ? multiply(mean) : reject(mean);
}

double PoissonStream::uniform() {
  if (next_ == block_.size()) {
    host_.uniform(&host_, &stream_, static_cast<std::int64_t>(block_.size()), block_.data());
    next_ = 0;
  }
  return block_[next_++];
}

std::int64_t PoissonStream::multiply(double mean) {
  const double border = vector_math::exp(-mean);
  std::int64_t count = 0;
  for (double product = uniform(); product > border; product *= uniform()) ++count;
  return count;
}

std::int64_t PoissonStream::reject(double mean) {
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double squeeze = 0.9277 - 3.6224 / (b - 2.0);
  for (;;) {
    const double u = uniform() - 0.5;
    const double v = uniform();
    const double edge = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / edge + b) * u + mean + 0.43);

    // Most numbers end here: this rectangle lies below the density everywhere.
    if (edge >= 0.07 && v <= squeeze) return static_cast<std::int64_t>(k);
    if (k < 0.0 || (edge < 0.013 && v > edge)) continue;

    const double hat = a / (edge * edge) + b;
    if (std::log(v * inverse_alpha / hat) <= log_probability(mean, k)) {
      return static_cast<std::int64_t>(k);
    }
  }
}

}  // namespace dynkit::spikes
