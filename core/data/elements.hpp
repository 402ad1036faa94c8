#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dynkit/core/array.hpp"

namespace dynkit {

/// Element types of numbers in files.
enum class Element {
  f64,
  f32,
  f16,
  bf16,
  c128,
  c64,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean
};

/// Bytes of one element in a file.
std::size_t element_size(Element element);

/// Bytes of one element in memory, after decode_elements.
std::size_t decoded_size(Element element);

/// All elements in `bytes`, a whole number of them. Floats become float64 exactly, integers int64,
/// u8 and booleans uint8 (booleans as 0 or 1). Throws Error (DK_IO) for a u64 above 2^63 - 1.
Array::Values decode_elements(Element element, std::span<const std::byte> bytes,
                              std::endian order = std::endian::little);

/// IEEE binary16 and bfloat16 from their bits, exactly; NaN stays NaN.
double from_float16(std::uint16_t bits);
double from_bfloat16(std::uint16_t bits);

/// A number at any address, in the byte order `order`.
template <class Number>
Number load_number(const std::byte* address, std::endian order = std::endian::little) {
  std::byte bytes[sizeof(Number)];
  std::memcpy(bytes, address, sizeof(Number));
  if (order != std::endian::native) {
    for (std::size_t i = 0; i < sizeof(Number) / 2; ++i) {
      std::swap(bytes[i], bytes[sizeof(Number) - 1 - i]);
    }
  }
  Number number;
  std::memcpy(&number, bytes, sizeof(Number));
  return number;
}

}  // namespace dynkit
