// What the checks of optional interfaces share.
#pragma once

#include "calls.hpp"
#include "checks.hpp"
#include "dynkit/noise.h"
#include "subject.hpp"

namespace dynkit::conformance {

/// The table of an optional interface; skips the check where it is not offered.
template <class Interface>
const Interface& offered(const Subject& subject, const char* id) {
  const auto* table = subject.extension<Interface>(id);
  if (table == nullptr) skip("does not offer {}", id);
  return *table;
}

/// The amplitude G [S,width] of dynkit.noise/1, with strides `gap` wider than the rows.
Numbers amplitude(const Subject& subject, const dk_noise_v1& noise, const Batch& batch,
                  std::int64_t width, std::int64_t gap);

}  // namespace dynkit::conformance
