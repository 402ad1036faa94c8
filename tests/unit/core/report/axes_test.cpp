#include "core/report/axes.hpp"

#include <cmath>
#include <limits>

#include "support.hpp"

namespace dynkit::report {
namespace {

std::string axis_error(const ArrayMap& arrays, const std::string& reference) {
  return error_of([&] { read_axis(arrays, reference, "x"); });
}

TEST(ReportAxis, NameReadsTheWholeArrayInItsOrder) {
  const Axis axis = read_axis({{"t", counting({2, 3})}}, "t", "x");
  EXPECT_EQ(axis.values, (std::vector<double>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(axis.shape, (std::vector<std::int64_t>{2, 3}));
}

TEST(ReportAxis, ColumnIsAnIndexIntoTheLastDimension) {
  const Axis axis = read_axis({{"states", counting({2, 3, 4})}}, "states[1]", "x");
  EXPECT_EQ(axis.values, (std::vector<double>{1, 5, 9, 13, 17, 21}));
  EXPECT_EQ(axis.shape, (std::vector<std::int64_t>{2, 3}));
}

TEST(ReportAxis, WholeNumbersAndBytesAreNumbers) {
  const ArrayMap arrays = {{"i", make_array({2}, std::vector<std::int64_t>{-3, 8})},
                           {"b", make_array({2}, std::vector<std::uint8_t>{0, 255})}};
  EXPECT_EQ(read_axis(arrays, "i", "x").values, (std::vector<double>{-3, 8}));
  EXPECT_EQ(read_axis(arrays, "b", "x").values, (std::vector<double>{0, 255}));
}

TEST(ReportAxis, NamesMayHoldGroups) {
  EXPECT_EQ(read_axis({{"pca/x", counting({2, 2})}}, "pca/x[0]", "x").values.size(), 2u);
}

TEST(ReportAxis, MissingArrayIsNamed) {
  EXPECT_EQ(axis_error({}, "pca[0]"), "x 'pca[0]': the stage has no array 'pca'");
}

TEST(ReportAxis, MissingColumnIsNamedWithTheShape) {
  const ArrayMap arrays = {{"pca", counting({5, 3})}, {"t", counting({5})}};
  EXPECT_EQ(axis_error(arrays, "pca[3]"), "x 'pca[3]': 'pca' is float64 [5,3] and has no column 3");
  EXPECT_EQ(axis_error(arrays, "t[0]"), "x 't[0]': 't' is float64 [5] and has no column 0");
}

TEST(ReportAxis, MalformedReferencesAreRefused) {
  const ArrayMap arrays = {{"pca", counting({5, 3})}};
  for (const char* reference :
       {"pca[]", "pca[-1]", "pca[1x]", "pca[ 1]", "pca[99999999999999999999]", "pca]"}) {
    EXPECT_NE(axis_error(arrays, reference).find("neither"), std::string::npos) << reference;
  }
}

TEST(ReportAxis, TextAndComplexElementsAreNotNumbers) {
  const ArrayMap arrays = {{"s", make_array({1}, std::vector<std::string>{"a"})},
                           {"c", make_array({1}, std::vector<std::complex<double>>{{1, 2}})}};
  EXPECT_EQ(axis_error(arrays, "s"), "x 's': is text [1], numbers are needed");
  EXPECT_EQ(axis_error(arrays, "c"), "x 'c': is complex128 [1], numbers are needed");
}

TEST(ReportAxis, ShapeThatLiesAboutTheValuesIsRefused) {
  const ArrayMap arrays = {{"x", make_array({4, 2}, std::vector<double>{1, 2, 3})}};
  EXPECT_EQ(axis_error(arrays, "x[1]"), "x 'x[1]': 'x' is float64 [4,2] but holds 3 values");
}

TEST(ReportGrouping, TextLabelsKeepTheOrderOfTheirAppearance) {
  const ArrayMap arrays = {
      {"class", make_array({4}, std::vector<std::string>{"saddle", "node", "saddle", "focus"})}};
  const Grouping grouping = read_grouping(arrays, "class");
  EXPECT_EQ(grouping.names, (std::vector<std::string>{"saddle", "node", "focus"}));
  EXPECT_EQ(grouping.indices, (std::vector<std::int32_t>{0, 1, 0, 2}));
}

TEST(ReportGrouping, NumbersAscendWithNotANumberLast) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Grouping grouping =
      read_grouping({{"g", make_array({5}, std::vector<double>{nan, 2, -1, nan, 2})}}, "g");
  EXPECT_EQ(grouping.names, (std::vector<std::string>{"-1", "2", "nan"}));
  EXPECT_EQ(grouping.indices, (std::vector<std::int32_t>{2, 1, 0, 2, 1}));
}

TEST(ReportGrouping, ManyDistinctNumbersAreAColorScale) {
  const Grouping few = read_grouping({{"g", counting({kMaxNumberedGroups})}}, "g");
  EXPECT_EQ(few.names.size(), kMaxNumberedGroups);
  const Grouping many = read_grouping({{"g", counting({kMaxNumberedGroups + 1})}}, "g");
  EXPECT_TRUE(many.names.empty() && many.indices.empty());
  EXPECT_EQ(many.numbers.size(), kMaxNumberedGroups + 1);
}

}  // namespace
}  // namespace dynkit::report
