#pragma once

#include <cstdint>
#include <span>

#include "dynkit/core/files.hpp"

namespace dynkit {

/// Product of two sizes. Throws Error (DK_IO) if it does not fit.
std::uint64_t checked_product(std::uint64_t a, std::uint64_t b);

/// Number of elements of a shape that a file declares. Throws Error (DK_IO) for a negative extent,
/// a rank above DK_MAX_RANK, or extents (those of 0 aside) whose product does not fit into 63 bits.
std::uint64_t checked_size(std::span<const std::int64_t> shape);

/// What the arrays of one file may take in memory: kMemoryLimit, and more than kExpandedLimit only
/// up to kExpansionLimit times the file's size, so that a small file cannot ask for everything.
class MemoryBudget {
 public:
  static constexpr std::uint64_t kExpandedLimit = std::uint64_t{1} << 30;
  static constexpr std::uint64_t kExpansionLimit = 100;

  explicit MemoryBudget(std::uint64_t file_size);

  /// What may be taken in all.
  std::uint64_t limit() const { return limit_; }

  /// Counts memory that stays; throws Error (DK_TOO_LARGE) before the limit is passed.
  void take(std::uint64_t bytes);

  /// The same for memory that is given back before more is taken.
  void check(std::uint64_t bytes) const;

 private:
  std::uint64_t limit_;
  std::uint64_t taken_ = 0;
};

}  // namespace dynkit
