// The objective element by element, in long double, as its equation is written.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "objective.hpp"

namespace dynkit::training {

/// l of the compared components y of a row against d, of which NaN are left out; `count` grows by
/// what was compared.
inline long double row_loss(LossKind kind, const std::vector<long double>& y, const double* d,
                            const double* log_sigma, std::int64_t& count) {
  long double sum = 0.0L, normalizer = 0.0L, chosen = 0.0L;
  bool whole = true;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (std::isnan(d[i])) {
      whole = false;
      continue;
    }
    const long double error = y[i] - static_cast<long double>(d[i]);
    normalizer += std::exp(y[i]);
    chosen += d[i] * y[i];
    if (kind == LossKind::squared) sum += error * error;
    if (kind == LossKind::absolute) sum += std::abs(error);
    if (kind == LossKind::poisson) sum += std::exp(y[i]) - d[i] * y[i];
    if (kind == LossKind::gaussian) {
      const long double sigma = std::exp(static_cast<long double>(log_sigma[i]));
      sum += error * error / (2.0L * sigma * sigma) + std::log(sigma);
    }
    if (kind != LossKind::cross_entropy) ++count;
  }
  if (kind != LossKind::cross_entropy) return sum;
  if (!whole) return 0.0L;
  ++count;
  return std::log(normalizer) - chosen;
}

/// Sum over k < T and trials of m l, without w / count, for y [trials, rows, width] of which the
/// row k + lag is compared with the target of time k. `count` is written.
inline long double summed_loss(const ObjectiveTerm& term, const TrainingData& data,
                               const std::vector<std::int64_t>& trials, std::int64_t T,
                               std::int64_t rows, const std::vector<double>& y, std::int64_t width,
                               const double* log_sigma, std::int64_t& count) {
  const Series& target = data.series.at(term.target);
  long double sum = 0.0L;
  count = 0;
  for (std::size_t s = 0; s < trials.size(); ++s) {
    for (std::int64_t k = 0; k < T; ++k) {
      const std::int64_t at = trials[s] * data.T + k;
      const double mask = data.mask.empty() ? 1.0 : data.mask[static_cast<std::size_t>(at)];
      if (mask == 0.0) continue;
      std::vector<long double> chosen;
      for (std::int64_t i = 0; i < target.width; ++i) {
        const std::int64_t component =
            term.components.empty() ? i : term.components[static_cast<std::size_t>(i)];
        const std::int64_t row = static_cast<std::int64_t>(s) * rows + k + term.lag;
        chosen.push_back(y[static_cast<std::size_t>(row * width + component)]);
      }
      const double* d = target.values.data() + at * target.width;
      sum += mask * row_loss(term.kind, chosen, d, log_sigma, count);
    }
  }
  return sum;
}

}  // namespace dynkit::training
