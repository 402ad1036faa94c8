#include "core/data/npz.hpp"

#include <algorithm>
#include <cstring>

#include "core/data/npy.hpp"
#include "core/data/zip.hpp"
#include "data_cases.hpp"

namespace dynkit {
namespace {

using Bytes = std::vector<std::byte>;

Bytes small_npz() {
  ArrayMap arrays;
  arrays["a"] = sample_array<double>({3});
  arrays["group/b"] = sample_array<std::uint8_t>({2, 5});
  return format_npz(arrays);
}

// Writes `number` at the place of the archive where the n-th `signature` begins, plus `offset`.
template <class Number>
void patch(Bytes& archive, std::string_view signature, std::size_t offset, Number number) {
  const std::size_t at = as_text(archive).find(signature);
  ASSERT_NE(at, std::string_view::npos);
  std::memcpy(archive.data() + at + offset, &number, sizeof(Number));
}

constexpr std::string_view kEntry = "PK\x01\x02", kEnd = "PK\x05\x06", kLocal = "PK\x03\x04";

TEST(Npz, KeepsEveryTypeAndRank) {
  const ArrayMap arrays = samples_of_every_type();
  expect_equal(parse_npz(format_npz(arrays)).arrays, arrays);
}

TEST(Npz, KeepsDimensionsUnitAndHelp) {
  ArrayMap arrays;
  arrays["x"] = sample_array<double>({3, 2});
  arrays["x"].dimensions = {"trial", "größe"};
  arrays["x"].unit = "mV";
  arrays["x"].help = "it says \"high\"\n";
  expect_equal(parse_npz(format_npz(arrays)).arrays, arrays);
}

// Element types in both byte orders and both index orders.
void expect_golden(const char* file) {
  const ArrayMap arrays = parse_npz(read_file(golden(file))).arrays;
  EXPECT_EQ(arrays.size(), 60u);
  for (const auto& [name, array] : arrays) expect_equal(array, golden_array(name), name);
}

TEST(Npz, ReadsWhatNumpyStores) {
  expect_golden("types_stored.npz");
}

TEST(Npz, ReadsWhatNumpyDeflates) {
  expect_golden("types_deflated.npz");
}

TEST(Npz, ReadsAnArchiveWithZip64FieldsEverywhere) {
  const Array array = sample_array<double>({3, 2});
  ZipWriter zip(0);
  zip.add("a.npy", "", format_npy(array));
  zip.add("b.npy", "", format_npy(sample_array<double>({4})));
  const ArrayMap arrays = parse_npz(zip.finish()).arrays;
  expect_equal(arrays.at("a"), array);
  expect_equal(arrays.at("b"), sample_array<double>({4}));
}

TEST(Npz, ReadsOnlyTheArrayThatIsWanted) {
  ZipWriter zip;
  zip.add("a.npy", "", as_bytes("damaged"));
  zip.add("group/b.npy", "", format_npy(sample_array<std::uint8_t>({2, 5})));
  const std::vector<std::byte> file = zip.finish();
  expect_equal(parse_npz_array(file, "group/b"), sample_array<std::uint8_t>({2, 5}));
  EXPECT_EQ(error_of([&] { parse_npz_array(file, "c"); }), "there is no array 'c'");
}

TEST(Npz, SkipsArraysOfElementsThatAreNotRead) {
  ZipWriter zip;
  zip.add("meta.npy", "", read_file(golden("object.npy")));
  zip.add("a.npy", "", format_npy(sample_array<double>({3})));
  const std::vector<std::byte> file = zip.finish();
  const FileContent content = parse_npz(file);
  ASSERT_EQ(content.arrays.size(), 1u);
  expect_equal(content.arrays.at("a"), sample_array<double>({3}));
  ASSERT_EQ(content.skipped.size(), 1u);
  EXPECT_EQ(content.skipped[0].name, "meta");
  EXPECT_EQ(content.skipped[0].reason, "pickled objects are not read");
  EXPECT_EQ(error_of([&] { parse_npz_array(file, "meta"); }, DK_UNSUPPORTED),
            "array 'meta': pickled objects are not read");
}

TEST(Npz, HoldsNoArrayAtAll) {
  EXPECT_TRUE(parse_npz(format_npz({})).arrays.empty());
}

TEST(Npz, RefusesEveryTruncation) {
  const Bytes file = small_npz();
  for (std::size_t length = 0; length < file.size(); ++length) {
    error_of([&] { parse_npz(std::span(file).first(length)); });
  }
}

TEST(Npz, FindsEveryFlippedBitOfAnArray) {
  const Bytes good = small_npz();
  const std::size_t begin = as_text(good).find("\x93NUMPY");
  const std::size_t end = as_text(good).find(kLocal, begin);
  for (std::size_t at = begin; at < end; ++at) {
    Bytes bad = good;
    bad[at] ^= std::byte{0x10};
    EXPECT_EQ(error_of([&] { parse_npz(bad); }),
              "the zip archive member 'a.npy' is damaged: wrong CRC-32");
  }
}

TEST(Npz, RefusesASizeThatDeflateCannotReach) {
  Bytes bad = read_file(golden("types_deflated.npz"));
  patch(bad, kEntry, 24, std::uint32_t{0x7FFFFFFF});
  const std::string message = error_of([&] { parse_npz(bad); });
  EXPECT_NE(message.find("cannot hold 2147483647 bytes"), message.npos) << message;
}

TEST(Npz, RefusesASizeThatIsNotTheInflatedOne) {
  for (const int difference : {-1, 1}) {
    Bytes bad = read_file(golden("types_deflated.npz"));
    std::uint32_t size = 0;
    std::memcpy(&size, bad.data() + as_text(bad).find(kEntry) + 24, sizeof(size));
    patch(bad, kEntry, 24, static_cast<std::uint32_t>(static_cast<int>(size) + difference));
    const std::string message = error_of([&] { parse_npz(bad); });
    EXPECT_NE(message.find("does not inflate to"), message.npos) << message;
  }
}

TEST(Npz, RefusesMembersThatShareBytes) {
  Bytes bad = small_npz();
  // The second entry points to the first member and takes its name's length.
  const std::size_t second = as_text(bad).rfind(kEntry);
  const std::uint32_t first_member = 0;
  std::memcpy(bad.data() + second + 42, &first_member, 4);
  error_of([&] { parse_npz(bad); });

  ZipWriter zip;
  zip.add("a.npy", "", format_npy(sample_array<double>({3})));
  zip.add("a.npy", "", format_npy(sample_array<double>({3})));
  bad = zip.finish();
  std::memcpy(bad.data() + as_text(bad).rfind(kEntry) + 42, &first_member, 4);
  EXPECT_EQ(error_of([&] { parse_npz(bad); }),
            "the zip archive members 'a.npy' and 'a.npy' overlap");
}

TEST(Npz, RefusesTwoArraysOfOneName) {
  ZipWriter zip;
  zip.add("a.npy", "", format_npy(sample_array<double>({3})));
  zip.add("a.npy", "", format_npy(sample_array<double>({2})));
  EXPECT_EQ(error_of([&] { parse_npz(zip.finish()); }), "two arrays are named 'a'");
}

TEST(Npz, RefusesNamesThatLeaveTheirGroup) {
  for (const char* name : {"../a.npy", "/a.npy", "a/../b.npy", ".npy"}) {
    ZipWriter zip;
    zip.add(name, "", format_npy(sample_array<double>({3})));
    error_of([&] { parse_npz(zip.finish()); });
  }
}

TEST(Npz, RefusesMembersThatAreNoArrays) {
  ZipWriter zip;
  zip.add("README", "", as_bytes("hello"));
  EXPECT_EQ(error_of([&] { parse_npz(zip.finish()); }),
            "the zip archive member 'README' is not an .npy file");
}

TEST(Npz, RefusesDirectoriesThatLie) {
  const auto lie = [](std::string_view signature, std::size_t offset, auto number) {
    Bytes bad = small_npz();
    patch(bad, signature, offset, number);
    error_of([&] { parse_npz(bad); });
  };
  lie(kEnd, 4, std::uint16_t{1});              // several volumes
  lie(kEnd, 10, std::uint16_t{3});             // more entries than there are
  lie(kEnd, 10, std::uint16_t{1});             // fewer
  lie(kEnd, 12, std::uint32_t{0xFFFFFFF0});    // size of the directory
  lie(kEnd, 16, std::uint32_t{0xFFFFFFF0});    // its place
  lie(kEntry, 8, std::uint16_t{1});            // encrypted
  lie(kEntry, 20, std::uint32_t{0xFFFFFFFF});  // zip64 without the fields for it
  lie(kEntry, 28, std::uint16_t{0xFFFF});      // length of the name
  lie(kEntry, 42, std::uint32_t{7});           // place of the member
  lie(kLocal, 26, std::uint16_t{0xFFFF});      // length of the name there
}

TEST(Npz, NamesTheCompressionThatItDoesNotRead) {
  Bytes bad = small_npz();
  patch(bad, kEntry, 10, std::uint16_t{12});
  const std::string message = error_of([&] { parse_npz(bad); }, DK_UNSUPPORTED);
  EXPECT_NE(message.find("'a.npy' is compressed by method 12"), message.npos) << message;
}

TEST(Npz, SaysInWhichArrayTheFaultIs) {
  ZipWriter zip;
  zip.add("group/b.npy", "", as_bytes("hello"));
  EXPECT_EQ(error_of([&] { parse_npz(zip.finish()); }), "array 'group/b': is not an .npy file");
}

TEST(Npz, RefusesNotesThatDoNotFitTheArray) {
  for (const char* comment :
       {R"({"dynkit": {"dimensions": ["a", "b"]}})", R"({"dynkit": {"dimensions": 3}})",
        R"({"dynkit": {"unit": []}})", R"({"dynkit": 1})"}) {
    ZipWriter zip;
    zip.add("a.npy", comment, format_npy(sample_array<double>({3})));
    error_of([&] { parse_npz(zip.finish()); });
  }
}

TEST(Npz, PassesOverCommentsOfOtherPrograms) {
  for (const char* comment : {"hello", "{", "[1]", "{\"other\": 1}"}) {
    ZipWriter zip;
    zip.add("a.npy", comment, format_npy(sample_array<double>({3})));
    expect_equal(parse_npz(zip.finish()).arrays.at("a"), sample_array<double>({3}));
  }
}

}  // namespace
}  // namespace dynkit
