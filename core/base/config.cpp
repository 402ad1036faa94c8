#include "dynkit/core/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>

namespace dynkit {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const std::string text = fmt::format("{}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || rest != end || text.empty()) return std::nullopt;
  return value;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// The items of "[a, [b, c]]" between its outer brackets, cut at commas that are in no inner ones.
std::vector<std::string_view> list_items(std::string_view inside) {
  std::vector<std::string_view> items;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= inside.size(); ++i) {
    const char c = i < inside.size() ? inside[i] : ',';
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c == ',' && depth == 0) {
      const auto item = trim(inside.substr(begin, i - begin));
      if (!item.empty()) items.push_back(item);
      begin = i + 1;
    }
  }
  return items;
}

// Levenshtein distance.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] != b[j] ? 1 : 0);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

const Config* Config::find(const std::string& key) const {
  for (const auto& [name, config] : table()) {
    if (name == key) return &config;
  }
  return nullptr;
}

std::string kind_of(const Config& config) {
  static constexpr const char* kKinds[] = {"true or false", "a whole number", "a number",
                                           "a text",        "a list",         "a table"};
  return kKinds[config.value.index()];
}

std::string to_text(const Config& config) {
  struct Writer {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return number_text(value); }
    std::string operator()(const std::string& value) const { return quoted(value); }
    std::string operator()(const Config::List& list) const {
      std::string text;
      for (const Config& item : list) text += (text.empty() ? "" : ", ") + to_text(item);
      return "[" + text + "]";
    }
    std::string operator()(const Config::Table& table) const {
      std::string text;
      for (const auto& [key, item] : table) {
        text += (text.empty() ? "" : ", ") + key + " = " + to_text(item);
      }
      return "{" + text + "}";
    }
  };
  return std::visit(Writer{}, config.value);
}

Config parse_value(const std::string& text) {
  const std::string_view word = trim(text);
  if (word == "true" || word == "false") return {word == "true", 0};
  if (word == "inf" || word == "-inf") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return {word == "inf" ? kInfinity : -kInfinity, 0};
  }
  if (const auto integer = parse_number<std::int64_t>(word)) return {*integer, 0};
  if (const auto number = parse_number<double>(word)) return {*number, 0};
  if (word.size() >= 2 && word.front() == '[' && word.back() == ']') {
    Config::List list;
    for (const auto item : list_items(word.substr(1, word.size() - 2))) {
      list.push_back(parse_value(std::string(item)));
    }
    return {std::move(list), 0};
  }
  if (word.size() >= 2 && word.front() == '"' && word.back() == '"') {
    return {std::string(word.substr(1, word.size() - 2)), 0};
  }
  return {std::string(word), 0};
}

std::string suggest(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string* nearest = nullptr;
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest != nullptr ? fmt::format(" (did you mean '{}'?)", *nearest) : "";
}

std::string printable(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code == '\n' || code == '\t') {
      result += ' ';
    } else if (code >= 0x20 && code != 0x7f) {
      result += c;
    }
  }
  return result;
}

}  // namespace dynkit
