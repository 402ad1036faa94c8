// SHA-256: a 256-bit hash in 64 rounds for each block of 64 bytes.
//
// National Institute of Standards and Technology, "Secure Hash Standard", FIPS 180-4 (2015).
// Letters as there:
//   H [8]   hash value so far        W [64]  message schedule
//   a..h    working variables        K [64]  round constants

#include "sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "dynkit/core/files.hpp"

namespace dynkit {
namespace {

constexpr std::uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Big-endian, whatever the machine is.
std::uint32_t load_word(const std::byte* bytes) {
  std::uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = word << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return word;
}

void hash_block(std::array<std::uint32_t, 8>& H, const std::byte* block) {
  std::uint32_t W[64];
  for (int t = 0; t < 16; ++t) W[t] = load_word(block + 4 * t);
  for (int t = 16; t < 64; ++t) {
    const std::uint32_t p = W[t - 15], q = W[t - 2];
    const std::uint32_t sigma0 = std::rotr(p, 7) ^ std::rotr(p, 18) ^ p >> 3;
    const std::uint32_t sigma1 = std::rotr(q, 17) ^ std::rotr(q, 19) ^ q >> 10;
    W[t] = sigma1 + W[t - 7] + sigma0 + W[t - 16];
  }

  auto [a, b, c, d, e, f, g, h] = H;
  for (int t = 0; t < 64; ++t) {
    const std::uint32_t Sigma1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t T1 = h + Sigma1 + ((e & f) ^ (~e & g)) + K[t] + W[t];
    const std::uint32_t Sigma0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t T2 = Sigma0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + T1, d = c, c = b, b = a, a = T1 + T2;
  }
  const std::uint32_t round[8] = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) H[i] += round[i];
}

}  // namespace

void Sha256::add(std::span<const std::byte> bytes) {
  std::size_t begun = length_ % kBlock;
  length_ += bytes.size();
  while (begun + bytes.size() >= kBlock) {
    const std::size_t missing = kBlock - begun;
    std::copy_n(bytes.data(), missing, block_.data() + begun);
    hash_block(state_, block_.data());
    bytes = bytes.subspan(missing);
    begun = 0;
  }
  std::copy(bytes.begin(), bytes.end(), block_.data() + begun);
}

std::string Sha256::finish() {
  // A 1 bit, zeros, and the length in bits as the last 8 bytes of a block.
  const std::uint64_t bits = 8 * length_;
  std::array<std::byte, 2 * kBlock> padding{std::byte{0x80}};
  const std::size_t begun = length_ % kBlock;
  const std::size_t size = (begun < kBlock - 8 ? kBlock : 2 * kBlock) - begun;
  for (std::size_t i = 0; i < 8; ++i) padding[size - 1 - i] = static_cast<std::byte>(bits >> 8 * i);
  add(std::span(padding).first(size));

  std::string digits;
  for (const std::uint32_t word : state_) digits += fmt::format("{:08x}", word);
  return digits;
}

std::string sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

}  // namespace dynkit
