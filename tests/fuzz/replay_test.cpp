#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz_reader.hpp"

namespace dynkit {
namespace {

// Files good_* are read, bad_* are refused, found_* once stopped a fuzzer and may be either.
void replay(const char* format) {
  int good = 0, bad = 0;
  const auto folder = std::filesystem::path(CORPUS_FOLDER) / format;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().native();
    SCOPED_TRACE(name);
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    bool accepted = false;
    EXPECT_NO_THROW(accepted = read_fuzzed(format, std::as_bytes(std::span(text))));
    const bool is_good = name.starts_with("good_"), is_bad = name.starts_with("bad_");
    EXPECT_TRUE(accepted || !is_good);
    EXPECT_FALSE(accepted && is_bad);
    good += is_good;
    bad += is_bad;
  }
  EXPECT_GE(good, 5);
  EXPECT_GE(bad, 5);
}

TEST(CorpusReplay, NpyIsReadOrRefused) {
  replay("npy");
}
TEST(CorpusReplay, NpzIsReadOrRefused) {
  replay("npz");
}
TEST(CorpusReplay, CsvIsReadOrRefused) {
  replay("csv");
}
TEST(CorpusReplay, SafetensorsIsReadOrRefused) {
  replay("safetensors");
}

}  // namespace
}  // namespace dynkit
