#include "schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dynkit/error.hpp"

namespace dynkit::training {

Schedule::Schedule(const ScheduleOptions& options) : options_(options) {
  const auto& kind = options.kind;
  if (kind == "constant" || kind == "exponential" || kind == "cosine" || kind == "plateau") return;
  throw Error(DK_SETTINGS,
              fmt::format("there is no schedule '{}': choose one of constant, exponential, cosine, "
                          "plateau",
                          kind));
}

double Schedule::rate(double epoch) const {
  const double share = std::min(1.0, epoch / static_cast<double>(options_.epochs));
  double rate = options_.rate;
  if (options_.kind == "exponential") {
    rate *= std::pow(options_.final_rate / options_.rate, share);
  } else if (options_.kind == "cosine") {
    const double height = 0.5 * (1.0 + std::cos(std::numbers::pi * share));
    rate = options_.final_rate + (options_.rate - options_.final_rate) * height;
  } else if (options_.kind == "plateau") {
    rate = std::max(options_.final_rate, rate * memory.scale);
  }
  return epoch < options_.warm_up ? rate * epoch / options_.warm_up : rate;
}

void Schedule::observe(double loss) {
  constexpr double kBetter = 0.9999;
  if (options_.kind != "plateau") return;
  // Of losses below zero a better one is larger in magnitude.
  if (!std::isfinite(memory.best) || loss < memory.best - (1.0 - kBetter) * std::abs(memory.best)) {
    memory.best = loss;
    memory.waited = 0;
  } else if (++memory.waited > options_.patience) {
    memory.scale *= options_.factor;
    memory.waited = 0;
  }
}

}  // namespace dynkit::training
