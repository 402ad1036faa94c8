#include "dynkit/core/hdf5.hpp"

#include <algorithm>

#include "core/data/hdf5_handle.hpp"
#include "core/data/hdf5_values.hpp"
#include "data_cases.hpp"

namespace dynkit {
namespace {

TEST(Hdf5, KeepsEveryTypeAndRank) {
  const TemporaryFolder folder;
  const ArrayMap arrays = samples_of_every_type();
  save_hdf5(folder / "a.h5", arrays);
  const FileContent content = load_hdf5(folder / "a.h5");
  expect_equal(content.arrays, arrays);
  EXPECT_TRUE(content.skipped.empty());
  EXPECT_TRUE(content.attributes.empty());
}

TEST(Hdf5, KeepsDimensionsUnitAndHelp) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["fixed_points/x"] = sample_array<double>({3, 2});
  arrays["fixed_points/x"].dimensions = {"point", "größe"};
  arrays["fixed_points/x"].unit = "mV";
  arrays["fixed_points/x"].help = "where the flow rests";
  save_hdf5(folder / "a.h5", arrays);
  expect_equal(load_hdf5_array(folder / "a.h5", "fixed_points/x"), arrays["fixed_points/x"]);
}

TEST(Hdf5, KeepsAttributesOfGroups) {
  const TemporaryFolder folder;
  GroupAttributes attributes;
  attributes[""]["title"] = "größe";
  attributes["a/b"] = {{"count", std::int64_t{-3}}, {"step", 0.1}, {"note", ""}};
  ArrayMap arrays;
  arrays["a/x"] = sample_array<double>({2});
  save_hdf5(folder / "a.h5", arrays, attributes);
  EXPECT_EQ(load_hdf5(folder / "a.h5").attributes, attributes);
}

TEST(Hdf5, ReadsWhatH5pyWrites) {
  const FileContent content = load_hdf5(golden("h5py.h5"));
  EXPECT_TRUE(content.skipped.empty());
  int numbers = 0;
  for (const auto& [path, array] : content.arrays) {
    const std::string name = path.substr(path.find('/') + 1);
    if (path.starts_with("numbers/") && name.size() < 7 && name[0] != 's' && name[0] != 'e') {
      expect_equal(array, golden_array(name == "gzip" ? "f8" : name), name);
      ++numbers;
    }
  }
  EXPECT_EQ(numbers, 2 * 13 + 2);  // both byte orders, b1 and gzip
  expect_equal(content.arrays.at("numbers/scalar"), make_array<double>({}, {-2.5}));
  expect_equal(content.arrays.at("numbers/empty"), make_array<double>({3, 0, 2}, {}));
  expect_equal(content.arrays.at("texts/variable"), golden_array("U"));
  expect_equal(content.arrays.at("texts/fixed"), golden_array("S"));
  expect_equal(content.arrays.at("texts/one"), make_array<std::string>({}, {"größe"}));
}

TEST(Hdf5, ReadsTheAttributesThatH5pyWrites) {
  const FileContent content = load_hdf5(golden("h5py.h5"));
  const GroupAttributes expected = {
      {"", {{"title", "größe"}}},
      {"numbers", {{"count", std::int64_t{7}}, {"step", 0.25}}},
  };
  EXPECT_EQ(content.attributes, expected);
  const Array& noted = content.arrays.at("noted");
  EXPECT_EQ(noted.dimensions, (std::vector<std::string>{"trial", "time", "channel"}));
  EXPECT_EQ(noted.unit, "mV");
  EXPECT_EQ(noted.help, "membrane potential");
}

std::vector<std::string> sorted_reasons(const FileContent& content) {
  std::vector<std::string> reasons;
  for (const SkippedObject& object : content.skipped) {
    reasons.push_back(object.name + ": " + object.reason);
  }
  std::sort(reasons.begin(), reasons.end());
  return reasons;
}

// Among them whatever would make it read another file.
TEST(Hdf5, LeavesOutAndNamesWhatItDoesNotRead) {
  const FileContent content = load_hdf5(golden("odd.h5"));
  EXPECT_EQ(content.arrays.size(), 2u);
  expect_equal(content.arrays.at("good"), golden_array("f8"));
  const std::vector<std::string> expected = {
      "group/itself: a second name of a group",
      "null: datasets without a shape are not read",
      "outside: links are not followed",
      "raw: elements stored in other files are not read",
      "reference: references are not read",
      "soft: links are not followed",
      "structured: compounds that are no complex numbers are not read",
      "virtual: elements stored in other files are not read",
      "wide: floating-point numbers wider than 64 bits are not read",
  };
  EXPECT_EQ(sorted_reasons(content), expected);
}

TEST(Hdf5, FollowsNoLinkToAnotherFileWhenAskedForIt) {
  for (const char* name : {"outside", "soft", "group/itself/itself"}) {
    EXPECT_EQ(error_of([&] { load_hdf5_array(golden("odd.h5"), name); }),
              golden("odd.h5").native() + ": has no array '" + name + "'");
  }
}

TEST(Hdf5, RefusesASmallFileThatDeclaresAHugeDataset) {
  const std::string message = error_of([] { load_hdf5(golden("huge.h5")); }, DK_TOO_LARGE);
  EXPECT_EQ(message, golden("huge.h5").native() +
                         ": array 'x': the arrays need 8,796,093,022,208 bytes in memory; at most "
                         "1,073,741,824 are allowed for a file of this size");
}

TEST(Hdf5, RefusesUnsignedIntegersAboveTheSignedRange) {
  EXPECT_EQ(error_of([] { load_hdf5(golden("too_large_u8.h5")); }),
            golden("too_large_u8.h5").native() +
                ": array 'x': the element 9223372036854775808 does not fit into a signed 64-bit "
                "integer");
}

// The elements of a small file may all point to one long text, so it is not the file's size that
// bounds what they take.
TEST(Hdf5, CountsTheTextsThatItReads) {
  const TemporaryFolder folder;
  save_hdf5(
      folder / "a.h5",
      {{"x", make_array<std::string>({9}, std::vector<std::string>(9, std::string(1000, 'x')))}});
  const Hdf5Session session;
  const Hdf5Handle file =
      own_hdf5(H5Fopen((folder / "a.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  const Hdf5Handle dataset = own_hdf5(H5Dopen2(file.get(), "x", H5P_DEFAULT), H5Dclose);
  const auto read_with = [&](std::uint64_t memory) {
    MemoryBudget budget(0);
    budget.take(MemoryBudget::kExpandedLimit - memory);
    return read_hdf5_dataset(dataset.get(), budget);
  };
  EXPECT_EQ(read_with(10000).size(), 9);
  error_of([&] { read_with(9000); }, DK_TOO_LARGE);
}

TEST(Hdf5, SaysWhatIsWrongWithTheFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "text.h5", as_bytes("hello"));
  EXPECT_EQ(error_of([&] { load_hdf5(folder / "missing.h5"); }),
            (folder / "missing.h5").native() + ": cannot be opened: No such file or directory");
  EXPECT_EQ(error_of([&] { load_hdf5(folder / "text.h5"); }),
            (folder / "text.h5").native() + ": is not an HDF5 file, or cut off");
}

TEST(Hdf5, RefusesTruncatedFilesWithHdf5sOwnReason) {
  const TemporaryFolder folder;
  const std::vector<std::byte> bytes = read_file(golden("h5py.h5"));
  for (std::size_t length = 8; length < bytes.size(); length += 997) {
    write_file_atomically(folder / "a.h5", std::span(bytes).first(length));
    const std::string message = error_of([&] { load_hdf5(folder / "a.h5"); });
    EXPECT_TRUE(message.starts_with((folder / "a.h5").native() + ": ")) << message;
  }
}

TEST(Hdf5, WritesTheSameBytesForTheSameContent) {
  const TemporaryFolder folder;
  ArrayMap arrays = samples_of_every_type();
  arrays["real/rank1"].dimensions = {"time"};
  save_hdf5(folder / "a.h5", arrays, {{"real", {{"step", 0.1}}}});
  save_hdf5(folder / "b.h5", arrays, {{"real", {{"step", 0.1}}}});
  EXPECT_EQ(sha256_file(folder / "a.h5"), sha256_file(folder / "b.h5"));
}

TEST(Hdf5, KeepsTheOldFileWhenAnArrayCannotBeWritten) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["x"] = sample_array<double>({3});
  save_hdf5(folder / "a.h5", arrays);
  arrays["y"] = make_array<std::string>({1}, {std::string("a\0b", 3)});
  EXPECT_EQ(error_of([&] { save_hdf5(folder / "a.h5", arrays); }, DK_UNSUPPORTED),
            (folder / "a.h5").native() + ": array 'y': the text 'a?b' is not UTF-8 or holds NUL");
  EXPECT_EQ(list_hdf5(folder / "a.h5"), std::vector<std::string>{"x"});
}

TEST(Hdf5, RefusesAnArrayUnderTheNameOfAGroup) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["a"] = sample_array<double>({3});
  arrays["a/x"] = sample_array<double>({3});
  EXPECT_EQ(error_of([&] { save_hdf5(folder / "a.h5", arrays); }, DK_UNSUPPORTED),
            (folder / "a.h5").native() + ": 'a' names both an array and a group");
}

}  // namespace
}  // namespace dynkit
