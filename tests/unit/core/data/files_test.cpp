#include "dynkit/core/files.hpp"

#include <sys/stat.h>

#include <fstream>

#include "data_cases.hpp"

namespace dynkit {
namespace {

std::string text_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return std::string(as_text(bytes));
}

std::size_t count_entries(const TemporaryFolder& folder) {
  const std::filesystem::directory_iterator entries(folder.path());
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

TEST(ReadFile, GivesTheBytesThatWereWritten) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100000; ++i) text += static_cast<char>(i * 7);
  write_file_atomically(folder / "a", as_bytes(text));
  EXPECT_EQ(text_of(folder / "a"), text);
}

TEST(ReadFile, ReadsAnEmptyFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", as_bytes(""));
  EXPECT_EQ(read_file(folder / "a").size(), 0u);
}

TEST(ReadFile, ReadsAFileWhoseSizeTheSystemDoesNotKnow) {
  ASSERT_EQ(regular_file_size("/proc/self/status"), 0u);
  EXPECT_GT(read_file("/proc/self/status").size(), 100u);
}

TEST(ReadFile, SaysWhatIsWrongWithThePath) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string path = folder.path().native();
  EXPECT_EQ(error_of([&] { read_file(folder / "missing"); }),
            path + "/missing: cannot be opened: No such file or directory");
  EXPECT_EQ(error_of([&] { read_file(folder.path()); }), path + ": is a folder, not a file");
  EXPECT_EQ(error_of([&] { read_file(folder / "pipe"); }), path + "/pipe: is not a regular file");
}

TEST(ReadFile, RefusesAFileOneByteAboveTheLimit) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", as_bytes("12345"));
  EXPECT_EQ(read_file(folder / "a", 5).size(), 5u);
  EXPECT_EQ(error_of([&] { read_file(folder / "a", 4); }, DK_TOO_LARGE),
            (folder / "a").native() + ": is longer than 4 bytes");
}

TEST(WriteFileAtomically, ReplacesAFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", as_bytes("old and longer"));
  write_file_atomically(folder / "a", as_bytes("new"));
  EXPECT_EQ(text_of(folder / "a"), "new");
  EXPECT_EQ(count_entries(folder), 1u);
}

TEST(WriteFileAtomically, KeepsTheOldFileWhenTheWriterFails) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", as_bytes("old"));
  const auto write = [](const std::filesystem::path& temporary) {
    std::ofstream(temporary) << "half of the n";
    throw Error(DK_NUMERIC, "stop");
  };
  EXPECT_EQ(error_of([&] { write_file_atomically(folder / "a", write); }, DK_NUMERIC), "stop");
  EXPECT_EQ(text_of(folder / "a"), "old");
  EXPECT_EQ(count_entries(folder), 1u);
}

TEST(WriteFileAtomically, WritesBesideTheTarget) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", as_bytes("old"));
  write_file_atomically(folder / "a", [&](const std::filesystem::path& temporary) {
    EXPECT_EQ(temporary.parent_path(), folder.path());
    EXPECT_EQ(text_of(folder / "a"), "old");
    std::ofstream(temporary) << "new";
  });
  EXPECT_EQ(text_of(folder / "a"), "new");
}

TEST(WriteFileAtomically, SaysWhatIsWrongWithThePath) {
  const TemporaryFolder folder;
  const std::string path = folder.path().native();
  EXPECT_EQ(error_of([&] { write_file_atomically(folder / "no/a", as_bytes("")); }),
            path + "/no/a: there is no folder " + path + "/no");
  EXPECT_EQ(error_of([&] { write_file_atomically(folder.path(), as_bytes("")); }),
            path + ": is not a regular file");
}

TEST(WriteFileAtomically, ReplacesNoDevice) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/null", folder / "a");
  EXPECT_EQ(error_of([&] { write_file_atomically(folder / "a", as_bytes("")); }),
            (folder / "a").native() + ": is not a regular file");
}

TEST(WriteFileAtomically, GivesTheFileTheUsualPermissions) {
  const TemporaryFolder folder;
  std::ofstream(folder / "usual") << "x";
  write_file_atomically(folder / "ours", as_bytes("x"));
  EXPECT_EQ(std::filesystem::status(folder / "ours").permissions(),
            std::filesystem::status(folder / "usual").permissions());
}

// FIPS 180-4 examples and the SHA-256 test vectors of the NIST Cryptographic Toolkit.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(sha256(as_bytes("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(as_bytes("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                            "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

TEST(Sha256, OfAFileMatchesThePublishedMillionLetters) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", as_bytes(std::string(1000000, 'a')));
  EXPECT_EQ(sha256_file(folder / "a"),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Every length of the last block, where the padding differs. The hash of their hashes is that of
// Python's hashlib over the same texts.
TEST(Sha256, MatchesHashlibForEveryLengthOfText) {
  std::string hashes;
  for (int length = 0; length < 200; ++length) {
    std::string text;
    for (int i = 0; i < length; ++i) text += static_cast<char>(7 * i + length);
    hashes += sha256(as_bytes(text));
  }
  EXPECT_EQ(sha256(as_bytes(hashes)),
            "b8f5d54cfd1cbbcae2003d1365d9fab7e5bc61813fa3486ee6a6a6bf38db4745");
}

TEST(Sha256, OfAFileLongerThanOneReadIsThatOfItsBytes) {
  const TemporaryFolder folder;
  for (const std::size_t tail : {0u, 1u, 63u}) {
    const std::string text((std::size_t{1} << 20) + tail, 'q');
    write_file_atomically(folder / "a", as_bytes(text));
    EXPECT_EQ(sha256_file(folder / "a"), sha256(as_bytes(text))) << tail;
  }
}

}  // namespace
}  // namespace dynkit
