#include "dynkit/core/report.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "support.hpp"

namespace dynkit {
namespace {

using nlohmann::json;

// The data element's text and what it says.
std::string data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"run\">";
  const std::size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

json data_of(StageResult stage) {
  RunRecord run;
  run.stages.push_back(std::move(stage));
  return json::parse(data_of(render_report(run)))["stages"][0];
}

StageResult stage_with(Figure figure, ArrayMap arrays) {
  StageResult stage;
  stage.arrays = std::move(arrays);
  stage.figures.push_back(std::move(figure));
  return stage;
}

TEST(ReportPage, DataCannotEndTheirElement) {
  RunRecord run;
  run.title = "</script><!-- \xe2\x80\xa8 \x01 \xff";
  const std::string data = data_of(render_report(run));
  EXPECT_EQ(data.find_first_of("<\x01"), std::string::npos);
  EXPECT_EQ(data.find("\xe2\x80\xa8"), std::string::npos);
  EXPECT_EQ(json::parse(data)["title"], "</script><!-- \xe2\x80\xa8  \xef\xbf\xbd");
}

TEST(ReportPage, NamesNoAddressToLoadFrom) {
  const std::string page = render_report({"t", "", {}, {}});
  EXPECT_EQ(page.find(" src="), std::string::npos);
  EXPECT_EQ(page.find("<link"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(ReportPage, IsTheSameForTheSameRecord) {
  const RunRecord run{"t", "seed = 1", {{"seed", "1"}}, {StageResult{}}};
  EXPECT_EQ(render_report(run), render_report(run));
}

TEST(ReportTable, NumbersKeepTheirDigitsAndOddOnesTheirMeaning) {
  const double inf = std::numeric_limits<double>::infinity();
  StageResult stage;
  stage.tables.push_back(
      {"t",
       "",
       {{"v", make_array({5}, std::vector<double>{0.1, 1.0 / 3.0, std::nan(""), inf, -inf})}}});
  const json values = data_of(stage)["tables"][0]["columns"][0]["values"];
  EXPECT_EQ(values[0].get<double>(), 0.1);
  EXPECT_EQ(values[1].get<double>(), 1.0 / 3.0);
  EXPECT_EQ(values.dump().substr(values.dump().find("null")), "null,\"inf\",\"-inf\"]");
}

TEST(ReportTable, WholeNumbersBeyondAScriptsPrecisionAreTexts) {
  const std::int64_t exact = (std::int64_t{1} << 53) - 1;
  StageResult stage;
  stage.tables.push_back(
      {"t", "", {{"v", make_array({3}, std::vector<std::int64_t>{exact, exact + 2, -exact - 2})}}});
  EXPECT_EQ(data_of(stage)["tables"][0]["columns"][0]["values"].dump(),
            "[9007199254740991,\"9007199254740993\",\"-9007199254740993\"]");
}

TEST(ReportTable, ColumnsOfOtherLengthsAreRefusedAndSaidOnThePage) {
  const Table table{"t", "T", {{"a", counting({3})}, {"b", counting({4})}}};
  const std::string message = "table 't', column 'b': has 4 rows where the first has 3";
  EXPECT_EQ(error_of([&] { check_table(table); }), message);
  EXPECT_EQ(error_of([] {
              check_table({"t", "", {{"a", counting({2, 2})}}});
            }),
            "table 't', column 'a': is float64 [2,2], not of rank 1");
  StageResult stage;
  stage.tables.push_back(table);
  EXPECT_EQ(data_of(stage)["tables"][0]["error"], message);
}

TEST(ReportTable, LongTablesEndAfterTheirFirstRows) {
  StageResult stage;
  stage.tables.push_back({"t", "", {{"a", counting({150'000})}, {"b", counting({150'000})}}});
  const json table = data_of(stage)["tables"][0];
  EXPECT_EQ(table["total"], 150'000);
  EXPECT_EQ(table["columns"][1]["values"].size(), 25'000u);
}

TEST(ReportFigure, MissingArrayIsAnErrorThatNamesFigureAndAxis) {
  const Figure figure{"portrait", "", "", "", "", "", {{"line", "", "t", "pca[0]", "", "", ""}}};
  const ArrayMap arrays = {{"t", counting({3})}};
  const std::string message =
      "figure 'portrait', series 0: y 'pca[0]': the stage has no array 'pca'";
  EXPECT_EQ(error_of([&] { check_figure(figure, arrays); }), message);
  EXPECT_EQ(data_of(stage_with(figure, arrays))["figures"][0]["error"], message);
}

TEST(ReportFigure, TwoAndThreeDimensionsDoNotMix) {
  const Figure figure{
      "f",
      "",
      "",
      "",
      "",
      "",
      {{"scatter", "", "t", "t", "", "", ""}, {"scatter3d", "", "t", "t", "t", "", ""}}};
  EXPECT_EQ(error_of([&] {
              check_figure(figure, {{"t", counting({3})}});
            }),
            "figure 'f': 'scatter' and 'scatter3d' cannot share one figure, as one has three "
            "dimensions");
}

TEST(ReportFigure, NotANumberIsNull) {
  const Figure figure{"f", "", "", "", "", "", {{"line", "", "", "y", "", "", ""}}};
  const std::vector<double> y = {0.5, std::nan(""), std::numeric_limits<double>::infinity()};
  const json series =
      data_of(stage_with(figure, {{"y", make_array({3}, y)}}))["figures"][0]["series"][0];
  EXPECT_EQ(series["y"].dump(), "[0.5,null,null]");
}

TEST(ReportFigure, CarriesGroupsLengthsAndAxes) {
  const Figure figure{"f", "T", "C", "X", "", "", {{"line", "L", "", "y", "", "g", "n"}}};
  const json made = data_of(
      stage_with(figure, {{"y", counting({3})},
                          {"g", make_array({2}, std::vector<std::string>{"a", "b"})},
                          {"n", make_array({2}, std::vector<std::int64_t>{1, 2})}}))["figures"][0];
  EXPECT_EQ(made["labels"].dump(), R"(["X","",""])");
  const json& series = made["series"][0];
  EXPECT_EQ(series["lengths"].dump(), "[1,2]");
  EXPECT_EQ(series["groups"].dump(), R"(["a","b"])");
  EXPECT_EQ(series["group"].dump(), "[0,1,1]");
  EXPECT_EQ(series["axes"].dump(), R"(["","y",""])");
}

TEST(ReportFigure, SmallSeriesStayWholeBesideLargeOnes) {
  const Figure figure{"f",
                      "",
                      "",
                      "",
                      "",
                      "",
                      {{"lines3d", "", "s[0]", "s[1]", "s[2]", "", ""},
                       {"scatter3d", "", "p[0]", "p[1]", "p[2]", "", ""}}};
  const json series =
      data_of(stage_with(figure, {{"s", counting({90, 1'000, 3})},
                                  {"p", counting({400, 3})}}))["figures"][0]["series"];
  EXPECT_EQ(series[1]["shown"], 400);
  EXPECT_EQ(series[0]["total"], 90'000);
  EXPECT_NEAR(series[0]["shown"].get<double>(), 20'000, 200);  // the share of the points, rounded
}

TEST(ReportFigure, LargeSeriesShareOneFiguresBudget) {
  Figure figure{"f", "", "", "", "", "", {}};
  for (int i = 0; i < 5; ++i) figure.series.push_back({"line", "", "", "y", "", "", ""});
  std::int64_t shown = 0;
  const json made = data_of(stage_with(figure, {{"y", counting({70'001})}}))["figures"][0];
  for (const json& series : made["series"]) shown += series["shown"].get<std::int64_t>();
  EXPECT_LE(shown, 10'000);
  EXPECT_GT(shown, 9'500);
}

TEST(ReportStage, ValuesComeInTheOrderPut) {
  StageResult stage;
  stage.arrays["a"] = make_array({}, std::vector<double>{2.5});
  stage.arrays["b"] = make_array({}, std::vector<std::complex<double>>{{1, -2}});
  stage.values = {"b", "a"};
  stage.status = StageStatus::interrupted;
  const json data = data_of(stage);
  EXPECT_EQ(data["values"][0]["name"], "b");
  EXPECT_EQ(data["values"][0]["value"].dump(), "[1.0,-2.0]");
  EXPECT_EQ(data["values"][1]["value"], 2.5);
  EXPECT_EQ(data["status"], "interrupted");
}

}  // namespace
}  // namespace dynkit
