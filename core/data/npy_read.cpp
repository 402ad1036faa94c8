#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "dynkit/error.hpp"
#include "elements.hpp"
#include "names.hpp"
#include "npy.hpp"

namespace dynkit {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

// The header only holds a type and a shape; NumPy itself trusts no more than 10000 characters.
constexpr std::size_t kHeaderLimit = 10000;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// Reads the header's text, a Python dictionary with three known keys in any order:
//   {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  Header parse() {
    std::optional<std::string> descr;
    std::optional<bool> fortran_order;
    std::optional<std::vector<std::int64_t>> shape;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        if (take('[')) throw Error(DK_UNSUPPORTED, "structured elements are not read");
        descr = quoted();
      } else if (key == "fortran_order" && !fortran_order) {
        fortran_order = boolean();
      } else if (key == "shape" && !shape) {
        shape = tuple();
      } else {
        fail();
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!descr || !fortran_order || !shape || !rest_.empty()) fail();
    return {*descr, *fortran_order, *shape};
  }

 private:
  [[noreturn]] static void fail() {
    throw Error(DK_IO, "the .npy header is not a dictionary of descr, fortran_order and shape");
  }

  void skip_space() {
    const std::size_t start = rest_.find_first_not_of(" \n\t\r");
    rest_.remove_prefix(std::min(start, rest_.size()));
  }

  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail();
  }

  bool take(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool boolean() {
    if (take("True")) return true;
    if (!take("False")) fail();
    return false;
  }

  std::string quoted() {
    skip_space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : rest_.npos;
    if (end == rest_.npos) fail();
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> numbers;
    expect('(');
    while (!take(')')) {
      skip_space();
      std::int64_t number = 0;
      const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
      if (code != std::errc()) fail();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      take('L');  // as Python 2 wrote long integers
      numbers.push_back(number);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return numbers;
  }

  std::string_view rest_;
};

std::string_view header_text(std::span<const std::byte>& bytes) {
  if (!as_text(bytes).starts_with(kMagic) || bytes.size() < kMagic.size() + 2) {
    throw Error(DK_IO, "is not an .npy file");
  }
  const auto version = std::to_integer<int>(bytes[kMagic.size()]);
  if (version < 1 || version > 3) {
    throw Error(DK_UNSUPPORTED, fmt::format("version {} of the .npy format is not known", version));
  }
  bytes = bytes.subspan(kMagic.size() + 2);
  const std::size_t width = version == 1 ? 2 : 4;
  if (bytes.size() < width) throw Error(DK_IO, "is cut off in the .npy header");
  const std::size_t length = version == 1 ? load_number<std::uint16_t>(bytes.data())
                                          : load_number<std::uint32_t>(bytes.data());
  bytes = bytes.subspan(width);
  if (length > kHeaderLimit) {
    throw Error(DK_IO,
                fmt::format("the .npy header of {} bytes is longer than {}", length, kHeaderLimit));
  }
  if (length > bytes.size()) throw Error(DK_IO, "is cut off in the .npy header");
  const std::string_view text = as_text(bytes.first(length));
  bytes = bytes.subspan(length);
  return text;
}

// "<f8": byte order, kind, and bytes (U: characters) of an element.
struct ElementLayout {
  std::endian order = std::endian::little;
  char kind = '\0';
  std::uint64_t width = 0;
};

ElementLayout parse_descr(const std::string& descr) {
  const bool good = descr.size() >= 3 && std::string_view("<>|=").find(descr[0]) != descr.npos;
  ElementLayout layout;
  if (good) {
    layout.order = descr[0] == '>' ? std::endian::big : std::endian::little;
    layout.kind = descr[1];
    const char* const end = descr.data() + descr.size();
    const auto [stop, code] = std::from_chars(descr.data() + 2, end, layout.width);
    if (code == std::errc() && stop == end) return layout;
  }
  if (descr.starts_with("|O")) throw Error(DK_UNSUPPORTED, "pickled objects are not read");
  throw Error(DK_UNSUPPORTED, fmt::format("elements of type '{}' are not read", printable(descr)));
}

std::optional<Element> number_element(const ElementLayout& layout) {
  static constexpr struct {
    char kind;
    std::uint64_t width;
    Element element;
  } kTypes[] = {{'f', 8, Element::f64},   {'f', 4, Element::f32},    {'f', 2, Element::f16},
                {'c', 16, Element::c128}, {'c', 8, Element::c64},    {'i', 8, Element::i64},
                {'i', 4, Element::i32},   {'i', 2, Element::i16},    {'i', 1, Element::i8},
                {'u', 8, Element::u64},   {'u', 4, Element::u32},    {'u', 2, Element::u16},
                {'u', 1, Element::u8},    {'b', 1, Element::boolean}};
  for (const auto& type : kTypes) {
    if (type.kind == layout.kind && type.width == layout.width) return type.element;
  }
  return std::nullopt;
}

std::string utf8_from_utf32(std::span<const std::byte> bytes, std::endian order) {
  std::string text;
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    const auto code = load_number<std::uint32_t>(bytes.data() + at, order);
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
    } else if (code < 0x110000) {
      put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    } else {
      throw Error(DK_IO, fmt::format("U+{:X} is not a Unicode character", code));
    }
  }
  return text;
}

// Elements of fixed width, filled up with NUL.
std::vector<std::string> decode_texts(std::span<const std::byte> bytes, std::uint64_t count,
                                      const ElementLayout& layout) {
  const std::size_t stride = bytes.size() / count;
  std::vector<std::string> texts;
  texts.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto element = bytes.subspan(i * stride, stride);
    std::string text =
        layout.kind == 'U' ? utf8_from_utf32(element, layout.order) : std::string(as_text(element));
    text.erase(text.find_last_not_of('\0') + 1);
    if (!is_text(text)) {
      throw Error(DK_IO, fmt::format("the text '{}' is not UTF-8", printable(text)));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

// Puts elements that come in Fortran order (first index fastest) into C order (last fastest).
template <class Element>
void reorder(std::vector<Element>& values, std::span<const std::int64_t> shape) {
  std::vector<std::size_t> index(shape.size(), 0), stride(shape.size(), 1);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    stride[axis] = stride[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
  }
  std::vector<Element> ordered;
  ordered.reserve(values.size());
  std::size_t from = 0;
  while (ordered.size() < values.size()) {
    ordered.push_back(std::move(values[from]));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < static_cast<std::size_t>(shape[axis])) break;
      from -= index[axis] * stride[axis];
      index[axis] = 0;
    }
  }
  values = std::move(ordered);
}

}  // namespace

Array parse_npy(std::span<const std::byte> bytes, MemoryBudget& budget) {
  const Header header = HeaderParser(header_text(bytes)).parse();
  const ElementLayout layout = parse_descr(header.descr);
  const bool is_texts = layout.kind == 'S' || layout.kind == 'U';
  const std::optional<Element> element = number_element(layout);
  if (!element && !is_texts) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("elements of type '{}' are not read", printable(header.descr)));
  }

  const std::uint64_t count = checked_size(header.shape);
  const std::uint64_t width = checked_product(layout.kind == 'U' ? 4 : 1, layout.width);
  const std::uint64_t needed = checked_product(count, width);
  if (needed != bytes.size()) {
    throw Error(DK_IO, fmt::format("its header asks for {} bytes of elements, {} are there", needed,
                                   bytes.size()));
  }
  // Elements of no bytes would let an empty file ask for any number of them.
  if (width == 0 && count > 0) throw Error(DK_IO, "its text elements have no bytes");

  Array array;
  array.shape = header.shape;
  if (element) {
    budget.take(count * decoded_size(*element));
    array.values = decode_elements(*element, bytes, layout.order);
  } else {
    budget.take(checked_product(count, sizeof(std::string) + width));
    array.values = count > 0 ? decode_texts(bytes, count, layout) : std::vector<std::string>{};
  }
  if (header.fortran_order && header.shape.size() > 1) {
    std::visit([&](auto& values) { reorder(values, header.shape); }, array.values);
  }
  return array;
}

}  // namespace dynkit
