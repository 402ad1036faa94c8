#include "limits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dynkit/error.hpp"

namespace dynkit {

std::uint64_t checked_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    throw Error(DK_IO, fmt::format("the size {} * {} does not fit into 64 bits", a, b));
  }
  return product;
}

std::uint64_t checked_size(std::span<const std::int64_t> shape) {
  if (shape.size() > DK_MAX_RANK) {
    throw Error(DK_IO, fmt::format("rank {} is larger than {}", shape.size(), int{DK_MAX_RANK}));
  }
  std::int64_t size = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) throw Error(DK_IO, fmt::format("extent {} is negative", extent));
    if (extent == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(size, extent, &size)) {
      throw Error(DK_IO, "the number of elements does not fit into 63 bits");
    }
  }
  return empty ? 0 : static_cast<std::uint64_t>(size);
}

MemoryBudget::MemoryBudget(std::uint64_t file_size)
    : limit_(file_size >= kMemoryLimit / kExpansionLimit
                 ? kMemoryLimit
                 : std::max(kExpandedLimit, kExpansionLimit * file_size)) {}

void MemoryBudget::take(std::uint64_t bytes) {
  check(bytes);
  taken_ += bytes;
}

void MemoryBudget::check(std::uint64_t bytes) const {
  if (bytes > limit_ - taken_) {
    throw Error(DK_TOO_LARGE,
                fmt::format("the arrays need {} bytes in memory; at most {} are allowed for a file "
                            "of this size",
                            fmt::group_digits(bytes + taken_), fmt::group_digits(limit_)));
  }
}

}  // namespace dynkit
