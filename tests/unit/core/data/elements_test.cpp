#include "core/data/elements.hpp"

#include <cmath>
#include <limits>

#include "data_cases.hpp"

namespace dynkit {
namespace {

// The definition of an IEEE 754 binary format with `fraction_bits`, in arithmetic instead of bits.
double by_definition(unsigned bits, int exponent_bits, int fraction_bits) {
  const int fraction = static_cast<int>(bits) & ((1 << fraction_bits) - 1);
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double sign = (bits >> 15) != 0 ? -1.0 : 1.0;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double scale = std::pow(2.0, -fraction_bits);
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::pow(2.0, 1 - bias) * (fraction * scale);
  return sign * std::pow(2.0, exponent - bias) * (1.0 + fraction * scale);
}

bool same(double a, double b) {
  return std::isnan(b) ? std::isnan(a) : a == b && std::signbit(a) == std::signbit(b);
}

TEST(Float16, EveryPatternIsTheNumberOfItsDefinition) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const double number = from_float16(static_cast<std::uint16_t>(bits));
    ASSERT_TRUE(same(number, by_definition(bits, 5, 10))) << bits << ": " << number;
  }
}

TEST(Bfloat16, EveryPatternIsTheNumberOfItsDefinition) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const double number = from_bfloat16(static_cast<std::uint16_t>(bits));
    ASSERT_TRUE(same(number, by_definition(bits, 8, 7))) << bits << ": " << number;
  }
}

TEST(LoadNumber, TakesTheByteOrderItIsTold) {
  const std::uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04};
  const auto* address = reinterpret_cast<const std::byte*>(bytes);
  EXPECT_EQ(load_number<std::uint32_t>(address), 0x04030201u);
  EXPECT_EQ(load_number<std::uint32_t>(address, std::endian::big), 0x01020304u);
}

TEST(DecodeElements, RefusesUnsignedIntegersAboveTheSignedRange) {
  const std::uint64_t numbers[] = {INT64_MAX, std::uint64_t{INT64_MAX} + 1};
  const auto bytes = std::as_bytes(std::span(numbers));
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(decode_elements(Element::u64, bytes.first(8)))[0],
            INT64_MAX);
  EXPECT_EQ(error_of([&] { decode_elements(Element::u64, bytes); }),
            "the element 9223372036854775808 does not fit into a signed 64-bit integer");
}

}  // namespace
}  // namespace dynkit
