#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "names.hpp"
#include "zip.hpp"

namespace dynkit {
namespace {

constexpr std::uint16_t kVersion = 20, kVersionZip64 = 45;
constexpr std::uint16_t kUtf8Names = 1 << 11;
constexpr std::uint16_t kDate = 1 << 5 | 1;  // 1 January 1980, the first day that zip knows

void put(std::vector<std::byte>& record, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) record.push_back(static_cast<std::byte>(number >> 8 * i));
}
void put2(std::vector<std::byte>& record, std::uint64_t number) {
  put(record, number, 2);
}
void put4(std::vector<std::byte>& record, std::uint64_t number) {
  put(record, number, 4);
}
void put8(std::vector<std::byte>& record, std::uint64_t number) {
  put(record, number, 8);
}

void put_text(std::vector<std::byte>& record, std::string_view text) {
  const auto bytes = as_bytes(text);
  record.insert(record.end(), bytes.begin(), bytes.end());
}

std::uint64_t text_size(std::string_view text) {
  if (text.size() > 0xFFFF) {
    throw Error(DK_TOO_LARGE, fmt::format("'{}' is longer than the 65535 bytes that zip allows",
                                          printable(text)));
  }
  return text.size();
}

// What local header and directory entry share, from "version needed" to the length of the name.
void put_common(std::vector<std::byte>& record, bool zip64, std::uint32_t crc, std::uint64_t size,
                std::string_view name) {
  put2(record, zip64 ? kVersionZip64 : kVersion);
  put2(record, kUtf8Names);
  put2(record, 0);  // stored
  put2(record, 0);  // midnight
  put2(record, kDate);
  put4(record, crc);
  put4(record, zip64 ? 0xFFFFFFFF : size);  // in the archive
  put4(record, zip64 ? 0xFFFFFFFF : size);  // of the contents
  put2(record, text_size(name));
}

}  // namespace

void ZipWriter::add(std::string_view name, std::string_view comment,
                    std::span<const std::byte> bytes) {
  const std::uint64_t offset = archive_.size(), size = bytes.size();
  const bool zip64 = std::max(offset, size) >= zip64_from_;
  const auto crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));

  put4(archive_, 0x04034b50);
  put_common(archive_, zip64, crc, size, name);
  put2(archive_, zip64 ? 20 : 0);
  put_text(archive_, name);
  if (zip64) put2(archive_, 1), put2(archive_, 16), put8(archive_, size), put8(archive_, size);
  archive_.insert(archive_.end(), bytes.begin(), bytes.end());

  put4(directory_, 0x02014b50);
  put2(directory_, kVersionZip64);
  put_common(directory_, zip64, crc, size, name);
  put2(directory_, zip64 ? 28 : 0);
  put2(directory_, text_size(comment));
  put2(directory_, 0);  // volume
  put2(directory_, 0);  // internal attributes
  put4(directory_, 0);  // external attributes
  put4(directory_, zip64 ? 0xFFFFFFFF : offset);
  put_text(directory_, name);
  if (zip64) {
    put2(directory_, 1), put2(directory_, 24);
    put8(directory_, size), put8(directory_, size), put8(directory_, offset);
  }
  put_text(directory_, comment);
  ++count_;
}

std::vector<std::byte> ZipWriter::finish() {
  const std::uint64_t offset = archive_.size(), size = directory_.size();
  const bool zip64 = std::max(offset, size) >= zip64_from_ || count_ >= 0xFFFF;
  archive_.insert(archive_.end(), directory_.begin(), directory_.end());
  if (zip64) {
    const std::uint64_t end_offset = archive_.size();
    put4(archive_, 0x06064b50), put8(archive_, 44);
    put2(archive_, kVersionZip64), put2(archive_, kVersionZip64);
    put4(archive_, 0), put4(archive_, 0);  // volumes
    put8(archive_, count_), put8(archive_, count_), put8(archive_, size), put8(archive_, offset);
    put4(archive_, 0x07064b50), put4(archive_, 0), put8(archive_, end_offset), put4(archive_, 1);
  }
  put4(archive_, 0x06054b50);
  put2(archive_, 0), put2(archive_, 0);  // volumes
  put2(archive_, zip64 ? 0xFFFF : count_), put2(archive_, zip64 ? 0xFFFF : count_);
  put4(archive_, zip64 ? 0xFFFFFFFF : size), put4(archive_, zip64 ? 0xFFFFFFFF : offset);
  put2(archive_, 0);  // comment
  return std::move(archive_);
}

}  // namespace dynkit
