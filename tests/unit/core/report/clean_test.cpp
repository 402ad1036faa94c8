#include "core/report/clean.hpp"

#include <gtest/gtest.h>

namespace dynkit::report {
namespace {

TEST(ReportClean, RemovesControlCharactersButNotTabsAndLines) {
  EXPECT_EQ(clean(std::string("a\0b\x01\x1b[0m\r\n\tc\x7f", 13)), "ab[0m\n\tc");
  EXPECT_EQ(clean("x\xc2\x80y\xc2\x9fz\xc2\xa0"), "xyz\xc2\xa0");  // C1, but not the no-break space
}

TEST(ReportClean, RemovesDirectionsOfWriting) {
  EXPECT_EQ(clean("a\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9z"),
            "az");
}

TEST(ReportClean, KeepsOtherText) {
  const std::string text = "λ ≈ 0.9 \xe2\x80\xa8 \xe2\x80\x90 日本 \xff\xe2\x80";
  EXPECT_EQ(clean(text), text);
}

TEST(ReportScriptEscape, LeavesNothingThatEndsAScriptElement) {
  EXPECT_EQ(escape_for_script(R"("</script><!--")"), R"("\u003c/script>\u003c!--")");
}

TEST(ReportScriptEscape, EscapesLineAndParagraphSeparators) {
  EXPECT_EQ(escape_for_script("a\xe2\x80\xa8"
                              "b\xe2\x80\xa9"
                              "c\xe2\x80\xaa"),
            "a\\u2028b\\u2029c\xe2\x80\xaa");
}

}  // namespace
}  // namespace dynkit::report
