#include "dynkit/core/memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>

namespace dynkit {
namespace {

// A file that is missing or says "max" sets no limit.
std::uint64_t limit_in(const char* path) {
  std::uint64_t limit = 0;
  return std::ifstream(path) >> limit ? limit : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

std::size_t usable_memory() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PHYS_PAGES)));
  const auto page = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PAGESIZE)));
  return std::min({pages * page, limit_in("/sys/fs/cgroup/memory.max"),
                   limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
}

}  // namespace dynkit
