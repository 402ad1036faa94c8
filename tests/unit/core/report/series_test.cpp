#include "core/report/series.hpp"

#include "support.hpp"

namespace dynkit::report {
namespace {

using Lengths = std::vector<std::int64_t>;

std::string series_error(const Series& series, const ArrayMap& arrays) {
  return error_of([&] { read_series(series, arrays); });
}

TEST(ReportSeries, UnknownKindIsNamed) {
  EXPECT_EQ(series_error({"pie", "", "x", "", "", "", ""}, {{"x", counting({3})}}),
            "kind 'pie': is not one that this version draws");
}

TEST(ReportSeries, AxesThatAKindNeedsOrDoesNotTakeAreNamed) {
  const ArrayMap arrays = {{"x", counting({3})}};
  EXPECT_EQ(series_error({"scatter3d", "", "x", "x", "", "", ""}, arrays),
            "z: kind 'scatter3d' needs one");
  EXPECT_EQ(series_error({"scatter", "", "x", "x", "x", "", ""}, arrays),
            "z 'x': kind 'scatter' takes none");
  EXPECT_EQ(series_error({"scatter", "", "x", "x", "", "", "x"}, arrays),
            "length 'x': kind 'scatter' takes none");
}

TEST(ReportSeries, AxesOfDifferentLengthsAreRefused) {
  EXPECT_EQ(series_error({"scatter", "", "x", "y", "", "", ""},
                         {{"x", counting({5})}, {"y", counting({7})}}),
            "y 'y': has 7 values where 5 are needed");
}

TEST(ReportSeries, LineWithoutAbscissaRunsOverTheIndex) {
  const SeriesData data = read_series({"line", "", "", "y", "", "", ""}, {{"y", counting({4})}});
  EXPECT_EQ(data.x.values, (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(data.lengths, (Lengths{4}));
}

TEST(ReportSeries, StatesOfTrialsAreOneLineForEachOverTheSameTime) {
  const SeriesData data = read_series({"line", "", "time", "states[1]", "", "", ""},
                                      {{"time", counting({3})}, {"states", counting({2, 3, 4})}});
  EXPECT_EQ(data.x.values, (std::vector<double>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(data.y.values, (std::vector<double>{1, 5, 9, 13, 17, 21}));
  EXPECT_EQ(data.lengths, (Lengths{3, 3}));
  EXPECT_EQ(data.per_row, 3);
}

TEST(ReportSeries, StackedLinesEndWhereTheirLengthsSay) {
  const SeriesData data =
      read_series({"lines3d", "", "p[0]", "p[1]", "p[2]", "", "n"},
                  {{"p", counting({6, 3})}, {"n", make_array({3}, Lengths{2, 0, 4})}});
  EXPECT_EQ(data.lengths, (Lengths{2, 0, 4}));
  EXPECT_EQ(data.z.values, (std::vector<double>{2, 5, 8, 11, 14, 17}));
}

TEST(ReportSeries, LengthsThatDoNotAddUpAreRefused) {
  const ArrayMap arrays = {{"y", counting({6})},
                           {"short", make_array({2}, Lengths{2, 3})},
                           {"odd", make_array({1}, std::vector<double>{2.5})},
                           {"negative", make_array({2}, Lengths{-1, 7})}};
  EXPECT_EQ(series_error({"line", "", "", "y", "", "", "short"}, arrays),
            "length 'short': the lines have 5 points, x has 6");
  EXPECT_EQ(series_error({"line", "", "", "y", "", "", "odd"}, arrays),
            "length 'odd': 2.5 is not a whole number in [0, 6]");
  EXPECT_EQ(series_error({"line", "", "", "y", "", "", "negative"}, arrays),
            "length 'negative': -1 is not a whole number in [0, 6]");
}

TEST(ReportSeries, LabelOfALineIsThatOfItsPoints) {
  const SeriesData data = read_series({"line", "", "", "y", "", "g", "n"},
                                      {{"y", counting({5})},
                                       {"n", make_array({2}, Lengths{2, 3})},
                                       {"g", make_array({2}, std::vector<std::string>{"b", "a"})}});
  EXPECT_EQ(data.grouping.indices, (std::vector<std::int32_t>{0, 0, 1, 1, 1}));
}

TEST(ReportSeries, LabelOfARowIsThatOfItsEigenvalues) {
  const std::vector<std::complex<double>> values = {{1, 2}, {3, 4},  {5, 6},
                                                    {7, 8}, {9, 10}, {11, 12}};
  const SeriesData data =
      read_series({"complex_plane", "", "e", "", "", "g", ""},
                  {{"e", make_array({3, 2}, values)}, {"g", make_array({3}, Lengths{1, 0, 1})}});
  EXPECT_EQ(data.x.values, (std::vector<double>{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(data.y.values, (std::vector<double>{2, 4, 6, 8, 10, 12}));
  EXPECT_EQ(data.grouping.indices, (std::vector<std::int32_t>{1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(data.per_row, 2);
}

TEST(ReportSeries, LabelsOfAnotherCountAreRefused) {
  EXPECT_EQ(series_error({"scatter", "", "x", "x", "", "g", ""},
                         {{"x", counting({5})}, {"g", counting({4})}}),
            "group 'g': has 4 values where 5 are needed");
}

TEST(ReportSeries, ComplexPlaneOfRealPartsNeedsImaginaryParts) {
  const ArrayMap arrays = {{"x", counting({2})},
                           {"c", make_array({2}, std::vector<std::complex<double>>(2))}};
  EXPECT_EQ(series_error({"complex_plane", "", "x", "", "", "", ""}, arrays),
            "y: the imaginary parts are needed, as x 'x' is real");
  EXPECT_EQ(series_error({"complex_plane", "", "c", "x", "", "", ""}, arrays),
            "y 'x': x 'c' is complex already");
}

TEST(ReportSeries, HeatmapTakesColumnsFromXAndRowsFromY) {
  const ArrayMap arrays = {{"z", counting({2, 3})}, {"r", counting({2})}, {"c", counting({3})}};
  const SeriesData data = read_series({"heatmap", "", "c", "r", "z", "", ""}, arrays);
  EXPECT_EQ(data.total, 6);
  EXPECT_EQ(series_error({"heatmap", "", "r", "c", "z", "", ""}, arrays),
            "x 'r': has 2 values where 3 are needed");
  EXPECT_EQ(series_error({"heatmap", "", "", "", "r", "", ""}, arrays),
            "z 'r': has 1 dimensions where 2 are needed");
}

TEST(ReportSeries, EmptyArraysAreEmptySeries) {
  const SeriesData data = read_series({"lines3d", "", "p[0]", "p[1]", "p[2]", "g", "n"},
                                      {{"p", counting({0, 3})},
                                       {"n", counting({0})},
                                       {"g", make_array({0}, std::vector<std::string>{})}});
  EXPECT_EQ(data.count(), 0);
  EXPECT_TRUE(data.lengths.empty());
}

}  // namespace
}  // namespace dynkit::report
