#include "builtin_source.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "dynkit/error.hpp"

namespace dynkit::conformance {
namespace {

// Different everywhere, of order one, the same on every machine.
double number_at(std::size_t i) {
  return 0.125 * static_cast<double>((i * 37 + 11) % 17) - 1.0;
}

Array numbers(std::vector<std::int64_t> shape, std::vector<std::string> dimensions) {
  Array array{std::move(shape), std::vector<double>{}, std::move(dimensions), {}, {}};
  auto& values = array.numbers();
  values.resize(static_cast<std::size_t>(array.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = number_at(i);
  return array;
}

Config list_of(const std::vector<std::int64_t>& shape, std::size_t axis, std::size_t& next) {
  if (axis == shape.size()) return {number_at(next++), 0};
  Config::List list;
  for (std::int64_t i = 0; i < shape[axis]; ++i) list.push_back(list_of(shape, axis + 1, next));
  return {std::move(list), 0};
}

double number_of(const Config& value) {
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  throw Error(DK_SETTINGS, fmt::format("{} is no array of numbers", to_text(value)));
}

// Appends the elements in C order; every list at one depth is as long as the first one there.
void collect(const Config& value, std::size_t depth, const std::vector<std::int64_t>& shape,
             std::vector<double>& into) {
  if (depth == shape.size()) return into.push_back(number_of(value));
  if (!value.is_list() || static_cast<std::int64_t>(value.list().size()) != shape[depth]) {
    throw Error(DK_SHAPE_MISMATCH, "the lists do not form an array");
  }
  for (const Config& item : value.list()) collect(item, depth + 1, shape, into);
}

std::vector<std::int64_t> shape_of(const Config& value) {
  std::vector<std::int64_t> shape;
  for (const Config* at = &value; at->is_list(); at = &at->list().front()) {
    shape.push_back(static_cast<std::int64_t>(at->list().size()));
    if (at->list().empty()) break;
  }
  return shape;
}

}  // namespace

Config builtin_array(std::int64_t n, int rank) {
  std::size_t next = 0;
  if (rank == 1) return list_of({n}, 0, next);
  if (rank == 2) return list_of({4, n}, 0, next);
  return list_of({2, 6, n}, 0, next);
}

BuiltinData::BuiltinData(std::int64_t n, std::int64_t m) {
  arrays_["time"] = numbers({6}, {"time"});
  for (std::size_t k = 0; k < 6; ++k) {
    arrays_["time"].numbers()[k] = 0.1 * static_cast<double>(k);
  }
  arrays_["states"] = numbers({2, 6, n}, {"trial", "time", "state"});
  if (m > 0) arrays_["inputs"] = numbers({2, 6, m}, {"trial", "time", "input"});
  arrays_["targets"] = numbers({2, 6, 2}, {"trial", "time", "output"});
  table_.context = this;
  table_.find = [](const dk_data* data, const char* name, dk_array* array, dk_error* error) {
    auto& self = *static_cast<BuiltinData*>(data->context);
    return guard(error, [&]() -> dk_status {
      const auto found = self.arrays_.find(name);
      if (found == self.arrays_.end()) {
        return set_error(error, DK_UNSUPPORTED, fmt::format("there is no array '{}'", name));
      }
      std::vector<const char*> no_names;
      *array = view_array(found->second, no_names);
      array->dimensions = nullptr;
      return DK_OK;
    });
  };
}

BuiltinSource::BuiltinSource(const dk_host& host) : host_(host), data_(3, 2) {}
BuiltinSource::~BuiltinSource() = default;

Array BuiltinSource::array(const Config& value) {
  if (value.is_text()) {
    throw Error(DK_SETTINGS, fmt::format("'{}' is not there", printable(value.text())));
  }
  Array array;
  array.shape = shape_of(value);
  collect(value, 0, array.shape, array.numbers());
  return array;
}

std::pair<std::string, std::vector<std::uint8_t>> BuiltinSource::file(const std::string& path) {
  if (path != kBuiltinFile) {
    throw Error(DK_SETTINGS, fmt::format("'{}' is not there", printable(path)));
  }
  const std::string text = "0.5 1.5\n2.5 3.5\n";
  return {path, {text.begin(), text.end()}};
}

const dk_system* BuiltinSource::system(const Config& value) {
  if (!value.is_text() || value.text() != kBuiltinModel) {
    throw Error(DK_SETTINGS, fmt::format("{} is no model of the checker's", to_text(value)));
  }
  if (systems_.empty()) systems_ = builtin_systems(host_);
  return &systems_.front().system->table();
}

const dk_data* BuiltinSource::dataset(const Config& value) {
  if (!value.is_text() || value.text() != kBuiltinData) {
    throw Error(DK_SETTINGS, fmt::format("{} is no dataset of the checker's", to_text(value)));
  }
  return &data_.table();
}

std::optional<std::int64_t> BuiltinSource::extent(const std::string&, std::size_t) {
  return std::nullopt;
}

}  // namespace dynkit::conformance
