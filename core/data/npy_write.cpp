#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include "dynkit/error.hpp"
#include "names.hpp"
#include "npy.hpp"

namespace dynkit {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are written as they are");

template <class Element>
std::string_view descr() {
  if constexpr (std::is_same_v<Element, double>) return "<f8";
  if constexpr (std::is_same_v<Element, std::complex<double>>) return "<c16";
  if constexpr (std::is_same_v<Element, std::int64_t>) return "<i8";
  return "|u1";
}

// Magic, version, length and dictionary, filled up with spaces so that the elements start at a
// multiple of 64 bytes.
std::vector<std::byte> format_header(std::string_view descr, std::span<const std::int64_t> shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 descr, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t kPrefix = 10, kAlignment = 64;
  const std::size_t unpadded = kPrefix + text.size() + 1;
  text.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  text += '\n';

  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xFF);
  header += static_cast<char>(text.size() >> 8);
  header += text;
  const auto bytes = as_bytes(header);
  return {bytes.begin(), bytes.end()};
}

std::u32string utf32_from_utf8(std::string_view text) {
  if (!is_text(text)) {
    throw Error(DK_UNSUPPORTED, fmt::format("the text '{}' is not UTF-8", printable(text)));
  }
  std::u32string codes;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) {
      codes.back() = codes.back() << 6 | (byte & 0x3F);
    } else {
      const int kept_bits = byte < 0x80 ? 7 : byte < 0xE0 ? 5 : byte < 0xF0 ? 4 : 3;
      codes += static_cast<char32_t>(byte & ((1 << kept_bits) - 1));
    }
  }
  return codes;
}

std::vector<std::byte> format_texts(const std::vector<std::string>& texts,
                                    std::span<const std::int64_t> shape) {
  std::vector<std::u32string> codes;
  std::size_t width = 1;
  for (const std::string& text : texts) {
    codes.push_back(utf32_from_utf8(text));
    width = std::max(width, codes.back().size());
  }
  std::vector<std::byte> bytes = format_header(fmt::format("<U{}", width), shape);
  std::size_t at = bytes.size();
  bytes.resize(at + checked_product(checked_product(texts.size(), width), sizeof(char32_t)));
  for (const std::u32string& code : codes) {
    std::memcpy(bytes.data() + at, code.data(), code.size() * sizeof(char32_t));
    at += width * sizeof(char32_t);
  }
  return bytes;
}

}  // namespace

std::vector<std::byte> format_npy(const Array& array) {
  return std::visit(
      [&](const auto& values) {
        using Element = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<Element, std::string>) {
          return format_texts(values, array.shape);
        } else {
          std::vector<std::byte> bytes = format_header(descr<Element>(), array.shape);
          const auto elements = std::as_bytes(std::span(values));
          bytes.insert(bytes.end(), elements.begin(), elements.end());
          return bytes;
        }
      },
      array.values);
}

}  // namespace dynkit
