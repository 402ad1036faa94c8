#pragma once

#include <cstdint>
#include <string>

#include "dynkit/job.h"
#include "growth_record.hpp"
#include "orbit.hpp"

namespace dynkit::lyapunov {

struct Results {
  const GrowthRecord& record;  // K growths, then that of the volume (0 where it was not followed)
  const Orbit& orbit;
  std::int64_t K;
  double resolution;      // relative error of a growth: what is smaller than that counts as 0
  std::string converged;  // "yes" or "no: ..."
};

/// Puts arrays, summary values, the table and the figure; exponents in descending order.
void put_results(const Results& results, const dk_system& system, const dk_sink& sink);

}  // namespace dynkit::lyapunov
