#include "fuzz_reader.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

#include "core/data/csv.hpp"
#include "core/data/names.hpp"
#include "core/data/npy.hpp"
#include "core/data/npz.hpp"
#include "core/data/safetensors.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

// Bits, so that NaN equals itself.
template <class Element>
bool same_elements(const std::vector<Element>& a, const std::vector<Element>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Element)) == 0);
}

bool same_elements(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return a == b;
}

bool same(const Array& a, const Array& b) {
  const auto same_values = [&](const auto& values) {
    return same_elements(values, std::get<std::decay_t<decltype(values)>>(b.values));
  };
  return a.shape == b.shape && a.values.index() == b.values.index() &&
         std::visit(same_values, a.values) && a.dimensions == b.dimensions && a.unit == b.unit &&
         a.help == b.help;
}

void check_sound(const std::string& name, const Array& array) {
  require(is_name(name), "an array has a name that is not allowed");
  const auto count = std::visit([](const auto& values) { return values.size(); }, array.values);
  require(checked_size(array.shape) == count, "an array has another size than its shape");
  require(array.dimensions.empty() || array.dimensions.size() == array.shape.size(),
          "an array has another number of dimension names than axes");
  if (const auto* texts = std::get_if<std::vector<std::string>>(&array.values)) {
    for (const std::string& text : *texts) require(is_text(text), "an element is not UTF-8");
  }
}

Array parse_one_npy(std::span<const std::byte> bytes) {
  MemoryBudget budget(bytes.size());
  return parse_npy(bytes, budget);
}

ArrayMap parse(std::string_view format, std::span<const std::byte> bytes) {
  if (format == "npy") return {{"array", parse_one_npy(bytes)}};
  if (format == "npz") return parse_npz(bytes).arrays;
  if (format == "safetensors") return parse_safetensors(bytes);
  require(format == "csv", "the format is not known");
  CsvTable table = parse_csv(bytes);
  const auto width = static_cast<std::size_t>(table.table.shape.at(1));
  require(table.columns.empty() || table.columns.size() == width,
          "a table has another number of names than columns");
  for (const std::string& name : table.columns) require(is_name(name), "a column has a bad name");
  return {{"table", std::move(table.table)}};
}

// Text keeps every number, but of NaN only that it is one, and nothing of a table without rows.
void check_text_round_trip(const ArrayMap& arrays) {
  const Array& table = arrays.at("table");
  if (table.size() == 0) return;
  const std::string text = format_csv(arrays, ',');
  const Array again = parse_csv(as_bytes(text)).table;
  require(again.shape == table.shape, "writing and reading changes the shape of a table");
  for (std::size_t i = 0; i < table.numbers().size(); ++i) {
    const double a = table.numbers()[i], b = again.numbers()[i];
    require(same_elements<double>({a}, {b}) || (a != a && b != b),
            "writing and reading changes a number of a table");
  }
}

// The other formats keep every bit: single precision in a file is exact in memory.
void check_round_trip(std::string_view format, const ArrayMap& arrays) {
  const std::vector<std::byte> file = format == "npy" ? format_npy(arrays.begin()->second)
                                      : format == "npz"
                                          ? format_npz(arrays)
                                          : format_safetensors(arrays, FloatWidth::f64);
  const ArrayMap again = parse(format, file);
  require(again.size() == arrays.size(), "writing and reading changes the number of arrays");
  for (const auto& [name, array] : arrays) {
    require(same(again.at(name), array), "writing and reading changes an array");
  }
}

}  // namespace

bool read_fuzzed(std::string_view format, std::span<const std::byte> bytes) {
  ArrayMap arrays;
  try {
    arrays = parse(format, bytes);
  } catch (const Error& e) {
    require(is_text(e.what()) && std::strlen(e.what()) > 10, "an error does not say what is wrong");
    require(e.status() == DK_IO || e.status() == DK_UNSUPPORTED || e.status() == DK_TOO_LARGE,
            "an error has a status that readers do not give");
    return false;
  }
  for (const auto& [name, array] : arrays) check_sound(name, array);
  if (format == "csv") {
    check_text_round_trip(arrays);
  } else {
    check_round_trip(format, arrays);
  }
  return true;
}

}  // namespace dynkit
