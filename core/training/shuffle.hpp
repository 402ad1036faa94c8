#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "dynkit/host.h"

namespace dynkit::training {

/// Puts the elements in random order (Fisher and Yates).
inline void shuffle(std::vector<std::int64_t>& order, dk_stream stream, const dk_host& host) {
  for (std::size_t i = order.size(); i > 1; --i) {
    std::int64_t other = 0;
    host.integer(&host, &stream, static_cast<std::int64_t>(i), 1, &other);
    std::swap(order[i - 1], order[static_cast<std::size_t>(other)]);
  }
}

}  // namespace dynkit::training
