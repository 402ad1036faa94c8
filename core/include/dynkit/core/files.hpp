#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dynkit {

/// The largest file that is read into memory, and the most memory that its arrays may take.
inline constexpr std::uint64_t kMemoryLimit = std::uint64_t{8} << 30;

/// Bytes in a regular file. Throws Error (DK_IO) like read_file.
std::uint64_t regular_file_size(const std::filesystem::path& path);

/// The bytes of a regular file. Throws Error (DK_IO) with the path in the message: missing, a
/// folder, a pipe or device, not readable; (DK_TOO_LARGE): longer than `limit` bytes.
std::vector<std::byte> read_file(const std::filesystem::path& path,
                                 std::uint64_t limit = kMemoryLimit);

/// The same memory, seen as bytes or as text.
std::span<const std::byte> as_bytes(std::string_view text);
std::string_view as_text(std::span<const std::byte> bytes);

/// Replaces the file or makes it: whoever reads the path sees the old file or the complete new one,
/// also after a crash or power cut. A symbolic link is replaced, not followed. Throws Error (DK_IO)
/// with the path in the message.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// The same for a writer that wants a path: `write` makes the file at the temporary name that it is
/// given, in the folder of `path`. If it throws, the temporary is removed, `path` stays as it was
/// and the exception passes on.
void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(const std::filesystem::path&)>& write);

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256(std::span<const std::byte> bytes);

/// The same of a file's bytes, in constant memory. Throws Error (DK_IO) like read_file.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace dynkit
