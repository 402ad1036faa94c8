#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

constexpr std::size_t kNameLimit = 1024;

// Length of the well-formed UTF-8 sequence that `bytes` begins with, 0 if there is none
// (The Unicode Standard, table 3-7).
std::size_t sequence_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_part(std::string_view part) {
  return !part.empty() && part != "." && part != "..";
}

}  // namespace

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

bool is_name(std::string_view name) {
  if (name.size() > kNameLimit || !is_text(name)) return false;
  if (std::any_of(name.begin(), name.end(), is_control)) return false;
  while (true) {
    const std::size_t slash = name.find('/');
    if (!is_part(name.substr(0, slash))) return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
}

void check_name(std::string_view name) {
  if (!is_name(name)) {
    throw Error(DK_IO, fmt::format("the array name '{}' is not 1 to {} bytes of UTF-8 names other "
                                   "than '.' and '..', separated by '/'",
                                   printable(name), kNameLimit));
  }
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLength = 80;
  std::size_t length = std::min(text.size(), kLength);
  const bool keep = is_text(text);
  while (keep && length < text.size() &&
         (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    --length;
  }
  std::string result(text.substr(0, length));
  for (char& c : result) {
    if (is_control(c) || (!keep && static_cast<unsigned char>(c) > 0x7F)) c = '?';
  }
  return length < text.size() ? result + "..." : result;
}

std::string list_names(std::span<const std::string> names) {
  constexpr std::size_t kShown = 12;
  std::string list;
  for (const std::string& name : names.first(std::min(names.size(), kShown))) {
    list += (list.empty() ? "" : ", ") + printable(name);
  }
  return names.size() > kShown ? fmt::format("{} and {} more", list, names.size() - kShown) : list;
}

void add_array(ArrayMap& arrays, const std::string& name, Array array) {
  check_name(name);
  if (!arrays.emplace(name, std::move(array)).second) {
    throw Error(DK_IO, fmt::format("two arrays are named '{}'", printable(name)));
  }
}

}  // namespace dynkit
