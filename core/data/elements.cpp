#include "elements.hpp"

#include <fmt/format.h>

#include <complex>
#include <limits>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<float>::is_iec559);
static_assert(sizeof(std::complex<double>) == 2 * sizeof(double));

template <class Stored, class Convert>
auto decode(std::span<const std::byte> bytes, std::endian order, Convert convert) {
  std::vector<decltype(convert(Stored{}))> values(bytes.size() / sizeof(Stored));
  const std::byte* next = bytes.data();
  for (auto& value : values) {
    value = convert(load_number<Stored>(next, order));
    next += sizeof(Stored);
  }
  return values;
}

template <class Stored, class Kept>
std::vector<Kept> decode_as(std::span<const std::byte> bytes, std::endian order) {
  return decode<Stored>(bytes, order, [](Stored value) { return static_cast<Kept>(value); });
}

template <class Stored>
std::vector<std::complex<double>> decode_complex(std::span<const std::byte> bytes,
                                                 std::endian order) {
  std::vector<std::complex<double>> values(bytes.size() / (2 * sizeof(Stored)));
  const std::byte* next = bytes.data();
  for (std::complex<double>& value : values) {
    value = {load_number<Stored>(next, order), load_number<Stored>(next + sizeof(Stored), order)};
    next += 2 * sizeof(Stored);
  }
  return values;
}

std::int64_t to_signed(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(DK_IO,
                fmt::format("the element {} does not fit into a signed 64-bit integer", value));
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::size_t element_size(Element element) {
  switch (element) {
    case Element::c128:
      return 16;
    case Element::f64:
    case Element::c64:
    case Element::i64:
    case Element::u64:
      return 8;
    case Element::f32:
    case Element::i32:
    case Element::u32:
      return 4;
    case Element::f16:
    case Element::bf16:
    case Element::i16:
    case Element::u16:
      return 2;
    case Element::i8:
    case Element::u8:
    case Element::boolean:
      break;
  }
  return 1;
}

std::size_t decoded_size(Element element) {
  if (element == Element::u8 || element == Element::boolean) return 1;
  return element == Element::c128 || element == Element::c64 ? 16 : 8;
}

Array::Values decode_elements(Element element, std::span<const std::byte> bytes,
                              std::endian order) {
  switch (element) {
    case Element::f64:
      return decode_as<double, double>(bytes, order);
    case Element::f32:
      return decode_as<float, double>(bytes, order);
    case Element::f16:
      return decode<std::uint16_t>(bytes, order, from_float16);
    case Element::bf16:
      return decode<std::uint16_t>(bytes, order, from_bfloat16);
    case Element::c128:
      return decode_complex<double>(bytes, order);
    case Element::c64:
      return decode_complex<float>(bytes, order);
    case Element::i64:
      return decode_as<std::int64_t, std::int64_t>(bytes, order);
    case Element::i32:
      return decode_as<std::int32_t, std::int64_t>(bytes, order);
    case Element::i16:
      return decode_as<std::int16_t, std::int64_t>(bytes, order);
    case Element::i8:
      return decode_as<std::int8_t, std::int64_t>(bytes, order);
    case Element::u64:
      return decode<std::uint64_t>(bytes, order, to_signed);
    case Element::u32:
      return decode_as<std::uint32_t, std::int64_t>(bytes, order);
    case Element::u16:
      return decode_as<std::uint16_t, std::int64_t>(bytes, order);
    case Element::u8:
      return decode_as<std::uint8_t, std::uint8_t>(bytes, order);
    case Element::boolean:
      break;
  }
  return decode<std::uint8_t>(
      bytes, order, [](std::uint8_t value) { return static_cast<std::uint8_t>(value != 0); });
}

double from_float16(std::uint16_t bits) {
  const std::uint64_t sign = std::uint64_t{bits} >> 15 << 63;
  const std::uint64_t exponent = bits >> 10 & 0x1F, fraction = bits & 0x3FF;
  if (exponent == 0) {
    const double size = static_cast<double>(fraction) * 0x1p-24;
    return sign == 0 ? size : -size;
  }
  // The exponent's bias changes from 15 to 1023, the fraction grows from 10 bits to 52.
  const std::uint64_t wide = exponent == 0x1F ? 0x7FF : exponent + (1023 - 15);
  return std::bit_cast<double>(sign | wide << 52 | fraction << 42);
}

double from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

}  // namespace dynkit
