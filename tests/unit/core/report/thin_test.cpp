#include "core/report/thin.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support.hpp"

namespace dynkit::report {
namespace {

SeriesData line_of(std::vector<double> y) {
  const auto count = static_cast<std::int64_t>(y.size());
  return read_series({"line", "", "", "y", "", "", ""}, {{"y", make_array({count}, std::move(y))}});
}

TEST(ReportThin, NothingHappensWithinTheBudget) {
  SeriesData data = line_of(std::vector<double>(500, 1.0));
  thin(data, 500);
  EXPECT_EQ(data.count(), 500);
  EXPECT_TRUE(data.indices.empty());
}

TEST(ReportThin, PointsOfRareGroupsStay) {
  std::vector<std::int64_t> group(10'000, 0);
  for (const std::size_t i : {17u, 4'000u, 9'999u}) group[i] = 1;
  SeriesData data = read_series({"scatter", "", "x", "x", "", "g", ""},
                                {{"x", counting({10'000})}, {"g", make_array({10'000}, group)}});
  thin(data, 1'000);
  EXPECT_EQ(std::count(data.grouping.indices.begin(), data.grouping.indices.end(), 1), 3);
  EXPECT_NEAR(static_cast<double>(data.count()), 1'000, 5);  // three rare ones and rounding
  EXPECT_TRUE(std::is_sorted(data.indices.begin(), data.indices.end()));
}

TEST(ReportThin, IndicesSayWhereValuesComeFrom) {
  SeriesData data = read_series({"scatter", "", "x", "x", "", "", ""}, {{"x", counting({3'001})}});
  thin(data, 50);
  ASSERT_EQ(data.indices.size(), data.x.values.size());
  for (std::size_t i = 0; i < data.indices.size(); ++i) {
    EXPECT_EQ(data.x.values[i], static_cast<double>(data.indices[i]));
  }
  EXPECT_EQ(data.indices.front(), 0);
  EXPECT_EQ(data.indices.back(), 3'000);
  EXPECT_EQ(data.total, 3'001);
}

TEST(ReportThin, LinesOverTimeKeepEndsAndExtremes) {
  std::vector<double> y;
  for (int i = 0; i < 30'000; ++i) y.push_back(std::sin(0.01 * i));
  y[12'345] = 7.0;
  y[23'456] = -8.0;
  SeriesData data = line_of(y);
  thin(data, 400);
  EXPECT_LE(data.count(), 400);
  EXPECT_GT(data.count(), 300);
  EXPECT_EQ(*std::max_element(data.y.values.begin(), data.y.values.end()), 7.0);
  EXPECT_EQ(*std::min_element(data.y.values.begin(), data.y.values.end()), -8.0);
  EXPECT_EQ(data.indices.front(), 0);
  EXPECT_EQ(data.indices.back(), 29'999);
  EXPECT_TRUE(std::is_sorted(data.indices.begin(), data.indices.end()));
}

TEST(ReportThin, LinesKeepTheirGaps) {
  std::vector<double> y(10'000, 1.0);
  y[5'000] = std::numeric_limits<double>::quiet_NaN();
  SeriesData data = line_of(y);
  thin(data, 100);
  EXPECT_TRUE(std::any_of(data.y.values.begin(), data.y.values.end(),
                          [](double v) { return std::isnan(v); }));
}

TEST(ReportThin, ManyCurvesBecomeFewerCurvesWithBothEnds) {
  SeriesData data = read_series({"lines3d", "", "s[0]", "s[1]", "s[2]", "", ""},
                                {{"s", counting({200, 300, 3})}});
  thin(data, 2'000);
  ASSERT_EQ(data.lengths, std::vector<std::int64_t>(20, 100));  // 100 points or more for each
  EXPECT_EQ(data.total_lines, 200);
  EXPECT_EQ(data.indices[0], 0);
  EXPECT_EQ(data.indices[99], 299);
  EXPECT_EQ(data.indices.back(), 200 * 300 - 1);
}

TEST(ReportThin, LinesOfRareGroupsStay) {
  std::vector<std::string> labels(200, "common");
  labels[123] = "rare";
  SeriesData data = read_series({"lines3d", "", "s[0]", "s[1]", "s[2]", "g", ""},
                                {{"s", counting({200, 300, 3})}, {"g", make_array({200}, labels)}});
  thin(data, 2'000);
  EXPECT_GT(std::count(data.grouping.indices.begin(), data.grouping.indices.end(), 1), 90);
}

TEST(ReportThin, ShortLinesKeepTheirPoints) {
  SeriesData data = read_series({"lines3d", "", "s[0]", "s[1]", "s[2]", "", ""},
                                {{"s", counting({5'000, 2, 3})}});
  thin(data, 1'000);
  EXPECT_EQ(data.lengths, std::vector<std::int64_t>(500, 2));
}

TEST(ReportThin, HeatmapBecomesMeansOfBlocks) {
  Array z = counting({300, 500});
  z.numbers()[0] = std::numeric_limits<double>::quiet_NaN();
  SeriesData data = read_series({"heatmap", "", "", "", "z", "", ""}, {{"z", z}});
  thin(data, 10'000);
  EXPECT_EQ(data.z.shape, (std::vector<std::int64_t>{100, 100}));
  // The last block: rows 297 to 299, columns 495 to 499; z = 500 row + column.
  EXPECT_DOUBLE_EQ(data.z.values.back(), 500.0 * 298 + 497);
  // The first without its not-a-number: the mean of the others of rows 0 to 2, columns 0 to 4.
  EXPECT_DOUBLE_EQ(data.z.values.front(), (15 * (500.0 * 1 + 2) - 0) / 14);
  EXPECT_DOUBLE_EQ(data.x.values.back(), 497);
  EXPECT_DOUBLE_EQ(data.y.values.back(), 298);
}

TEST(ReportThin, LongThinHeatmapIsCutAlongItsLengthOnly) {
  SeriesData data =
      read_series({"heatmap", "", "", "", "z", "", ""}, {{"z", counting({4, 9'001})}});
  thin(data, 4'000);
  EXPECT_EQ(data.z.shape, (std::vector<std::int64_t>{4, 901}));
}

}  // namespace
}  // namespace dynkit::report
