#include "core/data/npy.hpp"

#include <cstring>

#include "core/data/elements.hpp"
#include "data_cases.hpp"

namespace dynkit {
namespace {

Array parse(std::span<const std::byte> bytes) {
  MemoryBudget budget(bytes.size());
  return parse_npy(bytes, budget);
}

// A file of version 1.0 with this header and `size` bytes of elements.
std::vector<std::byte> make_npy(const std::string& header, std::size_t size) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xFF);
  file += static_cast<char>(header.size() >> 8);
  file += header + std::string(size, 'A');
  const auto bytes = as_bytes(file);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> make_npy_of(const std::string& descr, const std::string& shape,
                                   std::size_t size) {
  return make_npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n",
                  size);
}

TEST(Npy, KeepsEveryTypeAndRank) {
  for (const auto& [name, array] : samples_of_every_type()) {
    expect_equal(parse(format_npy(array)), array, name);
  }
}

TEST(Npy, AlignsTheElementsAsNumpyDoes) {
  for (const auto& [name, array] : samples_of_every_type()) {
    const std::vector<std::byte> file = format_npy(array);
    const auto length = load_number<std::uint16_t>(file.data() + 8);
    EXPECT_EQ((10u + length) % 64, 0u) << name;
    EXPECT_EQ(file[9u + length], std::byte{'\n'}) << name;
  }
}

TEST(Npy, ReadsWhatNumpyWrites) {
  const Array real = golden_array("f8");
  expect_equal(parse(read_file(golden("fortran.npy"))), real);
  expect_equal(parse(read_file(golden("version2.npy"))), real);
  expect_equal(parse(read_file(golden("version3.npy"))), real);
  expect_equal(parse(read_file(golden("scalar.npy"))), make_array<double>({}, {-2.5}));
  expect_equal(parse(read_file(golden("empty.npy"))), make_array<double>({3, 0, 2}, {}));
}

// numpy.save of the same array gave version 1.0's bytes.
TEST(Npy, WritesTheBytesThatNumpyWrites) {
  const auto numpy = read_file(golden("scalar.npy"));
  EXPECT_EQ(format_npy(make_array<double>({}, {-2.5})), numpy);
}

TEST(Npy, ReadsAHeaderInAnyLayout) {
  const auto file = make_npy("{\"shape\":(2L,3),'fortran_order':False,'descr':'|u1'}", 6);
  expect_equal(parse(file), make_array<std::uint8_t>({2, 3}, std::vector<std::uint8_t>(6, 'A')));
}

TEST(Npy, RefusesEveryTruncation) {
  const std::vector<std::byte> file = format_npy(sample_array<double>({3, 2}));
  for (std::size_t length = 0; length < file.size(); ++length) {
    error_of([&] { parse(std::span(file).first(length)); });
  }
}

TEST(Npy, RefusesBytesBehindTheArray) {
  std::vector<std::byte> file = format_npy(sample_array<double>({3, 2}));
  file.push_back(std::byte{0});
  EXPECT_EQ(error_of([&] { parse(file); }),
            "its header asks for 48 bytes of elements, 49 are there");
}

TEST(Npy, RefusesSizesThatTheFileDoesNotHold) {
  for (const char* shape : {"(9223372036854775807,)", "(4294967296, 4294967296)", "(3, -2)",
                            "(99999999999999999999,)", "(1, 1, 1, 1, 1, 1, 1)", "(2,)"}) {
    error_of([&] { parse(make_npy_of("<f8", shape, 8)); });
  }
  // No bytes for each element, so that any number of them would fit.
  error_of([&] { parse(make_npy_of("<U0", "(1000000000000,)", 0)); });
  error_of([&] { parse(make_npy_of("<U4611686018427387904", "(4,)", 0)); });
}

TEST(Npy, RefusesADamagedHeader) {
  for (const char* header :
       {"", "{", "{}", "[]", "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)",
        "{'descr: '<f8', 'fortran_order': False, 'shape': (1,)}"}) {
    EXPECT_EQ(error_of([&] { parse(make_npy(header, 8)); }),
              "the .npy header is not a dictionary of descr, fortran_order and shape")
        << header;
  }
}

TEST(Npy, NamesTheElementTypesThatItDoesNotRead) {
  const auto message = [](const char* file) {
    return error_of([&] { parse(read_file(golden(file))); }, DK_UNSUPPORTED);
  };
  EXPECT_EQ(message("object.npy"), "pickled objects are not read");
  EXPECT_EQ(message("structured.npy"), "structured elements are not read");
  EXPECT_EQ(message("datetime.npy"), "elements of type '<M8[D]' are not read");
  for (const char* descr : {"<f16", "<f3", "<i0", "f8", "<f", "", "<f8x"}) {
    error_of([&] { parse(make_npy_of(descr, "(1,)", 8)); }, DK_UNSUPPORTED);
  }
}

TEST(Npy, RefusesTextThatIsNotUnicode) {
  EXPECT_EQ(error_of([] { parse(read_file(golden("latin1.npy"))); }),
            "the text 'gr??e' is not UTF-8");
  // "AAAA" as one UTF-32 character; then a surrogate, which UTF-8 has no place for.
  EXPECT_EQ(error_of([] { parse(make_npy_of("<U1", "(1,)", 4)); }),
            "U+41414141 is not a Unicode character");
  auto file = make_npy_of("<U1", "(1,)", 4);
  const std::uint32_t surrogate = 0xD800;
  std::memcpy(file.data() + file.size() - 4, &surrogate, 4);
  error_of([&] { parse(file); });
}

TEST(Npy, CountsWhatTextTakesInMemory) {
  MemoryBudget budget(0);
  budget.take(MemoryBudget::kExpandedLimit - 100);
  const auto file = make_npy_of("|S1", "(4,)", 4);
  error_of([&] { parse_npy(file, budget); }, DK_TOO_LARGE);
}

TEST(Npy, DoesNotWriteTextThatIsNotUtf8) {
  error_of([] { format_npy(make_array<std::string>({1}, {"gr\xF6\xDF"})); }, DK_UNSUPPORTED);
}

}  // namespace
}  // namespace dynkit
