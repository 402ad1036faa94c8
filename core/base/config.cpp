#include "dynkit/core/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

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
