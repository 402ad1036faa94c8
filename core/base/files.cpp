#include "dynkit/core/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "dynkit/error.hpp"
#include "sha256.hpp"

namespace dynkit {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int code) {
  throw Error(
      DK_IO, fmt::format("{}: {}: {}", path.native(), what, std::generic_category().message(code)));
}

// An open file that closes itself.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : Descriptor(path, flags, path) {}

  // A file that a user knows as `shown`.
  Descriptor(const std::filesystem::path& path, int flags, const std::filesystem::path& shown)
      : id_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (id_ < 0) fail(shown, "cannot be opened", errno);
  }
  ~Descriptor() {
    if (id_ >= 0) ::close(id_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int id() const { return id_; }

  // Network file systems report a full disk only here.
  void close(const std::filesystem::path& path) {
    const int id = id_;
    id_ = -1;
    if (::close(id) != 0) fail(path, "cannot be written", errno);
  }

 private:
  int id_;
};

// Size of an open regular file. A pipe or device might deliver bytes for ever.
std::uint64_t regular_size(const std::filesystem::path& path, const Descriptor& file) {
  struct stat status {};
  if (::fstat(file.id(), &status) != 0) fail(path, "cannot be read", errno);
  if (S_ISDIR(status.st_mode)) throw Error(DK_IO, path.native() + ": is a folder, not a file");
  if (!S_ISREG(status.st_mode)) throw Error(DK_IO, path.native() + ": is not a regular file");
  return static_cast<std::uint64_t>(status.st_size);
}

// Opens without waiting for the other end of a pipe.
constexpr int kRead = O_RDONLY | O_NONBLOCK;

// Reads until `buffer` is full or the file ends; returns how much it read.
std::size_t read_some(const std::filesystem::path& path, const Descriptor& file,
                      std::span<std::byte> buffer) {
  std::size_t count = 0;
  while (count < buffer.size()) {
    const ssize_t step = ::read(file.id(), buffer.data() + count, buffer.size() - count);
    if (step == 0) break;
    if (step > 0) {
      count += static_cast<std::size_t>(step);
    } else if (errno != EINTR) {
      fail(path, "cannot be read", errno);
    }
  }
  return count;
}

// Messages name the file that is to be replaced.
void write_all(const std::filesystem::path& path, std::span<const std::byte> bytes,
               const std::filesystem::path& target) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL, target);
  while (!bytes.empty()) {
    const ssize_t step = ::write(file.id(), bytes.data(), bytes.size());
    if (step >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(step));
    } else if (errno != EINTR) {
      fail(target, "cannot be written", errno);
    }
  }
  file.close(target);
}

void flush_to_disk(const std::filesystem::path& path, int flags) {
  Descriptor file(path, flags);
  // Some file systems cannot flush a folder and say so with EINVAL.
  if (::fsync(file.id()) != 0 && errno != EINVAL) fail(path, "cannot be flushed", errno);
  file.close(path);
}

// A name that no other thread or process uses, in the same folder so that rename is atomic.
std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> count{0};
  const std::string name =
      fmt::format(".{}.{}-{}.tmp", path.filename().native(), ::getpid(), count.fetch_add(1));
  return path.parent_path() / name;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void rename_to(const std::filesystem::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) fail(target, "cannot be replaced", errno);
    path_.clear();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::uint64_t regular_file_size(const std::filesystem::path& path) {
  return regular_size(path, Descriptor(path, kRead));
}

std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const Descriptor file(path, kRead);
  const std::uint64_t size = regular_size(path, file);
  const auto check_limit = [&](std::uint64_t length) {
    if (length > limit) {
      throw Error(DK_TOO_LARGE, fmt::format("{}: is longer than {} bytes", path.native(),
                                            fmt::group_digits(limit)));
    }
  };
  check_limit(size);

  // The size is a hint: the file may grow meanwhile, and those of /proc say 0.
  std::vector<std::byte> bytes(size + 1);
  std::size_t length = 0;
  while (true) {
    length += read_some(path, file, std::span(bytes).subspan(length));
    check_limit(length);
    if (length < bytes.size()) break;
    bytes.resize(2 * bytes.size());
  }
  bytes.resize(length);
  return bytes;
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  write_file_atomically(
      path, [&](const std::filesystem::path& temporary) { write_all(temporary, bytes, path); });
}

void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(const std::filesystem::path&)>& write) {
  if (!path.has_filename()) throw Error(DK_IO, path.native() + ": is not the path of a file");
  // Renaming would put a file in the place of a device.
  std::error_code ignored;
  const std::filesystem::file_status old = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(old) && !std::filesystem::is_regular_file(old)) {
    throw Error(DK_IO, path.native() + ": is not a regular file");
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Error(DK_IO, fmt::format("{}: there is no folder {}", path.native(), folder.native()));
  }
  TemporaryFile temporary(temporary_name(path));
  write(temporary.path());
  flush_to_disk(temporary.path(), O_RDONLY);
  temporary.rename_to(path);
  flush_to_disk(folder, O_RDONLY | O_DIRECTORY);
}

std::string sha256_file(const std::filesystem::path& path) {
  const Descriptor file(path, kRead);
  regular_size(path, file);
  Sha256 hash;
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  while (true) {
    const std::size_t length = read_some(path, file, buffer);
    hash.add(std::span(buffer).first(length));
    if (length < buffer.size()) return hash.finish();
  }
}

}  // namespace dynkit
