#include "core/host/philox.hpp"

#include <gtest/gtest.h>

namespace dynkit {
namespace {

// The known-answer vectors of Random123, file kat_vectors, "philox4x32 10".
TEST(Philox, MatchesKnownAnswerForZeros) {
  constexpr PhiloxCounter expected{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), expected);
}

TEST(Philox, MatchesKnownAnswerForOnes) {
  constexpr std::uint32_t ones = 0xffffffff;
  constexpr PhiloxCounter expected{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}), expected);
}

TEST(Philox, MatchesKnownAnswerForDigitsOfPi) {
  constexpr PhiloxCounter expected{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            expected);
}

}  // namespace
}  // namespace dynkit
