#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dynkit {

/// What a user wrote: a value of an experiment file or of the command line, with its line.
///
/// Tables keep the order in which keys were written.
struct Config {
  using List = std::vector<Config>;
  using Table = std::vector<std::pair<std::string, Config>>;
  using Value = std::variant<bool, std::int64_t, double, std::string, List, Table>;

  Value value = Table{};
  int line = 0;  // 1-based; 0: not from a file

  bool is_table() const { return std::holds_alternative<Table>(value); }
  bool is_list() const { return std::holds_alternative<List>(value); }
  bool is_text() const { return std::holds_alternative<std::string>(value); }
  const Table& table() const { return std::get<Table>(value); }
  Table& table() { return std::get<Table>(value); }
  const List& list() const { return std::get<List>(value); }
  const std::string& text() const { return std::get<std::string>(value); }

  /// The value of a key of this table, or nullptr.
  const Config* find(const std::string& key) const;
};

/// "a table", "a number", for messages.
std::string kind_of(const Config& config);

/// One line of TOML, as the value would stand in an experiment file.
std::string to_text(const Config& config);

/// The value that a text stands for: true, 3, 0.5, [1, 2], {a = 1}, "quoted", or the text itself.
/// Reads back what to_text writes. Used for defaults that components declare, for stored settings
/// and for `--set key=value`.
Config parse_value(const std::string& text);

/// " (did you mean 'tolerance'?)" if a candidate is near to `word`, else nothing.
std::string suggest(const std::string& word, const std::vector<std::string>& candidates);

/// The text with control characters taken out, so that it can be shown anywhere.
std::string printable(const std::string& text);

}  // namespace dynkit
