#include "core/report/histogram.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "support.hpp"

namespace dynkit::report {
namespace {

SeriesData values_of(std::vector<double> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return read_series({"histogram", "", "v", "", "", "", ""},
                     {{"v", make_array({count}, std::move(values))}});
}

TEST(ReportHistogram, WholeNumbersHaveABinEach) {
  const SeriesData data = values_of({2, 5, 2, 3});
  const std::vector<double> edges = bin_edges({&data});
  EXPECT_EQ(edges, (std::vector<double>{1.5, 2.5, 3.5, 4.5, 5.5}));
  EXPECT_EQ(bin_counts(data, edges)[0], (std::vector<std::int64_t>{2, 1, 0, 1}));
}

TEST(ReportHistogram, BinsHaveTheWidthOfFreedmanAndDiaconis) {
  std::vector<double> values;
  for (int i = 0; i < 1'000; ++i) values.push_back(0.5 + i);  // quartiles 249 and 749 (of 0 .. 999)
  const SeriesData data = values_of(values);
  // 2 * 500 / 10 = 100: ten bins of the range 999.
  EXPECT_EQ(bin_edges({&data}).size(), 11u);
}

TEST(ReportHistogram, EveryFiniteValueIsCountedOnceUpToTheUpperEdge) {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> values = {inf, -inf, std::nan("")};
  for (int i = 0; i <= 777; ++i) values.push_back(std::sin(i));
  const SeriesData data = values_of(values);
  const auto counts = bin_counts(data, bin_edges({&data}))[0];
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 778);
}

TEST(ReportHistogram, SeriesShareTheirBins) {
  const SeriesData low = values_of({0.25, 0.5});
  const SeriesData high = values_of({8.25, 8.5, 8.75});
  const std::vector<double> edges = bin_edges({&low, &high});
  EXPECT_EQ(edges.front(), 0.25);
  EXPECT_EQ(edges.back(), 8.75);
  EXPECT_EQ(bin_counts(high, edges)[0].back(), 3);
}

TEST(ReportHistogram, GroupsAreCountedApart) {
  const SeriesData data = read_series(
      {"histogram", "", "v", "", "", "g", ""},
      {{"v", counting({3})}, {"g", make_array({3}, std::vector<std::string>{"a", "b", "a"})}});
  const auto counts = bin_counts(data, bin_edges({&data}));
  EXPECT_EQ(counts, (std::vector<std::vector<std::int64_t>>{{1, 0, 1}, {0, 1, 0}}));
}

TEST(ReportHistogram, EqualValuesAndNoValuesHaveTheirBins) {
  const SeriesData equal = values_of({0.3, 0.3});
  const std::vector<double> edges = bin_edges({&equal});
  ASSERT_EQ(edges.size(), 2u);
  EXPECT_TRUE(edges[0] < 0.3 && 0.3 < edges[1]);
  const SeriesData none = values_of({std::nan("")});
  EXPECT_TRUE(bin_edges({&none}).empty());
  EXPECT_TRUE(bin_counts(none, {})[0].empty());
}

TEST(ReportHistogram, RangeBeyondTheLargestDoubleHasFiniteEdges) {
  const double most = std::numeric_limits<double>::max();
  const SeriesData data = values_of({-most, 0.5, most});
  const std::vector<double> edges = bin_edges({&data});
  ASSERT_GE(edges.size(), 3u);
  for (std::size_t i = 1; i < edges.size(); ++i) EXPECT_LT(edges[i - 1], edges[i]);
  EXPECT_TRUE(std::isfinite(edges.back() / 2 - edges.front() / 2));
}

}  // namespace
}  // namespace dynkit::report
