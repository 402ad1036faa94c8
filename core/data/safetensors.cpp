#include "safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "dynkit/error.hpp"
#include "elements.hpp"
#include "limits.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

using Json = nlohmann::json;

// The format allows 100 MB; the largest published models need 1.
constexpr std::uint64_t kHeaderLimit = std::uint64_t{16} << 20;

constexpr std::string_view kMetadata = "__metadata__";

struct Tensor {
  std::string name;
  Element element = Element::f64;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // offsets into what follows the header
};

Element element_of(const std::string& dtype) {
  static constexpr struct {
    const char* dtype;
    Element element;
  } kTypes[] = {{"F64", Element::f64},     {"F32", Element::f32}, {"F16", Element::f16},
                {"BF16", Element::bf16},   {"I64", Element::i64}, {"I32", Element::i32},
                {"I16", Element::i16},     {"I8", Element::i8},   {"U64", Element::u64},
                {"U32", Element::u32},     {"U16", Element::u16}, {"U8", Element::u8},
                {"BOOL", Element::boolean}};
  for (const auto& type : kTypes) {
    if (dtype == type.dtype) return type.element;
  }
  throw Error(DK_UNSUPPORTED, fmt::format("elements of type '{}' are not read", printable(dtype)));
}

// The header as JSON. Depth and repeated keys are judged while it is read: nlohmann's own object
// would keep the last of two keys silently.
Json parse_header(std::string_view text) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    constexpr int kDepth = 3;  // { "name": { "shape": [ ] } }
    if (depth > kDepth) throw Error(DK_IO, "its header is nested too deeply");
    if (event == Json::parse_event_t::object_start) {
      keys.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      keys.pop_back();
    } else if (event == Json::parse_event_t::key) {
      const auto key = value.get<std::string>();
      if (!keys.back().insert(key).second) {
        throw Error(DK_IO, fmt::format("its header has '{}' twice", printable(key)));
      }
    }
    return true;
  };
  Json header = Json::parse(text, watch, false);
  if (!header.is_object()) throw Error(DK_IO, "its header is not a JSON object");
  return header;
}

std::uint64_t whole_number(const Json& value) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    throw Error(DK_IO, "shape and data_offsets are not lists of whole numbers");
  }
  return value.get<std::uint64_t>();
}

std::vector<std::uint64_t> whole_numbers(const Json& entry, const char* key) {
  std::vector<std::uint64_t> numbers;
  for (const Json& value : entry.at(key)) numbers.push_back(whole_number(value));
  return numbers;
}

Tensor parse_entry(const std::string& name, const Json& entry) {
  const bool complete = entry.is_object() && entry.size() == 3 && entry.contains("dtype") &&
                        entry["dtype"].is_string() && entry.contains("shape") &&
                        entry["shape"].is_array() && entry.contains("data_offsets") &&
                        entry["data_offsets"].is_array() && entry["data_offsets"].size() == 2;
  if (!complete) throw Error(DK_IO, "its entry is not made of dtype, shape and data_offsets");

  Tensor tensor;
  tensor.name = name;
  tensor.element = element_of(entry["dtype"].get<std::string>());
  for (const std::uint64_t extent : whole_numbers(entry, "shape")) {
    tensor.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const auto offsets = whole_numbers(entry, "data_offsets");
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  const std::uint64_t needed =
      checked_product(checked_size(tensor.shape), element_size(tensor.element));
  if (tensor.end < tensor.begin || tensor.end - tensor.begin != needed) {
    throw Error(DK_IO, fmt::format("offsets {} to {} do not hold the {} bytes of its shape",
                                   tensor.begin, tensor.end, needed));
  }
  return tensor;
}

// Tensors follow one another without gaps and fill the data to its end.
void check_layout(std::vector<Tensor>& tensors, std::uint64_t size) {
  std::sort(tensors.begin(), tensors.end(), [](const Tensor& a, const Tensor& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t end = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.begin != end) {
      throw Error(DK_IO, fmt::format("tensor '{}' begins at {}, where the one before ends at {}",
                                     printable(tensor.name), tensor.begin, end));
    }
    end = tensor.end;
  }
  if (end != size) {
    throw Error(DK_IO,
                fmt::format("its header asks for {} bytes of tensors, {} are there", end, size));
  }
}

std::vector<Tensor> parse_entries(const Json& header) {
  std::vector<Tensor> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) continue;
    try {
      check_name(name);
      tensors.push_back(parse_entry(name, entry));
    } catch (const Error& e) {
      throw Error(e.status(), fmt::format("tensor '{}': {}", printable(name), e.what()));
    }
  }
  return tensors;
}

std::vector<float> round_to_single(const std::vector<double>& values, const std::string& name) {
  std::vector<float> singles;
  singles.reserve(values.size());
  for (const double value : values) {
    // Half a unit beyond the largest float still rounds down to it.
    constexpr double kLargest = 0x1.ffffffp127;
    if (std::isfinite(value) && std::abs(value) >= kLargest) {
      throw Error(DK_UNSUPPORTED,
                  fmt::format("array '{}': {} is beyond the range of F32", printable(name), value));
    }
    singles.push_back(static_cast<float>(value));
  }
  return singles;
}

struct Encoded {
  const char* dtype = "";
  std::vector<std::byte> bytes;
};

template <class Number>
Encoded encode_as(const char* dtype, const std::vector<Number>& values) {
  static_assert(std::endian::native == std::endian::little, "elements are written as they are");
  const auto bytes = std::as_bytes(std::span(values));
  return {dtype, {bytes.begin(), bytes.end()}};
}

Encoded encode(const std::string& name, const Array& array, FloatWidth width) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&array.values)) {
    return width == FloatWidth::f64 ? encode_as("F64", *numbers)
                                    : encode_as("F32", round_to_single(*numbers, name));
  }
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&array.values)) {
    return encode_as("I64", *integers);
  }
  if (const auto* octets = std::get_if<std::vector<std::uint8_t>>(&array.values)) {
    return encode_as("U8", *octets);
  }
  throw Error(DK_UNSUPPORTED, fmt::format("array '{}': .safetensors does not hold {}",
                                          printable(name), describe(array)));
}

}  // namespace

ArrayMap parse_safetensors(std::span<const std::byte> bytes) {
  constexpr std::size_t kPrefix = 8;
  if (bytes.size() < kPrefix) throw Error(DK_IO, "is not a .safetensors file");
  const auto length = load_number<std::uint64_t>(bytes.data());
  bytes = bytes.subspan(kPrefix);
  if (length > std::min<std::uint64_t>(kHeaderLimit, bytes.size())) {
    throw Error(DK_IO, fmt::format("its header of {} bytes is longer than the file or 16 MiB: it "
                                   "is cut off or not a .safetensors file",
                                   length));
  }
  const Json header = parse_header(as_text(bytes.first(length)));
  bytes = bytes.subspan(length);

  std::vector<Tensor> tensors = parse_entries(header);
  check_layout(tensors, bytes.size());
  MemoryBudget budget(bytes.size());
  ArrayMap arrays;
  for (Tensor& tensor : tensors) {
    const auto elements = bytes.subspan(tensor.begin, tensor.end - tensor.begin);
    budget.take(elements.size() / element_size(tensor.element) * decoded_size(tensor.element));
    Array array;
    array.shape = std::move(tensor.shape);
    array.values = decode_elements(tensor.element, elements);
    add_array(arrays, tensor.name, std::move(array));
  }
  return arrays;
}

std::vector<std::byte> format_safetensors(const ArrayMap& arrays, FloatWidth width) {
  Json header = Json::object();
  std::vector<std::byte> data;
  for (const auto& [name, array] : arrays) {
    check_name(name);
    if (name == kMetadata) throw Error(DK_UNSUPPORTED, "no tensor can be named '__metadata__'");
    const Encoded encoded = encode(name, array, width);
    const std::size_t begin = data.size();
    data.insert(data.end(), encoded.bytes.begin(), encoded.bytes.end());
    header[name] = {
        {"dtype", encoded.dtype}, {"shape", array.shape}, {"data_offsets", {begin, data.size()}}};
  }

  // Spaces up to a multiple of 8, as the format recommends.
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  std::vector<std::byte> file(8 + text.size());
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, text.data(), text.size());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

}  // namespace dynkit
