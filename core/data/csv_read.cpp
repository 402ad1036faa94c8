#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <limits>
#include <optional>
#include <string_view>

#include "csv.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "limits.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

constexpr std::string_view kBlanks = " \t";
// Bounds what a single line takes in memory.
constexpr std::size_t kCellLimit = std::size_t{1} << 20;

constexpr char kAnyBlanks = ' ';  // the delimiter: one or more blanks

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// Cuts text into lines of cells.
class RecordReader {
 public:
  RecordReader(std::string_view text, char delimiter) : rest_(text), delimiter_(delimiter) {}

  // Reads the next line that holds cells, false at the end. The views last until the next call.
  bool next(std::vector<std::string_view>& cells) {
    cells.clear();
    unquoted_.clear();
    while (!rest_.empty()) {
      line_ = next_line_;
      skip_blanks();
      if (!rest_.empty() && rest_.front() == '#') skip_line();
      if (!take_line_end()) {
        read_cells(cells);
        return true;
      }
    }
    return false;
  }

  // Number of the line that was read last, or where its quoted cells let it begin.
  std::size_t line() const { return line_; }

 private:
  bool at_line_end() const {
    return rest_.empty() || rest_.front() == '\n' || rest_.front() == '\r';
  }

  bool take_line_end() {
    if (!at_line_end()) return false;
    if (!rest_.empty()) rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
    ++next_line_;
    return true;
  }

  // A tab that delimits cells is no blank.
  void skip_blanks() {
    while (!rest_.empty() && kBlanks.find(rest_.front()) != kBlanks.npos &&
           rest_.front() != (delimiter_ == kAnyBlanks ? '\0' : delimiter_)) {
      rest_.remove_prefix(1);
    }
  }

  void skip_line() { rest_.remove_prefix(std::min(rest_.find_first_of("\r\n"), rest_.size())); }

  // Whether another cell follows.
  bool take_delimiter() {
    skip_blanks();
    if (delimiter_ == kAnyBlanks) return !at_line_end();
    if (rest_.empty() || rest_.front() != delimiter_) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  void read_cells(std::vector<std::string_view>& cells) {
    do {
      if (cells.size() == kCellLimit) {
        throw Error(DK_TOO_LARGE, fmt::format("line {} has more than {} cells", line_, kCellLimit));
      }
      cells.push_back(!rest_.empty() && rest_.front() == '"' ? quoted_cell() : plain_cell());
    } while (take_delimiter());
    if (!take_line_end()) {
      throw Error(DK_IO, fmt::format("line {}: text follows a quoted cell", line_));
    }
  }

  std::string_view plain_cell() {
    const char stops[] = {'\n', '\r', delimiter_, delimiter_ == kAnyBlanks ? '\t' : delimiter_};
    const std::size_t end = rest_.find_first_of(std::string_view(stops, sizeof(stops)));
    const std::string_view cell = rest_.substr(0, end);
    rest_.remove_prefix(cell.size());
    return trimmed(cell);
  }

  std::string_view quoted_cell() {
    std::string& cell = unquoted_.emplace_back();
    rest_.remove_prefix(1);
    while (true) {
      const std::size_t end = rest_.find('"');
      if (end == rest_.npos) {
        throw Error(DK_IO, fmt::format("line {}: a quoted cell does not end", line_));
      }
      cell += rest_.substr(0, end);
      next_line_ += static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + end, '\n'));
      rest_.remove_prefix(end + 1);
      if (rest_.empty() || rest_.front() != '"') return trimmed(cell);
      cell += '"';
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  char delimiter_;
  std::size_t line_ = 0, next_line_ = 1;
  std::deque<std::string> unquoted_;  // quoted cells of the line, without their quotes
};

// How a delimiter cuts the first lines.
struct Fit {
  bool equal = true;        // all lines into the same number of cells, more than one
  std::size_t records = 0;  // lines
  std::size_t cut = 0;      // lines with more than one cell
};

Fit try_delimiter(std::string_view text, char delimiter) {
  constexpr std::size_t kSample = 20;
  Fit fit;
  std::size_t width = 0;
  std::vector<std::string_view> cells;
  RecordReader reader(text, delimiter);
  try {
    while (fit.records < kSample && reader.next(cells)) {
      if (fit.records++ == 0) width = cells.size();
      if (cells.size() > 1) ++fit.cut;
      if (cells.size() != width || width < 2) fit.equal = false;
    }
  } catch (const Error&) {
    fit.equal = false;  // quotes that this delimiter does not fit
  }
  return fit;
}

char guess_delimiter(std::string_view text) {
  constexpr char kDelimiters[] = {'\t', ';', ',', kAnyBlanks};
  Fit fits[4];
  for (int i = 0; i < 4; ++i) {
    fits[i] = try_delimiter(text, kDelimiters[i]);
    if (fits[i].equal && fits[i].records > 0) return kDelimiters[i];
  }
  // Unequal lines: an error, but to be told about in terms of the delimiter that was meant.
  for (int i = 0; i < 4; ++i) {
    if (2 * fits[i].cut > fits[i].records) return kDelimiters[i];
  }
  return ',';  // a single column
}

std::optional<double> parse_cell(std::string_view cell) {
  if (cell.empty() || cell == "NA") return std::numeric_limits<double>::quiet_NaN();
  if (cell.front() == '+') {
    cell.remove_prefix(1);
    if (cell.starts_with('-')) return std::nullopt;
  }
  double number = 0.0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (code != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return number;
}

bool is_missing(std::string_view cell) {
  return cell.empty() || cell == "NA";
}

// Neither missing nor a number, be it one that no double holds.
bool is_word(std::string_view cell) {
  if (parse_cell(cell)) return false;
  double number = 0.0;
  const std::size_t sign = cell.starts_with('+') ? 1 : 0;
  const auto [end, code] = std::from_chars(cell.data() + sign, cell.data() + cell.size(), number);
  return code != std::errc::result_out_of_range || end != cell.data() + cell.size();
}

// Whether the first line holds names. A broken number may not turn a row into names.
bool is_heading(const std::vector<std::string_view>& cells, std::size_t line) {
  const auto word = std::find_if(cells.begin(), cells.end(), is_word);
  if (word == cells.end()) return false;
  const auto number = std::find_if(cells.begin(), cells.end(), [](std::string_view cell) {
    return !is_missing(cell) && !is_word(cell);
  });
  if (number == cells.end()) return true;
  throw Error(DK_IO,
              fmt::format("line {}, cell {}: '{}' is not a number, though '{}' is one: the "
                          "first line holds either numbers or names",
                          line, word - cells.begin() + 1, printable(*word), printable(*number)));
}

std::vector<std::string> column_names(const std::vector<std::string_view>& cells) {
  std::vector<std::string> names;
  for (const std::string_view cell : cells) {
    std::string name(cell);
    std::replace(name.begin(), name.end(), '/', '_');
    if (!is_name(name)) name = fmt::format("column{}", names.size() + 1);
    names.push_back(std::move(name));
  }
  return names;
}

void append_row(const std::vector<std::string_view>& cells, std::size_t width, std::size_t line,
                std::vector<double>& values) {
  if (cells.size() != width) {
    throw Error(DK_IO, fmt::format("line {} has {} cells, the lines before it have {}", line,
                                   cells.size(), width));
  }
  for (std::size_t i = 0; i < width; ++i) {
    const std::optional<double> value = parse_cell(cells[i]);
    if (!value) {
      throw Error(DK_IO, fmt::format("line {}, cell {}: '{}' is not a number", line, i + 1,
                                     printable(cells[i])));
    }
    values.push_back(*value);
  }
}

}  // namespace

CsvTable parse_csv(std::span<const std::byte> bytes) {
  std::string_view text = as_text(bytes);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw Error(DK_IO, "is UTF-16 text; it must be UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // UTF-8's mark of itself

  CsvTable result;
  std::vector<double>& values = result.table.numbers();
  std::vector<std::string_view> cells;
  RecordReader reader(text, guess_delimiter(text));
  MemoryBudget budget(bytes.size());
  std::size_t rows = 0, width = 0;
  for (bool first = true; reader.next(cells); first = false) {
    if (first) width = cells.size();
    if (first && is_heading(cells, reader.line())) {
      result.columns = column_names(cells);
      continue;
    }
    // With names, the columns are kept once more on their own.
    budget.take(cells.size() * sizeof(double) * (result.columns.empty() ? 1 : 2));
    append_row(cells, width, reader.line(), values);
    ++rows;
  }
  if (width == 0) throw Error(DK_IO, "holds no table of numbers");
  result.table.shape = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)};
  return result;
}

}  // namespace dynkit
