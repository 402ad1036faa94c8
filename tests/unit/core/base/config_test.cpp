#include "dynkit/core/config.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dynkit {
namespace {

std::string round_trip(const std::string& text) {
  return to_text(parse_value(text));
}

TEST(ParseValue, ReadsWhatToTextWrites) {
  const Config::List mixed = {{true}, {std::int64_t{-3}}, {2.5e-300}, {std::string("a, ]b")}};
  const Config::Table inner = {{"n", {std::int64_t{7}}}, {"empty", {Config::List{}}}};
  const Config value{Config::Table{{"mixed", {mixed}},
                                   {"inner", {inner}},
                                   {"text", {std::string("quote \" slash \\ line\n bell \a = {")}},
                                   {"limit", {-std::numeric_limits<double>::infinity()}},
                                   {"none", {Config::Table{}}}},
                     0};
  EXPECT_EQ(round_trip(to_text(value)), to_text(value));
  EXPECT_EQ(parse_value(to_text(value)).find("text")->text(),
            "quote \" slash \\ line\n bell \a = {");
}

TEST(ParseValue, TakesWordsWithoutQuotes) {
  EXPECT_EQ(round_trip(" states.npy "), "\"states.npy\"");
  EXPECT_EQ(round_trip("[a, b/c]"), "[\"a\", \"b/c\"]");
  EXPECT_EQ(round_trip("{component = org.dynkit.henon, a = 1.4}"),
            "{component = \"org.dynkit.henon\", a = 1.4}");
}

TEST(ParseValue, TakesTextsAndKeysInEitherQuotes) {
  EXPECT_EQ(round_trip("'a, \\b'"), "\"a, \\\\b\"");
  const Config blocks = parse_value("{\"0.weight\" = 0.5, '2 = bias'=3, plain.name = 'x'}");
  EXPECT_EQ(std::get<double>(blocks.find("0.weight")->value), 0.5);
  EXPECT_EQ(std::get<std::int64_t>(blocks.find("2 = bias")->value), 3);
  EXPECT_EQ(blocks.find("plain.name")->text(), "x");
}

TEST(ParseValue, KeepsTheWholeTextWhereItIsNoValue) {
  for (const char* text : {"[1, 2", "{a = }", "{a}", "\"open", "[1] x", "a, b", "=", "\"\\q\"",
                           "'open", "{'a = 1}", "{\"a\" 1}", "{= 1}"}) {
    EXPECT_TRUE(parse_value(text).is_text()) << text;
    EXPECT_EQ(parse_value(text).text(), text);
  }
}

TEST(ParseValue, SurvivesDeepNesting) {
  const std::string text(100000, '[');
  EXPECT_EQ(parse_value(text).text(), text);
}

TEST(ParseValue, TellsNumbersFromWords) {
  EXPECT_EQ(round_trip("+5"), "5");
  EXPECT_EQ(round_trip("1e3"), "1000.0");
  EXPECT_EQ(round_trip("9223372036854775808"), "9.223372036854776e+18");
  EXPECT_EQ(round_trip("+-5"), "\"+-5\"");
  EXPECT_EQ(round_trip("1.2.3"), "\"1.2.3\"");
  EXPECT_TRUE(std::isnan(std::get<double>(parse_value("nan").value)));
}

}  // namespace
}  // namespace dynkit
