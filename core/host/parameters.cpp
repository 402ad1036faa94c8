#include "dynkit/core/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "dynkit/core/settings.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

std::vector<std::int64_t> shape_of(const dk_block& block) {
  return {block.shape, block.shape + block.rank};
}

std::vector<std::string> names_of(const dk_block& block) {
  std::vector<std::string> names = {block.name};
  for (const char* const* alias = block.aliases; alias != nullptr && *alias != nullptr; ++alias) {
    names.emplace_back(*alias);
  }
  return names;
}

// The name under which a block stands in the file, or an empty text.
std::string name_in_file(const dk_block& block, const ArrayMap& arrays, const std::string& prefix) {
  for (const std::string& name : names_of(block)) {
    if (arrays.count(prefix + name) != 0) return prefix + name;
  }
  return {};
}

// " (it is there as 'net.weight': set prefix = "net.")" where another prefix would do.
std::string other_prefix(const dk_block& block, const ArrayMap& arrays) {
  for (const auto& [key, array] : arrays) {
    for (const std::string& name : names_of(block)) {
      if (key.ends_with("." + name) || key.ends_with("/" + name)) {
        return fmt::format(" (it is there as '{}': set prefix = \"{}\")", key,
                           key.substr(0, key.size() - name.size()));
      }
    }
  }
  return {};
}

// An array right below the prefix that no block takes holds a part of the network that this model
// does not have.
void refuse_leftovers(const ParameterLayout& layout, const ArrayMap& arrays,
                      const std::string& prefix, const std::set<std::string>& used,
                      const std::string& origin) {
  for (const auto& [key, array] : arrays) {
    const bool below = key.size() > prefix.size() && key.starts_with(prefix) &&
                       key.find('.', prefix.size()) == std::string::npos;
    if (!below || used.count(key) != 0) continue;
    std::vector<std::string> names;
    for (const dk_block& block : layout.blocks) names.emplace_back(block.name);
    throw Error(
        DK_SETTINGS,
        fmt::format("{}: '{}' has no place in {}, whose parameters are {}: the file holds a "
                    "larger network (more layers, another direction) than this model",
                    origin, printable(key), layout.owner, fmt::join(names, ", ")));
  }
}

double number_of(const std::string& name, const Config& value) {
  if (const auto* number = std::get_if<double>(&value.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  throw Error(DK_SETTINGS, fmt::format("{}parameter '{}': {} is not a number", line_prefix(value),
                                       name, to_text(value)));
}

// The numbers of lists of lists, row by row.
void flatten(const Config& value, Config::List& flat) {
  if (!value.is_list()) {
    flat.push_back(value);
    return;
  }
  for (const Config& item : value.list()) flatten(item, flat);
}

// Of a number [], of lists of lists the lengths from the outermost on.
std::vector<std::int64_t> shape_of(const std::string& name, const Config& value) {
  if (!value.is_list()) return {};
  std::vector<std::int64_t> shape = {static_cast<std::int64_t>(value.list().size())};
  if (value.list().empty()) return shape;
  const std::vector<std::int64_t> inner = shape_of(name, value.list().front());
  for (const Config& item : value.list()) {
    if (shape_of(name, item) == inner) continue;
    throw Error(DK_SHAPE_MISMATCH,
                fmt::format("{}parameter '{}': the lists within a list differ in shape",
                            line_prefix(value), name));
  }
  shape.insert(shape.end(), inner.begin(), inner.end());
  return shape;
}

void set_block(const dk_block& block, const Config& value, std::vector<double>& theta) {
  const std::vector<std::int64_t> given = shape_of(block.name, value), shape = shape_of(block);
  const bool is_one_number = given.empty() && block_size(block) == 1;
  if (given != shape && !is_one_number) {
    const std::string what =
        given.empty() ? "a single number" : fmt::format("shape [{}]", fmt::join(given, ","));
    const std::string rule =
        shape.empty() ? "a single number" : fmt::format("shape [{}]", fmt::join(shape, ","));
    throw Error(DK_SHAPE_MISMATCH, fmt::format("{}parameter '{}': {} is given, it needs {}",
                                               line_prefix(value), block.name, what, rule));
  }
  Config::List flat;
  flatten(value, flat);
  const std::int64_t size = block_size(block);
  for (std::int64_t i = 0; i < size; ++i) {
    const double number = number_of(block.name, flat[static_cast<std::size_t>(i)]);
    if (!std::isfinite(number)) {
      throw Error(DK_SETTINGS, fmt::format("{}parameter '{}': {} is not a finite number",
                                           line_prefix(value), block.name, number));
    }
    if (!(number >= block.lower && number <= block.upper)) {
      throw Error(DK_SETTINGS,
                  fmt::format("{}parameter '{}': {} is not in [{}, {}]", line_prefix(value),
                              block.name, number, block.lower, block.upper));
    }
    theta[static_cast<std::size_t>(block.offset + i)] = number;
  }
}

// `offset`: where it is to begin.
std::string flaw_of_one(const dk_block& block, std::int64_t offset) {
  if (block.name == nullptr || *block.name == '\0') return "a block has no name";
  if (block.rank < 0 || block.rank > DK_BLOCK_RANK) {
    return fmt::format("block '{}': rank {} is not in [0, {}]", block.name, block.rank,
                       int{DK_BLOCK_RANK});
  }
  for (std::int32_t axis = 0; axis < block.rank; ++axis) {
    if (block.shape[axis] < 0) {
      return fmt::format("block '{}': extent {} < 0", block.name, block.shape[axis]);
    }
  }
  if (block.offset != offset) {
    return fmt::format("block '{}' begins at {} instead of {}: the blocks leave a gap or overlap",
                       block.name, block.offset, offset);
  }
  if (!(block.lower <= block.upper)) {
    return fmt::format("block '{}': lower bound above upper bound", block.name);
  }
  return {};
}

}  // namespace

std::int64_t block_size(const dk_block& block) {
  std::int64_t size = 1;
  for (std::int32_t axis = 0; axis < block.rank; ++axis) size *= block.shape[axis];
  return size;
}

std::string block_flaw(std::int64_t count, const dk_block* blocks, std::int64_t p) {
  if (count < 0 || (count > 0 && blocks == nullptr)) return "its parameter blocks are missing";
  std::int64_t offset = 0;
  std::set<std::string_view> names;
  for (std::int64_t i = 0; i < count; ++i) {
    std::string flaw = flaw_of_one(blocks[i], offset);
    if (!flaw.empty()) return flaw;
    offset += block_size(blocks[i]);
    if (!names.insert(blocks[i].name).second) {
      return fmt::format("two blocks '{}'", blocks[i].name);
    }
  }
  if (offset == p) return {};
  return fmt::format("its blocks hold {} parameters, it declares {}", offset, p);
}

std::vector<double> zero_parameters(const ParameterLayout& layout) {
  std::vector<double> theta(static_cast<std::size_t>(layout.p));
  for (const dk_block& block : layout.blocks) {
    const auto first = theta.begin() + block.offset;
    std::fill(first, first + block_size(block), std::clamp(0.0, block.lower, block.upper));
  }
  return theta;
}

std::vector<double> parameters_from_arrays(const ParameterLayout& layout, const ArrayMap& arrays,
                                           const std::string& prefix, const std::string& origin) {
  std::vector<double> theta(static_cast<std::size_t>(layout.p));
  std::set<std::string> used;
  for (const dk_block& block : layout.blocks) {
    const std::string key = name_in_file(block, arrays, prefix);
    if (key.empty()) {
      throw Error(DK_SETTINGS, fmt::format("{}: no '{}{}' for {}{}", origin, prefix, block.name,
                                           layout.owner, other_prefix(block, arrays)));
    }
    const Array& array = arrays.at(key);
    if (array.shape != shape_of(block)) {
      throw Error(DK_SHAPE_MISMATCH, fmt::format("{}: '{}' has shape [{}], {} needs [{}]", origin,
                                                 key, fmt::join(array.shape, ","), layout.owner,
                                                 fmt::join(shape_of(block), ",")));
    }
    const Array numbers = to_numbers(array, fmt::format("{}: '{}'", origin, key));
    for (const double number : numbers.numbers()) {
      if (!std::isfinite(number)) {
        throw Error(DK_SETTINGS, fmt::format("{}: '{}' holds {}", origin, key, number));
      }
    }
    std::copy(numbers.numbers().begin(), numbers.numbers().end(), theta.begin() + block.offset);
    used.insert(key);
  }
  refuse_leftovers(layout, arrays, prefix, used, origin);
  return theta;
}

void set_parameters(const ParameterLayout& layout, const Config::Table& values,
                    std::vector<double>& theta) {
  const auto blocks = layout.blocks;
  for (const auto& [name, value] : values) {
    const auto block = std::find_if(blocks.begin(), blocks.end(),
                                    [&, key = name](const auto& one) { return key == one.name; });
    if (block == blocks.end()) {
      std::vector<std::string> names;
      for (const dk_block& one : blocks) names.emplace_back(one.name);
      throw Error(DK_SETTINGS, fmt::format("{}{} has no parameter '{}'{}", line_prefix(value),
                                           layout.owner, name, suggest(name, names)));
    }
    set_block(*block, value, theta);
  }
}

ArrayMap parameters_as_arrays(const ParameterLayout& layout, const std::vector<double>& theta) {
  ArrayMap arrays;
  for (const dk_block& block : layout.blocks) {
    const auto first = theta.begin() + block.offset;
    Array array{shape_of(block), std::vector<double>(first, first + block_size(block)), {}, {}, {}};
    if (block.help != nullptr) array.help = printable(block.help);
    arrays.emplace(block.name, std::move(array));
  }
  return arrays;
}

std::optional<std::int64_t> weight_extent(const ArrayMap& arrays, const std::string& prefix,
                                          const std::string& block, std::size_t axis) {
  const auto found = arrays.find(prefix + block);
  if (found == arrays.end() || axis >= found->second.shape.size()) return std::nullopt;
  return found->second.shape[axis];
}

}  // namespace dynkit
