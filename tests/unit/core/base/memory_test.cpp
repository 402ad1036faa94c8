#include "dynkit/core/memory.hpp"

#include <gtest/gtest.h>
#include <sys/sysinfo.h>

namespace dynkit {
namespace {

TEST(UsableMemory, IsSomethingAndNoMoreThanTheMachineHas) {
  struct sysinfo machine {};
  ASSERT_EQ(sysinfo(&machine), 0);
  const std::size_t all = static_cast<std::size_t>(machine.totalram) * machine.mem_unit;
  EXPECT_GT(usable_memory(), std::size_t{64} << 20);
  EXPECT_LE(usable_memory(), all);
}

}  // namespace
}  // namespace dynkit
