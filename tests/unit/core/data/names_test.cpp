#include "core/data/names.hpp"

#include "core/data/limits.hpp"
#include "data_cases.hpp"

namespace dynkit {
namespace {

TEST(IsText, AcceptsExactlyWellFormedUtf8WithoutNul) {
  for (const char* good : {"", "a", "\x7F", "\u0080", "\u07FF", "\u0800", "\uD7FF", "\uE000",
                           "\uFFFF", "\U00010000", "\U0010FFFF", "größe 日本語 🧠"}) {
    EXPECT_TRUE(is_text(good)) << good;
  }
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {"\0"sv, "a\0b"sv, "\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC3"sv, "\xC3\x28"sv,
        "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv, "\xE2\x82"sv, "\xF0\x8F\xBF\xBF"sv,
        "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv}) {
    EXPECT_FALSE(is_text(bad)) << bad;
  }
}

TEST(IsName, AcceptsGroupsButNoWayOutOfThem) {
  for (const char* good :
       {"x", "fixed_points/x", "rnn.weight_ih_l0", "a b", "größe", "...", "a..b"}) {
    EXPECT_TRUE(is_name(good)) << good;
  }
  for (const char* bad :
       {"", "/x", "x/", "a//b", "..", ".", "../x", "a/../b", "a/.", "a\nb", "\x7F", "\xFF"}) {
    EXPECT_FALSE(is_name(bad)) << bad;
  }
  EXPECT_TRUE(is_name(std::string(1024, 'x')));
  EXPECT_FALSE(is_name(std::string(1025, 'x')));
}

TEST(Printable, ReplacesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[2Jb\n"), "a?[2Jb?");
  EXPECT_EQ(printable("größe"), "größe");
  EXPECT_EQ(printable("gr\xF6\xDF"), "gr??");
  EXPECT_EQ(printable(std::string(79, 'x') + "日"), std::string(79, 'x') + "...");
}

TEST(CheckedSize, RefusesWhatOverflowsEvenBesideAnExtentOfZero) {
  const std::int64_t huge = std::int64_t{1} << 32;
  EXPECT_EQ(checked_size(std::vector<std::int64_t>{}), 1u);
  EXPECT_EQ(checked_size(std::vector<std::int64_t>{3, 0, 2}), 0u);
  EXPECT_EQ(checked_size(std::vector<std::int64_t>{huge, huge / 4}), std::uint64_t{1} << 62);
  error_of([&] { checked_size(std::vector<std::int64_t>{huge, huge / 2}); });
  error_of([&] { checked_size(std::vector<std::int64_t>{0, huge, huge}); });
  error_of([&] { checked_size(std::vector<std::int64_t>{3, -2}); });
  error_of([&] { checked_size(std::vector<std::int64_t>(7, 1)); });
}

TEST(MemoryBudget, GrowsWithTheFileBetweenItsLimits) {
  const auto limit_of = [](std::uint64_t file_size) {
    std::uint64_t low = 0, high = 2 * kMemoryLimit;
    while (high - low > 1) {
      const std::uint64_t middle = low + (high - low) / 2;
      try {
        MemoryBudget(file_size).take(middle);
        low = middle;
      } catch (const Error&) {
        high = middle;
      }
    }
    return low;
  };
  const std::uint64_t mebibyte = std::uint64_t{1} << 20;
  EXPECT_EQ(limit_of(0), 1024 * mebibyte);
  EXPECT_EQ(limit_of(20 * mebibyte), 2000 * mebibyte);
  EXPECT_EQ(limit_of(100 * mebibyte), kMemoryLimit);
  EXPECT_EQ(limit_of(UINT64_MAX), kMemoryLimit);
}

TEST(MemoryBudget, AddsUpWhatIsTaken) {
  MemoryBudget budget(0);
  budget.take(MemoryBudget::kExpandedLimit - 3);
  budget.check(3);
  budget.take(3);
  error_of([&] { budget.take(1); }, DK_TOO_LARGE);
  error_of([&] { budget.take(UINT64_MAX); }, DK_TOO_LARGE);
}

}  // namespace
}  // namespace dynkit
