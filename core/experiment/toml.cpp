#include <fmt/format.h>

#include "dynkit/core/experiment.hpp"
#include "dynkit/error.hpp"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace dynkit {
namespace {

Config convert(const toml::node& node, const std::string& path);

Config::Table convert_table(const toml::table& table, const std::string& path) {
  Config::Table result;
  for (const auto& [key, value] : table) {
    result.emplace_back(std::string(key.str()), convert(value, path));
  }
  // toml++ sorts keys; what the user wrote first comes first.
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return a.second.line < b.second.line; });
  return result;
}

Config convert(const toml::node& node, const std::string& path) {
  const int line = static_cast<int>(node.source().begin.line);
  if (const auto* table = node.as_table()) return {convert_table(*table, path), line};
  if (const auto* array = node.as_array()) {
    Config::List list;
    for (const auto& item : *array) list.push_back(convert(item, path));
    return {std::move(list), line};
  }
  if (const auto* text = node.as_string()) return {text->get(), line};
  if (const auto* flag = node.as_boolean()) return {flag->get(), line};
  if (const auto* integer = node.as_integer()) return {integer->get(), line};
  if (const auto* number = node.as_floating_point()) return {number->get(), line};
  throw Error(DK_SETTINGS, fmt::format("{}:{}: dates and times have no meaning here", path, line));
}

}  // namespace

Config parse_toml(const std::string& text, const std::string& path) {
  try {
    const toml::table table = toml::parse(text, path);
    return {convert_table(table, path), 0};
  } catch (const toml::parse_error& e) {
    throw Error(DK_SETTINGS, fmt::format("{}:{}: {}", path, e.source().begin.line,
                                         std::string(e.description())));
  }
}

}  // namespace dynkit
