#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dynkit {

/// A file in a zip archive. `stored` points into the archive.
struct ZipMember {
  std::string name;
  std::string comment;
  std::span<const std::byte> stored;  // as it is in the archive
  std::uint64_t size = 0;             // of the contents
  std::uint32_t crc = 0;              // CRC-32 of the contents
  bool deflated = false;
};

/// The members that the archive's directory lists, zip64 included. Throws Error (DK_IO) if it is
/// cut off, has encrypted or overlapping members, members outside the archive, or sizes that no
/// deflated data can have; (DK_UNSUPPORTED) for other compression methods.
///
/// PKWARE Inc., ".ZIP File Format Specification", APPNOTE.TXT 6.3.10 (2022).
std::vector<ZipMember> read_zip(std::span<const std::byte> archive);

/// The contents, checked against size and CRC: `stored` itself, or inflated into `buffer`.
std::span<const std::byte> member_bytes(const ZipMember& member, std::vector<std::byte>& buffer);

/// Builds an archive of stored members with a fixed date, so that the same members give the same
/// bytes.
class ZipWriter {
 public:
  /// Sizes and offsets from `zip64_from` on take the zip64 fields, which some readers do not know.
  explicit ZipWriter(std::uint64_t zip64_from = 0xFFFFFFFF) : zip64_from_(zip64_from) {}

  /// Throws Error (DK_TOO_LARGE) if name or comment is longer than 65535 bytes.
  void add(std::string_view name, std::string_view comment, std::span<const std::byte> bytes);

  std::vector<std::byte> finish();

 private:
  std::uint64_t zip64_from_;
  std::uint64_t count_ = 0;
  std::vector<std::byte> archive_;
  std::vector<std::byte> directory_;
};

}  // namespace dynkit
