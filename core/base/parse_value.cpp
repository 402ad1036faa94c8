// The inverse of to_text, kind to people: words need no quotes.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "dynkit/core/config.hpp"

namespace dynkit {
namespace {

constexpr int kDeepest = 64;

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || rest != end || text.empty()) return std::nullopt;
  return value;
}

Config parse_word(std::string_view word) {
  if (word == "true" || word == "false") return {word == "true", 0};
  if (const auto integer = parse_number<std::int64_t>(word)) return {*integer, 0};
  if (const auto number = parse_number<double>(word)) return {*number, 0};  // also inf and nan
  return {std::string(word), 0};
}

// Reads a value from the front of a text. Nothing: it is malformed.
class ValueReader {
 public:
  explicit ValueReader(std::string_view text) : rest_(text) {}

  std::optional<Config> read_all() {
    auto value = read(0);
    skip_space();
    return rest_.empty() ? value : std::nullopt;
  }

 private:
  std::optional<Config> read(int depth) {
    skip_space();
    if (depth > kDeepest || rest_.empty()) return std::nullopt;
    if (take('[')) return list(depth);
    if (take('{')) return table(depth);
    if (take('"')) return quoted();
    if (take('\'')) return literal();
    const auto word = trim(rest_.substr(0, depth == 0 ? rest_.size() : rest_.find_first_of(",]}")));
    if (word.empty()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(word.data() + word.size() - rest_.data()));
    return parse_word(word);
  }

  std::optional<Config> list(int depth) {
    Config::List items;
    while (!take(']')) {
      auto item = read(depth + 1);
      if (!item || (!take(',') && !sees(']'))) return std::nullopt;
      items.push_back(std::move(*item));
    }
    return Config{std::move(items), 0};
  }

  std::optional<Config> table(int depth) {
    Config::Table entries;
    while (!take('}')) {
      std::optional<Config> name = key();
      if (!name || name->text().empty() || !take('=')) return std::nullopt;
      auto value = read(depth + 1);
      if (!value || (!take(',') && !sees('}'))) return std::nullopt;
      entries.emplace_back(name->text(), std::move(*value));
    }
    return Config{std::move(entries), 0};
  }

  std::optional<Config> key() {
    if (take('"')) return quoted();
    if (take('\'')) return literal();
    const std::string_view word = rest_.substr(0, rest_.find('='));
    rest_.remove_prefix(word.size());
    return Config{std::string(trim(word)), 0};
  }

  // Between single quotes, where a backslash is one.
  std::optional<Config> literal() {
    const auto end = rest_.find('\'');
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return Config{std::move(text), 0};
  }

  std::optional<Config> quoted() {
    std::string text;
    while (!take_exactly('"')) {
      if (rest_.empty()) return std::nullopt;
      if (!take_exactly('\\')) {
        text += rest_.front();
        rest_.remove_prefix(1);
      } else if (const auto character = escaped()) {
        text += *character;
      } else {
        return std::nullopt;
      }
    }
    return Config{std::move(text), 0};
  }

  // What follows a backslash: n, a quote, a backslash, or u00XX.
  std::optional<char> escaped() {
    if (take_exactly('n')) return '\n';
    if (take_exactly('"')) return '"';
    if (take_exactly('\\')) return '\\';
    unsigned code = 0;
    if (rest_.size() < 5 || rest_.front() != 'u') return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data() + 1, rest_.data() + 5, code, 16);
    if (error != std::errc{} || end != rest_.data() + 5 || code >= 0x20) return std::nullopt;
    rest_.remove_prefix(5);
    return static_cast<char>(code);
  }

  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
  }
  bool take_exactly(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(char c) {
    skip_space();
    return take_exactly(c);
  }
  bool sees(char c) {
    skip_space();
    return !rest_.empty() && rest_.front() == c;
  }

  std::string_view rest_;
};

}  // namespace

Config parse_value(const std::string& text) {
  if (auto value = ValueReader(text).read_all()) return std::move(*value);
  return {std::string(trim(text)), 0};
}

}  // namespace dynkit
