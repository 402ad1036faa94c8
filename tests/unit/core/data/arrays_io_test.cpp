#include "dynkit/core/arrays_io.hpp"

#include <fmt/format.h>

#include "data_cases.hpp"

namespace dynkit {
namespace {

ArrayMap two_arrays() {
  ArrayMap arrays;
  arrays["a"] = sample_array<double>({3});
  arrays["group/b"] = sample_array<double>({2, 5});
  return arrays;
}

TEST(SaveArrays, IsReadBackByLoadArraysInEveryFormatOfSeveralArrays) {
  const TemporaryFolder folder;
  for (const char* name : {"a.h5", "a.hdf5", "a.npz", "a.safetensors", "a.NPZ"}) {
    save_arrays(folder / name, two_arrays());
    expect_equal(load_arrays(folder / name), two_arrays());
  }
}

TEST(SaveArrays, WritesOneArrayToNpy) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["x"] = sample_array<double>({3, 2});
  save_arrays(folder / "recording.v2.npy", arrays);
  const ArrayMap loaded = load_arrays(folder / "recording.v2.npy");
  ASSERT_EQ(loaded.size(), 1u);
  expect_equal(loaded.at("recording.v2"), arrays["x"]);
  EXPECT_EQ(error_of([&] { save_arrays(folder / "a.npy", two_arrays()); }, DK_UNSUPPORTED),
            (folder / "a.npy").native() + ": .npy holds one array, not 2: a, group/b");
}

TEST(SaveArrays, WritesSinglePrecisionToSafetensorsOnly) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["x"] = make_array<double>({1}, {0.1});
  save_arrays(folder / "a.safetensors", arrays, FloatWidth::f32);
  EXPECT_EQ(load_array((folder / "a.safetensors").native()).numbers()[0], double{0.1f});
  error_of([&] { save_arrays(folder / "a.npz", arrays, FloatWidth::f32); }, DK_UNSUPPORTED);
}

TEST(SaveArrays, LeavesTheFileAsItWasWhenItCannotWriteTheArrays) {
  const TemporaryFolder folder;
  save_arrays(folder / "a.safetensors", two_arrays());
  ArrayMap texts;
  texts["t"] = sample_array<std::string>({2});
  error_of([&] { save_arrays(folder / "a.safetensors", texts); }, DK_UNSUPPORTED);
  expect_equal(load_arrays(folder / "a.safetensors"), two_arrays());
}

TEST(LoadArrays, GivesTheTableOfACsvAndItsColumns) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.csv", as_bytes("time,x\n0,5\n1,6\n2,7\n"));
  ArrayMap expected;
  expected["table"] = make_array<double>({3, 2}, {0, 5, 1, 6, 2, 7});
  expected["time"] = make_array<double>({3}, {0, 1, 2});
  expected["x"] = make_array<double>({3}, {5, 6, 7});
  expect_equal(load_arrays(folder / "a.csv"), expected);
}

TEST(LoadArrays, RefusesTwoColumnsOfOneName) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.csv", as_bytes("x,x\n0,5\n"));
  EXPECT_EQ(error_of([&] { load_arrays(folder / "a.csv"); }),
            (folder / "a.csv").native() + ": two arrays are named 'x'");
  write_file_atomically(folder / "a.csv", as_bytes("x,table\n0,5\n"));
  EXPECT_EQ(
      error_of([&] { load_arrays(folder / "a.csv"); }),
      (folder / "a.csv").native() + ": a column is named 'table', which names the whole table");
}

TEST(LoadArrays, NamesTheFileAndTheFault) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.npy", as_bytes("hello"));
  EXPECT_EQ(error_of([&] { load_arrays(folder / "a.npy"); }),
            (folder / "a.npy").native() + ": is not an .npy file");
  EXPECT_EQ(error_of([&] { load_arrays("a.mat"); }, DK_UNSUPPORTED),
            "a.mat: the ending '.mat' is none of .h5, .hdf5, .npz, .npy, .safetensors, .csv, .tsv, "
            ".txt, .dat");
}

TEST(LoadArray, PicksTheOneThatIsNamed) {
  const TemporaryFolder folder;
  for (const char* name : {"a.h5", "a.npz", "a.safetensors"}) {
    save_arrays(folder / name, two_arrays());
    expect_equal(load_array((folder / name).native() + ":group/b"), two_arrays()["group/b"], name);
  }
}

TEST(LoadArray, ListsTheNamesWhereOneIsMissing) {
  const TemporaryFolder folder;
  for (const char* name : {"a.h5", "a.npz", "a.safetensors"}) {
    save_arrays(folder / name, two_arrays());
    const std::string path = (folder / name).native();
    EXPECT_EQ(error_of([&] { load_array(path); }),
              path + ": holds 2 arrays; name one as \"" + name + ":NAME\"; there are: a, group/b");
    EXPECT_EQ(error_of([&] { load_array(path + ":b"); }),
              path + ": has no array 'b'; there are: a, group/b");
  }
}

TEST(LoadArray, TakesTheOnlyArrayWithoutAName) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["group/b"] = sample_array<double>({2, 5});
  for (const char* name : {"a.h5", "a.npz", "a.npy", "a.safetensors", "a.csv"}) {
    save_arrays(folder / name, arrays);
    expect_equal(load_array((folder / name).native()), arrays["group/b"], name);
  }
}

TEST(LoadArray, TakesTheTableOfACsvWithoutAName) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.csv", as_bytes("time,x\n0,5\n1,6\n2,7\n"));
  const std::string path = (folder / "a.csv").native();
  expect_equal(load_array(path), make_array<double>({3, 2}, {0, 5, 1, 6, 2, 7}));
  expect_equal(load_array(path + ":x"), make_array<double>({3}, {5, 6, 7}));
}

TEST(FindArray, SplitsBehindAnExistingFileOnly) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a:b.npz", as_bytes(""));
  const std::string path = (folder / "a:b.npz").native();
  EXPECT_EQ(find_array(path).file, path);
  EXPECT_EQ(find_array(path).name, "");
  EXPECT_EQ(find_array(path + ":x:y").file, path);
  EXPECT_EQ(find_array(path + ":x:y").name, "x:y");
  EXPECT_EQ(find_array("missing.npz:x").file, "missing.npz");
  EXPECT_EQ(find_array("missing.npz:x").name, "x");
}

TEST(FileFormats, AreEndingsThatAreWritten) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["x"] = sample_array<double>({3, 2});
  for (const FileFormat& format : file_formats()) {
    const std::filesystem::path path = folder / fmt::format("a{}", format.ending).c_str();
    save_arrays(path, arrays);
    expect_equal(load_array(path.native()), arrays["x"], path.native());
  }
}

}  // namespace
}  // namespace dynkit
