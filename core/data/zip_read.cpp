#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "elements.hpp"
#include "names.hpp"
#include "zip.hpp"

namespace dynkit {
namespace {

// Deflate codes at most 258 bytes in 2 bits; 64 bytes more than that are for the first block.
constexpr std::uint64_t kDeflateRatio = 1032, kDeflateSlack = 64;

constexpr std::uint32_t kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                        kLocator64Signature = 0x07064b50, kEntrySignature = 0x02014b50,
                        kLocalSignature = 0x04034b50;
constexpr std::size_t kEndSize = 22, kEnd64Size = 56, kLocator64Size = 20, kEntrySize = 46,
                      kLocalSize = 30;

[[noreturn]] void fail(const std::string& what) {
  throw Error(DK_IO, "the zip archive " + what);
}

template <class Number>
Number field(std::span<const std::byte> record, std::size_t offset) {
  return load_number<Number>(record.data() + offset);
}

// A part of the archive that some record points to.
std::span<const std::byte> part(std::span<const std::byte> archive, std::uint64_t offset,
                                std::uint64_t size) {
  if (offset > archive.size() || size > archive.size() - offset) fail("is cut off or damaged");
  return archive.subspan(offset, size);
}

struct Directory {
  std::span<const std::byte> entries;
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

// The last record stands at the end, but for a comment of up to 65535 bytes.
std::size_t find_end(std::span<const std::byte> archive) {
  if (archive.size() >= kEndSize) {
    const std::size_t last = archive.size() - kEndSize;
    const std::size_t first = last - std::min<std::size_t>(last, 0xFFFF);
    for (std::size_t at = last + 1; at-- > first;) {
      const auto record = archive.subspan(at);
      if (field<std::uint32_t>(record, 0) == kEndSignature &&
          field<std::uint16_t>(record, 20) == record.size() - kEndSize) {
        return at;
      }
    }
  }
  fail("has no end: it is cut off or is none");
}

Directory find_directory(std::span<const std::byte> archive) {
  const std::size_t end_at = find_end(archive);
  const auto end = archive.subspan(end_at);
  Directory directory;
  std::uint64_t disks = field<std::uint16_t>(end, 4) | field<std::uint16_t>(end, 6);
  directory.count = field<std::uint16_t>(end, 10);
  std::uint64_t size = field<std::uint32_t>(end, 12);
  directory.offset = field<std::uint32_t>(end, 16);

  const bool has_locator =
      end_at >= kLocator64Size &&
      field<std::uint32_t>(archive, end_at - kLocator64Size) == kLocator64Signature;
  if (has_locator) {
    const auto locator = archive.subspan(end_at - kLocator64Size);
    const auto end64 = part(archive, field<std::uint64_t>(locator, 8), kEnd64Size);
    if (field<std::uint32_t>(end64, 0) != kEnd64Signature) fail("is damaged at its end");
    disks = field<std::uint32_t>(end64, 16) | field<std::uint32_t>(end64, 20);
    directory.count = field<std::uint64_t>(end64, 32);
    size = field<std::uint64_t>(end64, 40);
    directory.offset = field<std::uint64_t>(end64, 48);
  }
  if (disks != 0) fail("is one of several volumes");
  directory.entries = part(archive, directory.offset, size);
  if (directory.count > size / kEntrySize) fail("lists more members than it has room for");
  return directory;
}

// Replaces fields that are all ones by those of the zip64 record among the extra ones, which holds
// only them, in this order.
void read_zip64(std::span<const std::byte> extra, std::span<std::uint64_t* const> numbers) {
  constexpr std::uint64_t kElsewhere = 0xFFFFFFFF;
  while (extra.size() >= 4) {
    const auto id = field<std::uint16_t>(extra, 0);
    auto record = part(extra, 4, field<std::uint16_t>(extra, 2));
    extra = extra.subspan(4 + record.size());
    if (id != 1) continue;
    for (std::uint64_t* number : numbers) {
      if (*number != kElsewhere) continue;
      if (record.size() < 8) fail("has a damaged zip64 field");
      *number = field<std::uint64_t>(record, 0);
      record = record.subspan(8);
    }
    return;
  }
}

// The member's bytes, behind its local header, which repeats the name.
std::span<const std::byte> locate(std::span<const std::byte> before_directory, std::uint64_t offset,
                                  std::uint64_t size, const ZipMember& member) {
  const auto header = part(before_directory, offset, kLocalSize);
  if (field<std::uint32_t>(header, 0) != kLocalSignature) fail("points to no member");
  const std::uint64_t name_size = field<std::uint16_t>(header, 26);
  const auto name = part(before_directory, offset + kLocalSize, name_size);
  if (as_text(name) != member.name) {
    fail(fmt::format("names a member '{}' and '{}'", printable(member.name),
                     printable(as_text(name))));
  }
  return part(before_directory, offset + kLocalSize + name_size + field<std::uint16_t>(header, 28),
              size);
}

void check_member(const ZipMember& member, unsigned flags, unsigned method) {
  const std::string name = printable(member.name);
  if ((flags & 1) != 0) fail(fmt::format("member '{}' is encrypted", name));
  if (method != 0 && method != 8) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("the zip archive member '{}' is compressed by method {}; only stored "
                            "and deflated members are read",
                            name, method));
  }
  const std::uint64_t stored = member.stored.size();
  const bool possible = member.deflated ? member.size / kDeflateRatio <= stored + kDeflateSlack
                                        : member.size == stored;
  if (!possible) {
    fail(fmt::format("member '{}' cannot hold {} bytes in {}", name, member.size, stored));
  }
}

// Reads one entry of the directory and moves `entries` behind it.
ZipMember read_entry(std::span<const std::byte>& entries,
                     std::span<const std::byte> before_directory) {
  const auto entry = part(entries, 0, kEntrySize);
  if (field<std::uint32_t>(entry, 0) != kEntrySignature) fail("has a damaged directory");
  const std::size_t name_size = field<std::uint16_t>(entry, 28);
  const std::size_t extra_size = field<std::uint16_t>(entry, 30);
  const std::size_t comment_size = field<std::uint16_t>(entry, 32);
  const auto texts = part(entries, kEntrySize, name_size + extra_size + comment_size);

  ZipMember member;
  member.name = as_text(texts.first(name_size));
  member.comment = as_text(texts.subspan(name_size + extra_size));
  member.crc = field<std::uint32_t>(entry, 16);
  const unsigned method = field<std::uint16_t>(entry, 10);
  member.deflated = method == 8;
  std::uint64_t stored_size = field<std::uint32_t>(entry, 20);
  member.size = field<std::uint32_t>(entry, 24);
  std::uint64_t offset = field<std::uint32_t>(entry, 42);
  std::uint64_t* const numbers[] = {&member.size, &stored_size, &offset};
  read_zip64(texts.subspan(name_size, extra_size), numbers);

  member.stored = locate(before_directory, offset, stored_size, member);
  check_member(member, field<std::uint16_t>(entry, 8), method);
  entries = entries.subspan(kEntrySize + texts.size());
  return member;
}

// Members that share bytes are how a small archive unfolds into a huge one.
void check_overlap(std::span<const ZipMember> members) {
  std::vector<const ZipMember*> ordered;
  for (const ZipMember& member : members) ordered.push_back(&member);
  std::sort(ordered.begin(), ordered.end(), [](const ZipMember* a, const ZipMember* b) {
    return a->stored.data() < b->stored.data();
  });
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    const ZipMember& previous = *ordered[i - 1];
    if (ordered[i]->stored.data() < previous.stored.data() + previous.stored.size()) {
      fail(fmt::format("members '{}' and '{}' overlap", printable(previous.name),
                       printable(ordered[i]->name)));
    }
  }
}

class Inflater {
 public:
  Inflater() {
    // Negative: bare deflate data without zlib's own header.
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw Error(DK_MEMORY, "zlib does not start");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Whether `from` is one deflate stream of exactly to.size() bytes.
  bool run(std::span<const std::byte> from, std::span<std::byte> to) {
    std::size_t read = 0, written = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      // zlib counts in 32 bits, and takes input through a pointer that it does not write to.
      const auto piece = [](std::size_t left) {
        return static_cast<uInt>(std::min<std::size_t>(left, std::size_t{1} << 30));
      };
      const uInt in = piece(from.size() - read), out = piece(to.size() - written);
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(from.data() + read));
      stream_.avail_in = in;
      stream_.next_out = reinterpret_cast<Bytef*>(to.data() + written);
      stream_.avail_out = out;
      status = inflate(&stream_, Z_NO_FLUSH);
      read += in - stream_.avail_in;
      written += out - stream_.avail_out;
    }
    return status == Z_STREAM_END && read == from.size() && written == to.size();
  }

 private:
  z_stream stream_{};
};

}  // namespace

std::vector<ZipMember> read_zip(std::span<const std::byte> archive) {
  const Directory directory = find_directory(archive);
  auto entries = directory.entries;
  std::vector<ZipMember> members;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    members.push_back(read_entry(entries, archive.first(directory.offset)));
  }
  if (!entries.empty()) fail("has a damaged directory");
  check_overlap(members);
  return members;
}

std::span<const std::byte> member_bytes(const ZipMember& member, std::vector<std::byte>& buffer) {
  std::span<const std::byte> bytes = member.stored;
  if (member.deflated) {
    buffer.resize(member.size);
    if (!Inflater().run(member.stored, buffer)) {
      fail(fmt::format("member '{}' is damaged: it does not inflate to {} bytes",
                       printable(member.name), member.size));
    }
    bytes = buffer;
  }
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (crc != member.crc) {
    fail(fmt::format("member '{}' is damaged: wrong CRC-32", printable(member.name)));
  }
  return bytes;
}

}  // namespace dynkit
