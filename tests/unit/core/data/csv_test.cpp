#include "core/data/csv.hpp"

#include <cmath>
#include <limits>

#include "data_cases.hpp"

namespace dynkit {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

CsvTable parse(std::string_view text) {
  return parse_csv(as_bytes(text));
}

std::string error_in(std::string_view text) {
  return error_of([&] { parse(text); });
}

const Array kTwoByThree = make_array<double>({2, 3}, {1.5, -2.0, 3e-7, 4.0, 5.0, 6.0});

TEST(CsvReader, GuessesTheDelimiter) {
  for (const char* text : {"1.5,-2,3e-7\n4,5,6\n", "1.5;-2;3e-7\n4;5;6\n", "1.5\t-2\t3e-7\n4\t5\t6",
                           "1.5 -2 3e-7\n4 5 6\n", "  1.5   -2 \t 3e-7 \n 4  5  6  \n",
                           "1.5, -2,  3e-7\n4,\t5, 6\n", "1.5 ; -2 ; 3e-7\n4 ; 5 ; 6\n"}) {
    expect_equal(parse(text).table, kTwoByThree, text);
  }
}

TEST(CsvReader, AcceptsEveryLineEnd) {
  for (const char* text : {"1.5,-2,3e-7\n4,5,6", "1.5,-2,3e-7\r\n4,5,6\r\n", "1.5,-2,3e-7\r4,5,6\r",
                           "\xEF\xBB\xBF"
                           "1.5,-2,3e-7\n\n\n4,5,6\n\n"}) {
    expect_equal(parse(text).table, kTwoByThree, text);
  }
}

TEST(CsvReader, PassesOverCommentLines) {
  expect_equal(parse("# a, b\n1.5,-2,3e-7\n  # c\n4,5,6\n#").table, kTwoByThree);
}

TEST(CsvReader, TakesALineOfNames) {
  const CsvTable table = parse("time,\"x, \"\"left\"\"\",m/s\n1.5,-2,3e-7\n4,5,6\n");
  expect_equal(table.table, kTwoByThree);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"time", "x, \"left\"", "m_s"}));
}

TEST(CsvReader, NumbersTheColumnsWithoutAUsableName) {
  EXPECT_EQ(parse(",..,a\xFF,b\n1,2,3,4\n").columns,
            (std::vector<std::string>{"column1", "column2", "column3", "b"}));
}

TEST(CsvReader, ReadsMissingCellsAsNan) {
  for (const char* text : {"1,,3\n,5,NA\n", "1,nan,3\nNaN,5,\n", "1\t\t3\n\t5\t\n"}) {
    const Array table = parse(text).table;
    ASSERT_EQ(table.shape, (std::vector<std::int64_t>{2, 3})) << text;
    const auto& values = table.numbers();
    EXPECT_TRUE(std::isnan(values[1]) && std::isnan(values[3]) && std::isnan(values[5])) << text;
    EXPECT_EQ(values[0] + values[2] + values[4], 9.0) << text;
  }
}

TEST(CsvReader, ReadsQuotedNumbersAndInfinities) {
  const auto table = parse("\"1\",+2,inf\n\"3\",4e0,-Infinity\n").table;
  EXPECT_EQ(table.numbers(), (std::vector<double>{1, 2, HUGE_VAL, 3, 4, -HUGE_VAL}));
}

TEST(CsvReader, ReadsASingleColumn) {
  const CsvTable table = parse("membrane potential\n1\n2\n3\n");
  EXPECT_EQ(table.columns, std::vector<std::string>{"membrane potential"});
  expect_equal(table.table, make_array<double>({3, 1}, {1, 2, 3}));
}

TEST(CsvReader, ReadsNamesWithoutRows) {
  const CsvTable table = parse("a,b\n");
  EXPECT_EQ(table.columns.size(), 2u);
  expect_equal(table.table, make_array<double>({0, 2}, {}));
}

TEST(CsvReader, NamesTheLineOfACellThatIsNoNumber) {
  EXPECT_EQ(error_in("a,b\n1,2\n# c\n\n3,x\n"), "line 5, cell 2: 'x' is not a number");
  EXPECT_EQ(error_in("1;2\n1,5;3\n"), "line 2, cell 1: '1,5' is not a number");
  EXPECT_EQ(error_in("1,2\n1,+-2\n"), "line 2, cell 2: '+-2' is not a number");
  EXPECT_EQ(error_in("1,2\n1,1e999\n"), "line 2, cell 2: '1e999' is not a number");
}

TEST(CsvReader, RefusesAFirstLineOfNumbersAndWords) {
  EXPECT_EQ(
      error_in("0.1x,2,3\n4,5,6\n"),
      "line 1, cell 1: '0.1x' is not a number, though '2' is one: the first line holds either "
      "numbers or names");
  EXPECT_EQ(error_in("# a\n1e999,b,c\n4,5,6\n"),
            "line 2, cell 2: 'b' is not a number, though '1e999' is one: the first line holds "
            "either numbers or names");
}

TEST(CsvReader, RefusesAnOverflowInTheFirstLine) {
  EXPECT_EQ(error_in("1e999,2\n3,4\n"), "line 1, cell 1: '1e999' is not a number");
  EXPECT_EQ(error_in("+1e999\n3\n"), "line 1, cell 1: '+1e999' is not a number");
}

TEST(CsvReader, TakesNamesBesideMissingCells) {
  EXPECT_EQ(parse("time,NA,\n1,2,3\n").columns,
            (std::vector<std::string>{"time", "NA", "column3"}));
}

TEST(CsvReader, NamesTheLineOfAnotherLength) {
  EXPECT_EQ(error_in("1,2\n3,4\n5\n"), "line 3 has 1 cells, the lines before it have 2");
  EXPECT_EQ(error_in("a,\"b\n\nc\"\n1,2\n3,4,5\n"),
            "line 5 has 3 cells, the lines before it have 2");
}

TEST(CsvReader, NamesTheLineOfAnOpenQuote) {
  EXPECT_EQ(error_in("1,2\n\"3,4\n"), "line 2: a quoted cell does not end");
  EXPECT_EQ(error_in("1,2\n\"3\"x,4\n"), "line 2: text follows a quoted cell");
}

TEST(CsvReader, BoundsTheCellsOfALine) {
  const std::size_t limit = std::size_t{1} << 20;
  EXPECT_EQ(parse(std::string(limit - 1, ',') + "\n").table.shape[1], std::int64_t{1} << 20);
  EXPECT_EQ(error_of([&] { parse(std::string(limit, ',') + "\n"); }, DK_TOO_LARGE),
            "line 1 has more than 1048576 cells");
}

TEST(CsvReader, RefusesAFileWithoutATable) {
  EXPECT_EQ(error_in(""), "holds no table of numbers");
  EXPECT_EQ(error_in("# nothing\n\n"), "holds no table of numbers");
  EXPECT_EQ(error_in("\xFF\xFE"
                     "1"),
            "is UTF-16 text; it must be UTF-8");
}

TEST(CsvWriter, WritesNumbersThatReadBackTheSame) {
  ArrayMap arrays;
  arrays["x"] = sample_array<double>({5, 3});
  expect_equal(parse(format_csv(arrays, ',')).table, arrays["x"]);
  expect_equal(parse(format_csv(arrays, '\t')).table, arrays["x"]);
}

TEST(CsvWriter, WritesColumnsUnderTheirNames) {
  ArrayMap arrays;
  arrays["count"] = make_array<std::int64_t>({2}, {-7, 8});
  arrays["level"] = make_array<std::uint8_t>({2}, {0, 255});
  arrays["x,y"] = make_array<double>({2}, {0.1, kNan});
  EXPECT_EQ(format_csv(arrays, ','), "count,level,\"x,y\"\n-7,0,0.1\n8,255,nan\n");
}

TEST(CsvWriter, LeavesNoFormulaToASpreadsheet) {
  ArrayMap arrays;
  arrays["=name"] =
      make_array<std::string>({7}, {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a=1", ""});
  EXPECT_EQ(format_csv(arrays, ','), "'=name\n'=1+1\n'+1\n'-1\n'@SUM(A1)\n'\t=1\na=1\n\"\"\n");
}

TEST(CsvWriter, QuotesWhatWouldEndACell) {
  ArrayMap arrays;
  arrays["a"] = make_array<std::string>({5}, {"x,y", "say \"no\"", "two\nlines", "#1", " b"});
  EXPECT_EQ(format_csv(arrays, ','),
            "a\n\"x,y\"\n\"say \"\"no\"\"\"\n\"two\nlines\"\n\"#1\"\n\" b\"\n");
}

TEST(CsvWriter, RefusesWhatIsNoTable) {
  ArrayMap arrays;
  arrays["a"] = sample_array<double>({3});
  arrays["b"] = sample_array<double>({4});
  EXPECT_EQ(error_of([&] { format_csv(arrays, ','); }, DK_UNSUPPORTED),
            "a table of text holds one array of rank <= 2 or columns of one length; array 'a' is "
            "float64 [3], 'b' is float64 [4]");
  arrays["b"] = sample_array<std::complex<double>>({3});
  EXPECT_EQ(error_of([&] { format_csv(arrays, ','); }, DK_UNSUPPORTED),
            "array 'b': a table of text does not hold complex128 [3]");
  arrays["b"] = sample_array<double>({0, 3});
  EXPECT_EQ(error_of([&] { format_csv(arrays, ','); }, DK_UNSUPPORTED),
            "array 'b': a table of text does not hold float64 [0,3]");
  arrays.clear();
  error_of([&] { format_csv(arrays, ','); }, DK_UNSUPPORTED);
  arrays["c"] = sample_array<double>({2, 3, 4});
  error_of([&] { format_csv(arrays, ','); }, DK_UNSUPPORTED);
}

}  // namespace
}  // namespace dynkit
