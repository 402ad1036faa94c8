#include "core/data/safetensors.hpp"

#include <fmt/format.h>

#include <cfloat>
#include <cstring>

#include "core/data/npz.hpp"
#include "data_cases.hpp"

namespace dynkit {
namespace {

using Bytes = std::vector<std::byte>;

Bytes make_safetensors(const std::string& header, std::size_t size) {
  const std::uint64_t length = header.size();
  Bytes file(8 + header.size() + size);
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

ArrayMap samples() {
  ArrayMap arrays;
  add_samples<double>(arrays, "real");
  add_samples<std::int64_t>(arrays, "integer");
  add_samples<std::uint8_t>(arrays, "octet");
  return arrays;
}

TEST(Safetensors, KeepsEveryTypeAndRank) {
  const ArrayMap arrays = samples();
  expect_equal(parse_safetensors(format_safetensors(arrays, FloatWidth::f64)), arrays);
}

// PyTorch wrote one file, NumPy the other.
TEST(Safetensors, ReadsWeightsFromPytorchLikeTheirCopyFromNumpy) {
  const std::filesystem::path folder = std::filesystem::path(EXAMPLE_FOLDER) / "flip_flop_gru";
  const ArrayMap arrays = parse_safetensors(read_file(folder / "weights.safetensors"));
  const ArrayMap copy = parse_npz(read_file(folder / "weights.npz")).arrays;
  ASSERT_EQ(copy.size(), 6u);
  EXPECT_EQ(copy.at("rnn.weight_hh_l0").shape, (std::vector<std::int64_t>{192, 64}));
  expect_equal(arrays, copy);
}

TEST(Safetensors, ReadsEveryElementType) {
  const ArrayMap arrays = parse_safetensors(read_file(golden("types.safetensors")));
  ASSERT_EQ(arrays.size(), 10u);
  for (const auto& [name, array] : arrays) {
    const std::string numpy_name = name == "bf16" ? "f2" : name == "u8" ? "u1" : name;
    expect_equal(array, golden_array(numpy_name), name);
  }
}

TEST(Safetensors, RoundsToSinglePrecisionOnRequest) {
  ArrayMap arrays;
  arrays["x"] = make_array<double>({3}, {0.1, -1.0 / 3.0, DBL_MIN});
  const Array single = parse_safetensors(format_safetensors(arrays, FloatWidth::f32)).at("x");
  EXPECT_EQ(single.numbers(), (std::vector<double>{0.1f, -1.0f / 3.0f, 0.0}));
}

TEST(Safetensors, RefusesToRoundANumberToInfinity) {
  const double largest = FLT_MAX;
  ArrayMap arrays;
  arrays["x"] = make_array<double>({2}, {-std::nextafter(largest, 1e39), HUGE_VAL});
  EXPECT_EQ(parse_safetensors(format_safetensors(arrays, FloatWidth::f32)).at("x").numbers(),
            (std::vector<double>{-largest, HUGE_VAL}));
  arrays["x"].numbers()[0] = 1e39;
  EXPECT_EQ(error_of([&] { format_safetensors(arrays, FloatWidth::f32); }, DK_UNSUPPORTED),
            "array 'x': 1e+39 is beyond the range of F32");
}

TEST(Safetensors, WritesNeitherTextNorComplexNumbers) {
  ArrayMap arrays;
  arrays["x"] = sample_array<std::string>({3});
  EXPECT_EQ(error_of([&] { format_safetensors(arrays, FloatWidth::f64); }, DK_UNSUPPORTED),
            "array 'x': .safetensors does not hold text [3]");
  arrays["x"] = sample_array<std::complex<double>>({3});
  error_of([&] { format_safetensors(arrays, FloatWidth::f64); }, DK_UNSUPPORTED);
}

TEST(Safetensors, RefusesEveryTruncation) {
  ArrayMap arrays;
  arrays["a"] = sample_array<double>({3, 2});
  const Bytes file = format_safetensors(arrays, FloatWidth::f64);
  for (std::size_t length = 0; length < file.size(); ++length) {
    error_of([&] { parse_safetensors(std::span(file).first(length)); });
  }
}

TEST(Safetensors, RefusesTensorsThatDoNotTileTheData) {
  const auto two = [](const char* a, const char* b, std::size_t size) {
    const auto entry = [](const char* name, const char* offsets) {
      return fmt::format(R"("{}":{{"dtype":"U8","shape":[4],"data_offsets":{}}})", name, offsets);
    };
    return make_safetensors(fmt::format("{{{},{}}}", entry("a", a), entry("b", b)), size);
  };
  EXPECT_EQ(parse_safetensors(two("[4,8]", "[0,4]", 8)).size(), 2u);
  error_of([&] { parse_safetensors(two("[0,4]", "[2,6]", 6)); });   // overlap
  error_of([&] { parse_safetensors(two("[0,4]", "[0,4]", 4)); });   // the same
  error_of([&] { parse_safetensors(two("[0,4]", "[5,9]", 9)); });   // gap
  error_of([&] { parse_safetensors(two("[0,4]", "[4,8]", 9)); });   // bytes behind
  error_of([&] { parse_safetensors(two("[0,4]", "[4,8]", 7)); });   // cut off
  error_of([&] { parse_safetensors(two("[0,4]", "[4,9]", 9)); });   // not the shape's size
  error_of([&] { parse_safetensors(two("[0,4]", "[8,4]", 8)); });   // backwards
  error_of([&] { parse_safetensors(two("[0,4]", "[-4,0]", 8)); });  // negative
}

TEST(Safetensors, RefusesAHeaderOfAnotherForm) {
  for (const char* header :
       {"", "[]", "{", "{\"a\":1}", R"({"a":{"dtype":"U8","shape":[1]}})",
        R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})",
        R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})",
        R"({"a":{"dtype":"U8","shape":[4294967296,4294967296,2],"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})",
        R"({"../a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
        R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} x)"}) {
    error_of([&] { parse_safetensors(make_safetensors(header, 1)); });
  }
}

TEST(Safetensors, RefusesTwoTensorsOfOneName) {
  const std::string entry = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_EQ(
      error_of([&] { parse_safetensors(make_safetensors(fmt::format("{{{0},{0}}}", entry), 1)); }),
      "its header has 'a' twice");
}

TEST(Safetensors, RefusesADeepHeaderBeforeReadingOn) {
  for (const std::size_t depth : {std::size_t{4}, std::size_t{1000000}}) {
    const std::string header = fmt::format("{{\"a\":{}", std::string(depth, '['));
    EXPECT_EQ(error_of([&] { parse_safetensors(make_safetensors(header, 0)); }),
              "its header is nested too deeply");
  }
}

TEST(Safetensors, RefusesAHeaderLengthBeyondTheFile) {
  Bytes file = make_safetensors("{}", 0);
  std::memset(file.data(), 0xFF, 8);
  EXPECT_EQ(error_of([&] { parse_safetensors(file); }),
            "its header of 18446744073709551615 bytes is longer than the file or 16 MiB: it is cut "
            "off or not a .safetensors file");
}

TEST(Safetensors, NamesTheElementTypeThatItDoesNotRead) {
  const auto file =
      make_safetensors(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1);
  EXPECT_EQ(error_of([&] { parse_safetensors(file); }, DK_UNSUPPORTED),
            "tensor 'a': elements of type 'F8_E4M3' are not read");
}

}  // namespace
}  // namespace dynkit
