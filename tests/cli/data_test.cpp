// `dynkit data info` and `dynkit data convert`, on sound, odd and hostile files.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/hdf5.hpp"
#include "support/command.hpp"
#include "support/refusal.hpp"

namespace dynkit::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const std::string kProgram = DYNKIT_PROGRAM;
const std::string kGolden = std::string(SOURCE_FOLDER) + "/tests/golden/data/";
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kHuge = std::numeric_limits<double>::max();

CommandResult run_data(const ScratchFolder& folder, const std::string& words) {
  return run_command(folder, kProgram + " data " + words);
}

CommandResult convert(const ScratchFolder& folder, const std::string& from, const std::string& to,
                      const std::string& words = "") {
  return run_data(folder, "convert " + folder.file(from) + " " + folder.file(to) + " " + words);
}

Array numbers(std::vector<std::int64_t> shape, std::vector<double> values) {
  Array array;
  array.shape = std::move(shape);
  array.values = std::move(values);
  return array;
}

Array complex_numbers() {
  Array array;
  array.shape = {2};
  array.values = std::vector<std::complex<double>>{{1.0, -2.0}, {kInfinity, 0.5}};
  return array;
}

Array texts() {
  Array array;
  array.shape = {3};
  array.values = std::vector<std::string>{"", "größe", "=1+1"};
  return array;
}

const std::vector<double> kSpecial = {NAN, kInfinity, -kInfinity, kHuge, -kHuge, 5e-324, -0.0};

ArrayMap special_arrays() {
  ArrayMap arrays;
  arrays["group/special"] = numbers({7}, kSpecial);
  arrays["none"] = numbers({3, 0, 2}, {});
  arrays["scalar"] = numbers({}, {-kInfinity});
  Array integers;
  integers.shape = {2};
  integers.values = std::vector<std::int64_t>{INT64_MIN, INT64_MAX};
  arrays["integers"] = integers;
  return arrays;
}

void expect_same_bits(const Array& actual, const Array& expected, const std::string& what) {
  EXPECT_EQ(actual.shape, expected.shape) << what;
  ASSERT_EQ(actual.values.index(), expected.values.index()) << what;
  if (const auto* values = std::get_if<std::vector<double>>(&expected.values)) {
    ASSERT_EQ(actual.numbers().size(), values->size()) << what;
    for (std::size_t i = 0; i < values->size(); ++i) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(actual.numbers()[i]),
                std::bit_cast<std::uint64_t>((*values)[i]))
          << what << " element " << i;
    }
  } else {
    EXPECT_TRUE(actual.values == expected.values) << what;
  }
}

// The heap of a file's texts, with an object that claims to be longer than the file: HDF5 1.10
// copies that many bytes.
std::string hostile_file(const ScratchFolder& folder) {
  std::string bytes = read_text(kGolden + "h5py.h5");
  for (auto at = bytes.find("GCOL"); at != std::string::npos; at = bytes.find("GCOL", at + 1)) {
    constexpr std::size_t kSizeOfFirstObject = 24;
    const std::uint64_t size = std::uint64_t{1} << 40;
    std::memcpy(bytes.data() + at + kSizeOfFirstObject, &size, sizeof(size));
  }
  return folder.write("hostile.h5", bytes);
}

TEST(DataConvert, KeepsEveryBitThroughAllFormats) {
  const ScratchFolder folder;
  const ArrayMap arrays = special_arrays();
  save_arrays(folder.file("a.h5"), arrays);
  std::string last = "a.h5";
  for (const std::string next : {"b.npz", "c.safetensors", "d.h5"}) {
    const CommandResult result = convert(folder, last, next);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.output, folder.file(next) + ": 4 arrays\n");
    const ArrayMap loaded = load_arrays(folder.file(next));
    ASSERT_EQ(loaded.size(), arrays.size());
    for (const auto& [name, array] : arrays) {
      expect_same_bits(loaded.at(name), array, next + ":" + name);
    }
    last = next;
  }
}

TEST(DataConvert, KeepsTextAndComplexNumbersWhereTheyCanBeHeld) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.h5"), {{"text", texts()}, {"z", complex_numbers()}});
  ASSERT_EQ(convert(folder, "a.h5", "b.npz").exit_code, 0);
  ASSERT_EQ(convert(folder, "b.npz", "c.npy", "--array text").exit_code, 0);
  ASSERT_EQ(convert(folder, "b.npz", "d.npy", "--array z").exit_code, 0);
  expect_same_bits(load_array(folder.file("c.npy")), texts(), "text");
  expect_same_bits(load_array(folder.file("d.npy")), complex_numbers(), "z");
}

TEST(DataConvert, KeepsTheNumbersOfATable) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.npz"), {{"x", numbers({7}, kSpecial)}});
  ASSERT_EQ(convert(folder, "a.npz", "b.csv").exit_code, 0);
  ASSERT_EQ(convert(folder, "b.csv", "c.npy", "--array x").exit_code, 0);
  const std::vector<double> read = load_array(folder.file("c.npy")).numbers();
  ASSERT_EQ(read.size(), kSpecial.size());
  EXPECT_TRUE(std::isnan(read[0]));  // of NaN, text keeps no more
  for (std::size_t i = 1; i < read.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read[i]), std::bit_cast<std::uint64_t>(kSpecial[i]));
  }
}

TEST(DataConvert, SaysWhatAFormatCannotHold) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.h5"), {{"none", numbers({0, 3}, {})},
                                    {"text", texts()},
                                    {"x", numbers({2}, {1.0, 2.0})},
                                    {"z", complex_numbers()}});
  struct Case {
    const char *output, *words, *message;
  };
  for (const Case& one :
       {Case{"b.csv", "--array z", "array 'z': a table of text does not hold complex128 [2]"},
        Case{"b.csv", "--array none", "array 'none': a table of text does not hold float64 [0,3]"},
        Case{"b.csv", "--array x --array text", "or columns of one length"},
        Case{"b.npy", "", ".npy holds one array, not 4: none, text, x, z"},
        Case{"b.safetensors", "--array text", "array 'text': .safetensors does not hold text [3]"},
        Case{"b.safetensors", "--array z", "array 'z': .safetensors does not hold complex128 [2]"},
        Case{"b.npz", "--f32", "only .safetensors is written in single precision"},
        Case{"b.mat", "", "the ending '.mat' is none of .h5"}}) {
    EXPECT_TRUE(is_refused(convert(folder, "a.h5", one.output, one.words), 2, one.message));
    EXPECT_FALSE(fs::exists(folder.file(one.output))) << one.message;
  }
}

TEST(DataConvert, KeepsTheOldOutputWhereItFails) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.h5"), {{"z", complex_numbers()}});
  folder.write("b.csv", "old");
  EXPECT_EQ(convert(folder, "a.h5", "b.csv").exit_code, 2);
  EXPECT_EQ(read_text(folder.file("b.csv")), "old");
}

// A limit on the size of files, in place of a full disk. A build that measures coverage writes its
// counters elsewhere then, since they would be cut off, and complaints of that nowhere.
TEST(DataConvert, KeepsTheOldOutputWhereTheDiskIsFull) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.npz"), {{"x", numbers({30000}, std::vector<double>(30000, 0.1))}});
  const std::string counters =
      "GCOV_PREFIX=" + folder.file("counters") + " GCOV_ERROR_FILE=/dev/null ";
  for (const std::string output : {"b.h5", "b.npz", "b.safetensors", "b.csv"}) {
    folder.write(output, "old");
    const std::string words = folder.file("a.npz") + " " + folder.file(output);
    const CommandResult result =
        run_command(folder, "(trap '' XFSZ; ulimit -f 40; " + counters + "exec " + kProgram +
                                " data convert " + words + ")");
    EXPECT_TRUE(is_refused(result, 4, output + ": "));
    EXPECT_EQ(read_text(folder.file(output)), "old");
  }
}

TEST(DataConvert, RefusesToReplaceItsInputUnderAnyName) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.npz"), special_arrays());
  const std::string before = read_text(folder.file("a.npz"));
  fs::create_symlink(folder.file("a.npz"), folder.file("soft.npz"));
  fs::create_hard_link(folder.file("a.npz"), folder.file("hard.npz"));
  for (const char* name : {"a.npz", "./a.npz", "soft.npz", "hard.npz"}) {
    EXPECT_TRUE(is_refused(convert(folder, "a.npz", name), 2, "the output is the input itself"));
  }
  EXPECT_EQ(read_text(folder.file("a.npz")), before);
}

TEST(DataConvert, NamesTheNearestArray) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.npz"), special_arrays());
  EXPECT_TRUE(is_refused(convert(folder, "a.npz", "b.npy", "--array scaler"), 2,
                         "has no array 'scaler' (did you mean 'scalar'?)"));
}

TEST(DataConvert, SaysWhatItLeavesOut) {
  const ScratchFolder folder;
  const CommandResult result =
      run_data(folder, "convert " + kGolden + "odd.h5 " + folder.file("b.npz"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(says(result, "'reference' is left out: references are not read")) << result.errors;
  EXPECT_EQ(load_arrays(folder.file("b.npz")).size(), 2U);
  const CommandResult quiet =
      run_data(folder, "convert --quiet " + kGolden + "odd.h5 " + folder.file("c.npz"));
  EXPECT_EQ(quiet.output + quiet.errors, "");
  EXPECT_TRUE(fs::exists(folder.file("c.npz")));
}

TEST(DataConvert, TellsScriptsWhatItWrote) {
  const ScratchFolder folder;
  const CommandResult result =
      run_data(folder, "convert --json " + kGolden + "odd.h5 " + folder.file("b.npz"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.errors, "");
  const json record = json::parse(result.output);
  EXPECT_EQ(record.at("output"), folder.file("b.npz"));
  EXPECT_EQ(record.at("arrays").size(), 2U);
  EXPECT_EQ(record.at("skipped").size(), 9U);
  EXPECT_EQ(record.at("dropped_attributes"), json::array());
}

TEST(DataConvert, TellsScriptsAndPeopleOfAttributesThatItDrops) {
  const ScratchFolder folder;
  save_hdf5(folder.file("a.h5"), {{"deep/group/x", numbers({2}, {1.0, 2.0})}},
            {{"", {{"title", "T"}}}, {"deep/group", {{"seed", 3.0}, {"author", "A"}}}});
  const CommandResult text = convert(folder, "a.h5", "b.npz");
  EXPECT_TRUE(says(text, "a.h5: the attributes of 2 groups are left out")) << text.errors;
  const json record = json::parse(convert(folder, "a.h5", "b.npz", "--json").output);
  EXPECT_EQ(record.at("dropped_attributes"),
            json::parse(R"([{"group": "/", "attributes": ["title"]},
                            {"group": "/deep/group", "attributes": ["author", "seed"]}])"));
}

TEST(DataInfo, ShowsWhatItSkipsWithTheReason) {
  const ScratchFolder folder;
  const CommandResult text = run_data(folder, "info " + kGolden + "odd.h5");
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.output.find("skipped:"), std::string::npos) << text.output;
  EXPECT_NE(text.output.find("links are not followed"), std::string::npos) << text.output;
  const json record = json::parse(run_data(folder, "info --json " + kGolden + "odd.h5").output);
  EXPECT_EQ(record.at("arrays").size(), 2U);
  ASSERT_EQ(record.at("skipped").size(), 9U);
  bool found = false;
  for (const json& object : record.at("skipped")) {
    found =
        found || (object.at("name") == "wide" &&
                  object.at("reason") == "floating-point numbers wider than 64 bits are not read");
  }
  EXPECT_TRUE(found);
}

TEST(DataInfo, SaysNothingOfSkippingWhereItSkipsNothing) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.h5"), special_arrays());
  const CommandResult result = run_data(folder, "info " + folder.file("a.h5"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output.find("skipped"), std::string::npos) << result.output;
}

TEST(DataInfo, WritesJsonWithNullForWhatIsNoNumber) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.h5"), {{"nan", numbers({2}, {NAN, kInfinity})},
                                    {"some", numbers({3}, {NAN, kHuge, kHuge})}});
  const json record = json::parse(run_data(folder, "info --json " + folder.file("a.h5")).output);
  const json& nan = record.at("arrays").at(0);
  EXPECT_TRUE(nan.at("min").is_null() && nan.at("mean").is_null() && nan.at("max").is_null());
  EXPECT_EQ(nan.at("not_finite"), 2);
  const json& some = record.at("arrays").at(1);
  EXPECT_EQ(some.at("mean"), kHuge);  // though their sum overflows
  EXPECT_EQ(some.at("not_finite"), 1);
}

TEST(DataInfo, WritesValidJsonForHostileNames) {
  const ScratchFolder folder;
  const std::string name = "a\"b\\c</script>{}\xF0\x9F\xA7\xA0";
  save_arrays(folder.file("a.npz"), {{name, numbers({1}, {1.5})}});
  fs::rename(folder.file("a.npz"), folder.file("\xFF'.npz"));
  const CommandResult result = run_data(folder, "info --json \"" + folder.file("\xFF'.npz") + "\"");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  const json record = json::parse(result.output);
  EXPECT_EQ(record.at("arrays").at(0).at("name"), name);
}

TEST(DataInfo, PrintsNothingWhenQuiet) {
  const ScratchFolder folder;
  save_arrays(folder.file("a.npz"), special_arrays());
  const CommandResult result = run_data(folder, "info --quiet " + folder.file("a.npz"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output + result.errors, "");
}

TEST(DataInfo, OutlivesAFileThatCrashesHdf5) {
  const ScratchFolder folder;
  const std::string file = hostile_file(folder);
  EXPECT_TRUE(is_refused(run_data(folder, "info " + file), 4, "hostile.h5: "));
  folder.write("b.npz", "old");
  EXPECT_TRUE(is_refused(convert(folder, "hostile.h5", "b.npz"), 4, "hostile.h5: "));
  EXPECT_EQ(read_text(folder.file("b.npz")), "old");
}

TEST(DataInfo, TellsAFileThatCannotBeReadWithCode4) {
  const ScratchFolder folder;
  folder.write("cut.h5", read_text(kGolden + "h5py.h5").substr(0, 3000));
  folder.write("a.mat", "MATLAB");
  EXPECT_TRUE(is_refused(run_data(folder, "info " + folder.file("missing.h5")), 4, "missing.h5: "));
  EXPECT_TRUE(is_refused(run_data(folder, "info " + folder.file("cut.h5")), 4, "cut.h5: "));
  EXPECT_TRUE(is_refused(run_data(folder, "info " + folder.file("a.mat")), 4, "the ending '.mat'"));
  EXPECT_TRUE(is_refused(run_data(folder, "info " + kGolden + "huge.h5"), 4, "array 'x'"));
}

TEST(DataHelp, HasAnExampleAndTheFormats) {
  const ScratchFolder folder;
  for (const std::string command : {"info", "convert"}) {
    const CommandResult result = run_data(folder, command + " --help");
    EXPECT_EQ(result.exit_code, 0);
    for (const std::string& text : {"Example:\n  dynkit data " + command, std::string("--json"),
                                    std::string("--quiet"), std::string(".safetensors")}) {
      EXPECT_NE(result.output.find(text), std::string::npos) << text << result.output;
    }
  }
}

}  // namespace
}  // namespace dynkit::test
