#include "kaplan_yorke.hpp"

#include <cmath>
#include <limits>

namespace dynkit::lyapunov {

Dimension kaplan_yorke(const std::vector<double>& lambda, std::int64_t n, double zero) {
  Dimension dimension{0.0, std::vector<double>(lambda.size(), 0.0)};
  double sum = 0.0;
  std::size_t j = 0;
  while (j < lambda.size()) {
    const double next = j == 0 && std::abs(lambda[0]) <= zero ? 0.0 : lambda[j];
    if (!(sum + next >= 0.0)) break;
    sum += next;
    ++j;
  }
  if (j == lambda.size()) {
    const bool is_complete = static_cast<std::int64_t>(j) == n;
    dimension.value =
        is_complete ? static_cast<double>(n) : std::numeric_limits<double>::quiet_NaN();
    return dimension;
  }
  if (std::isnan(lambda[j])) {
    dimension.value = lambda[j];
    return dimension;
  }
  if (j == 0) return dimension;
  const double divisor = -lambda[j];
  dimension.value = static_cast<double>(j) + sum / divisor;
  for (std::size_t i = 0; i < j; ++i) dimension.weights[i] = 1.0 / divisor;
  dimension.weights[j] = std::isinf(divisor) ? 0.0 : sum / (divisor * divisor);
  return dimension;
}

}  // namespace dynkit::lyapunov
