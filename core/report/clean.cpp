#include "clean.hpp"

#include <cstddef>

namespace dynkit::report {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

// Bytes of the control character at `i`, in UTF-8: C0 and DEL, C1 (U+0080 to U+009F), writing
// directions (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069). 0: none.
std::size_t control_length(std::string_view text, std::size_t i) {
  const unsigned char first = byte_at(text, i);
  const unsigned char second = byte_at(text, i + 1);
  const unsigned char third = byte_at(text, i + 2);
  if ((first < 0x20 && first != '\t' && first != '\n') || first == 0x7f) return 1;
  if (first == 0xc2 && second >= 0x80 && second <= 0x9f) return 2;
  if (first != 0xe2) return 0;
  const bool is_mark = second == 0x80 && (third == 0x8e || third == 0x8f);
  const bool is_embedding = second == 0x80 && third >= 0xaa && third <= 0xae;
  const bool is_isolate = second == 0x81 && third >= 0xa6 && third <= 0xa9;
  return is_mark || is_embedding || is_isolate ? 3 : 0;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = control_length(text, i);
    if (length == 0) result.push_back(text[i]);
    i += length == 0 ? 1 : length;
  }
  return result;
}

std::string escape_for_script(std::string_view json) {
  std::string result;
  result.reserve(json.size() + json.size() / 64);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const bool is_separator = byte_at(json, i) == 0xe2 && byte_at(json, i + 1) == 0x80 &&
                              (byte_at(json, i + 2) | 1) == 0xa9;
    if (is_separator) {
      result += byte_at(json, i + 2) == 0xa8 ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (json[i] == '<') {
      result += "\\u003c";
    } else {
      result.push_back(json[i]);
    }
  }
  return result;
}

}  // namespace dynkit::report
