// libFuzzer's entry: one program for each format. Run as
//   fuzz_npy -max_total_time=60 NEW_INPUTS tests/fuzz/corpus/npy
// An input on which it stops belongs into the corpus, as found_WHAT, once the reader is mended.

#include <cstdint>

#include "fuzz_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dynkit::read_fuzzed(FUZZ_FORMAT, std::as_bytes(std::span(data, size)));
  return 0;
}
