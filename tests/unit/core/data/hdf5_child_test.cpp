// HDF5 files that a child process reads: what comes over is what was read here, and whatever
// becomes of the child is one Error.
#include "core/data/hdf5_child.hpp"

#include <signal.h>

#include <atomic>
#include <limits>

#include "data_cases.hpp"
#include "dynkit/core/arrays_io.hpp"

namespace dynkit {
namespace {

void expect_same(const FileContent& actual, const FileContent& expected) {
  expect_equal(actual.arrays, expected.arrays);
  EXPECT_EQ(actual.attributes, expected.attributes);
  ASSERT_EQ(actual.skipped.size(), expected.skipped.size());
  for (std::size_t i = 0; i < expected.skipped.size(); ++i) {
    EXPECT_EQ(actual.skipped[i].name, expected.skipped[i].name);
    EXPECT_EQ(actual.skipped[i].reason, expected.skipped[i].reason);
  }
}

std::string error_with(const ChildBody& body, double time_limit = 100.0) {
  return error_of([&] { receive_hdf5(golden("h5py.h5"), body, {time_limit, nullptr, 0}); });
}

TEST(Hdf5Child, SendsWhatTheFileHolds) {
  for (const char* name : {"h5py.h5", "odd.h5"}) {
    expect_same(load_hdf5_in_child(golden(name)), load_hdf5(golden(name)));
  }
}

TEST(Hdf5Child, SendsEveryTypeRankNoteAndAttribute) {
  const TemporaryFolder folder;
  ArrayMap arrays = samples_of_every_type();
  arrays["real/rank2"].dimensions = {"point", "größe"};
  arrays["real/rank2"].unit = "mV";
  arrays["real/rank2"].help = "where the flow rests";
  save_hdf5(folder / "a.h5", arrays,
            {{"", {{"title", "größe"}, {"count", std::int64_t{-3}}}}, {"real", {{"step", 0.1}}}});
  const FileContent content = load_hdf5_in_child(folder / "a.h5");
  expect_equal(content.arrays, arrays);
  expect_same(content, load_hdf5(folder / "a.h5"));
}

TEST(Hdf5Child, SendsInfiniteAttributes) {
  const TemporaryFolder folder;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  save_hdf5(folder / "a.h5", {}, {{"", {{"upper", kInfinity}}}});
  EXPECT_EQ(std::get<double>(load_hdf5_in_child(folder / "a.h5").attributes.at("").at("upper")),
            kInfinity);
}

TEST(Hdf5Child, SendsAnArrayOf50Megabytes) {
  const TemporaryFolder folder;
  Array array = make_array<double>({2500, 2500}, std::vector<double>(6'250'000));
  for (std::size_t i = 0; i < array.numbers().size(); ++i) array.numbers()[i] = double(i) * 0.1;
  save_hdf5(folder / "a.h5", {{"x", array}});
  EXPECT_TRUE(load_hdf5_in_child(folder / "a.h5").arrays.at("x").values == array.values);
}

TEST(Hdf5Child, SaysWhatAReaderInThisProcessWouldSay) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "text.h5", as_bytes("hello"));
  for (const auto& path : {folder / "missing.h5", folder / "text.h5", golden("too_large_u8.h5")}) {
    EXPECT_EQ(error_of([&] { load_hdf5_in_child(path); }), error_of([&] { load_hdf5(path); }));
  }
  EXPECT_EQ(error_of([&] { load_hdf5_in_child(golden("huge.h5")); }, DK_TOO_LARGE),
            error_of([&] { load_hdf5(golden("huge.h5")); }, DK_TOO_LARGE));
}

TEST(Hdf5Child, TellsACrashAsAnErrorOfTheFile) {
  const std::string message = error_with([](ReplyWriter&) {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  });
  EXPECT_EQ(message, golden("h5py.h5").native() +
                         ": the HDF5 library crashes with signal 11 (Segmentation fault) while it "
                         "reads the file");
}

// The heap of a file's texts, with objects that claim to be longer than the file: HDF5 1.10 copies
// that many bytes. A library that notices says so instead.
TEST(Hdf5Child, OutlivesAFileThatCrashesTheLibrary) {
  const TemporaryFolder folder;
  const std::vector<std::byte> bytes = read_file(golden("h5py.h5"));
  std::string text(as_text(bytes));
  for (auto at = text.find("GCOL"); at != text.npos; at = text.find("GCOL", at + 1)) {
    constexpr std::size_t kSizeOfFirstObject = 24;
    text.replace(at + kSizeOfFirstObject, 8, std::string("\0\0\0\0\0\1\0\0", 8));
  }
  write_file_atomically(folder / "a.h5", as_bytes(text));
  const std::string message = error_of([&] { load_hdf5_in_child(folder / "a.h5"); });
  EXPECT_TRUE(message.starts_with((folder / "a.h5").native() + ": ")) << message;
}

TEST(Hdf5Child, TellsACrashBehindAPartOfTheContent) {
  const std::string message = error_with([](ReplyWriter& reply) {
    const std::uint64_t length = 100;
    reply.write(std::as_bytes(std::span(&length, 1)));
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
  });
  EXPECT_NE(message.find("crashes with signal 6 (Aborted)"), std::string::npos) << message;
}

TEST(Hdf5Child, TellsAHangAsAnErrorOfTheFile) {
  const std::string message = error_with([](ReplyWriter&) { pause(); }, 0.2);
  EXPECT_NE(message.find("the HDF5 library gives no sign of life for 0.2 s"), std::string::npos)
      << message;
}

// A record of a child whose memory the file has overwritten.
std::string error_of_record(const std::string& header) {
  return error_with([&](ReplyWriter& reply) {
    const std::uint64_t length = header.size();
    reply.write(std::as_bytes(std::span(&length, 1)));
    reply.write(as_bytes(header));
  });
}

TEST(Hdf5Child, TrustsNoRecordOfTheChild) {
  for (const char* header : {"", "{", "[]", "{}", "{\"array\": 3}", "{\"skipped\": \"x\"}",
                             "{\"attributes\": \"x\", \"values\": [[\"a\"]]}"}) {
    EXPECT_NE(error_of_record(header), "") << header;
  }
  EXPECT_NE(error_with([](ReplyWriter& reply) {
              const std::uint64_t length = std::uint64_t{1} << 60;
              reply.write(std::as_bytes(std::span(&length, 1)));
            }),
            "");
}

TEST(Hdf5Child, TakesNoArrayThatIsLargerThanAFileOfItsSizeMayHold) {
  const ChildBody body = [](ReplyWriter& reply) {
    const std::string header =
        R"({"array":"x","shape":[1099511627776],"type":0,"dimensions":[],"unit":"","help":""})";
    const std::uint64_t length = header.size();
    reply.write(std::as_bytes(std::span(&length, 1)));
    reply.write(as_bytes(header));
  };
  error_of([&] { receive_hdf5(golden("h5py.h5"), body, {}); }, DK_TOO_LARGE);
}

TEST(Hdf5Child, StopsOnRequest) {
  const std::atomic<bool> cancelled{true};
  const ChildBody body = [](ReplyWriter&) { pause(); };
  error_of([&] { receive_hdf5(golden("h5py.h5"), body, {100.0, &cancelled, 0}); }, DK_CANCELLED);
}

TEST(LoadArraysSafely, ReadsEveryFormat) {
  const TemporaryFolder folder;
  ArrayMap arrays;
  arrays["x"] = sample_array<double>({3, 2});
  for (const char* name : {"a.h5", "a.npz", "a.safetensors"}) {
    save_arrays(folder / name, arrays);
    expect_equal(load_arrays_safely(folder / name).arrays, arrays);
  }
}

}  // namespace
}  // namespace dynkit
