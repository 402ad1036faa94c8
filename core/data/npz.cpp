#include "npz.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "dynkit/error.hpp"
#include "names.hpp"
#include "npy.hpp"
#include "zip.hpp"

namespace dynkit {
namespace {

constexpr std::string_view kEnding = ".npy";

// What an .npy member has no room for stands in its zip comment, which other readers pass over:
//   {"dynkit": {"dimensions": ["trial", "time"], "unit": "mV", "help": "..."}}
std::string format_comment(const Array& array) {
  nlohmann::json notes = nlohmann::json::object();
  if (!array.dimensions.empty()) notes["dimensions"] = array.dimensions;
  if (!array.unit.empty()) notes["unit"] = array.unit;
  if (!array.help.empty()) notes["help"] = array.help;
  if (notes.empty()) return "";
  // Bytes that are not UTF-8 are replaced.
  return nlohmann::json{{"dynkit", notes}}.dump(-1, ' ', false,
                                                nlohmann::json::error_handler_t::replace);
}

// A comment that is not ours is anything; ours is not trusted either.
void read_comment(const std::string& comment, Array& array) {
  const auto json = nlohmann::json::parse(comment, nullptr, false);
  if (!json.is_object() || !json.contains("dynkit")) return;
  const auto& notes = json["dynkit"];
  try {
    array.unit = notes.value("unit", "");
    array.help = notes.value("help", "");
    array.dimensions = notes.value("dimensions", std::vector<std::string>{});
  } catch (const nlohmann::json::exception&) {
    throw Error(DK_IO, "its notes on dimensions, unit and help are damaged");
  }
  if (!array.dimensions.empty() && array.dimensions.size() != array.shape.size()) {
    throw Error(DK_IO, fmt::format("it names {} dimensions, but has {}", array.dimensions.size(),
                                   array.shape.size()));
  }
}

bool is_folder(const ZipMember& member) {
  return member.name.ends_with('/') && member.size == 0;
}

std::string array_name(const ZipMember& member) {
  if (!member.name.ends_with(kEnding)) {
    throw Error(DK_IO, fmt::format("the zip archive member '{}' is not an .npy file",
                                   printable(member.name)));
  }
  return member.name.substr(0, member.name.size() - kEnding.size());
}

std::span<const std::byte> contents(const ZipMember& member, const MemoryBudget& budget,
                                    std::vector<std::byte>& buffer) {
  if (member.deflated) budget.check(member.size);
  return member_bytes(member, buffer);
}

Array parse_member(const ZipMember& member, std::span<const std::byte> bytes,
                   MemoryBudget& budget) {
  Array array = parse_npy(bytes, budget);
  if (!member.comment.empty()) read_comment(member.comment, array);
  return array;
}

[[noreturn]] void fail(const std::string& array, const Error& flaw) {
  throw Error(flaw.status(), fmt::format("array '{}': {}", printable(array), flaw.what()));
}

}  // namespace

FileContent parse_npz(std::span<const std::byte> bytes) {
  MemoryBudget budget(bytes.size());
  std::vector<std::byte> buffer;
  FileContent content;
  for (const ZipMember& member : read_zip(bytes)) {
    if (is_folder(member)) continue;
    const std::string name = array_name(member);
    check_name(name);
    const std::span<const std::byte> contained = contents(member, budget, buffer);
    std::optional<Array> array;
    try {
      array = parse_member(member, contained, budget);
    } catch (const Error& flaw) {
      if (flaw.status() != DK_UNSUPPORTED) fail(name, flaw);
      content.skipped.push_back({name, flaw.what()});
    }
    if (array) add_array(content.arrays, name, std::move(*array));
  }
  return content;
}

Array parse_npz_array(std::span<const std::byte> bytes, const std::string& name) {
  MemoryBudget budget(bytes.size());
  std::vector<std::byte> buffer;
  for (const ZipMember& member : read_zip(bytes)) {
    if (is_folder(member) || array_name(member) != name) continue;
    const std::span<const std::byte> contained = contents(member, budget, buffer);
    try {
      return parse_member(member, contained, budget);
    } catch (const Error& flaw) {
      fail(name, flaw);
    }
  }
  throw Error(DK_IO, fmt::format("there is no array '{}'", printable(name)));
}

std::vector<std::string> list_npz(std::span<const std::byte> bytes) {
  std::vector<std::string> names;
  for (const ZipMember& member : read_zip(bytes)) {
    if (!is_folder(member)) names.push_back(array_name(member));
  }
  return names;
}

std::vector<std::byte> format_npz(const ArrayMap& arrays) {
  ZipWriter zip;
  for (const auto& [name, array] : arrays) {
    check_name(name);
    zip.add(name + std::string(kEnding), format_comment(array), format_npy(array));
  }
  return zip.finish();
}

}  // namespace dynkit
