// The content of an HDF5 file on its way from the child that reads it: a row of records, each the
// length of a JSON text (8 bytes), the text, and for an array its elements as they are in memory;
// of text the lengths of all elements and then their bytes. Both ends are the same program.
#include "hdf5_child.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "hdf5_read.hpp"
#include "limits.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

using nlohmann::json;

constexpr std::uint64_t kHeaderLimit = std::uint64_t{1} << 26;

void send_header(ReplyWriter& reply, const json& header) {
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  reply.write(std::as_bytes(std::span(&length, 1)));
  reply.write(as_bytes(text));
}

void send_texts(ReplyWriter& reply, const std::vector<std::string>& texts) {
  std::vector<std::uint64_t> lengths;
  std::string all;
  for (const std::string& text : texts) {
    lengths.push_back(text.size());
    all += text;
  }
  reply.write(std::as_bytes(std::span(lengths)));
  reply.write(as_bytes(all));
}

void send_array(ReplyWriter& reply, const std::string& name, const Array& array) {
  send_header(reply, {{"array", name},
                      {"shape", array.shape},
                      {"type", array.values.index()},
                      {"dimensions", array.dimensions},
                      {"unit", array.unit},
                      {"help", array.help}});
  std::visit(
      [&](const auto& values) {
        if constexpr (std::is_same_v<std::decay_t<decltype(values)>, std::vector<std::string>>) {
          send_texts(reply, values);
        } else {
          reply.write(std::as_bytes(std::span(values)));
        }
      },
      array.values);
}

// Numbers as their bits, since JSON has no NaN.
void send_attributes(ReplyWriter& reply, const std::string& group, const Attributes& attributes) {
  json values = json::array();
  for (const auto& [name, value] : attributes) {
    if (const auto* number = std::get_if<double>(&value)) {
      values.push_back({name, "number", std::bit_cast<std::int64_t>(*number)});
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      values.push_back({name, "text", *text});
    } else {
      values.push_back({name, "integer", std::get<std::int64_t>(value)});
    }
  }
  send_header(reply, {{"attributes", group}, {"values", values}});
}

json receive_header(ReplyReader& reply) {
  std::uint64_t length = 0;
  reply.read(std::as_writable_bytes(std::span(&length, 1)));
  if (length > kHeaderLimit) throw Error(DK_IO, "a record of the child process is too long");
  std::string text(length, '\0');
  reply.read(std::as_writable_bytes(std::span(text)));
  return json::parse(text);
}

std::vector<std::string> receive_texts(ReplyReader& reply, std::uint64_t count,
                                       MemoryBudget& budget) {
  budget.take(checked_product(count, sizeof(std::string)));
  std::vector<std::uint64_t> lengths(count);
  reply.read(std::as_writable_bytes(std::span(lengths)));
  std::uint64_t total = 0;
  for (const std::uint64_t length : lengths) {
    budget.take(length);
    total += length;
  }
  std::string all(total, '\0');
  reply.read(std::as_writable_bytes(std::span(all)));
  std::vector<std::string> texts;
  texts.reserve(count);
  std::size_t at = 0;
  for (const std::uint64_t length : lengths) {
    texts.push_back(all.substr(at, length));
    at += length;
    if (!is_text(texts.back())) throw Error(DK_IO, "the child process sent text that is not UTF-8");
  }
  return texts;
}

template <class Element>
std::vector<Element> receive_elements(ReplyReader& reply, std::uint64_t count,
                                      MemoryBudget& budget) {
  budget.take(checked_product(count, sizeof(Element)));
  std::vector<Element> values(count);
  reply.read(std::as_writable_bytes(std::span(values)));
  return values;
}

Array receive_array(ReplyReader& reply, const json& header, MemoryBudget& budget) {
  Array array;
  array.shape = header.at("shape").get<std::vector<std::int64_t>>();
  array.dimensions = header.at("dimensions").get<std::vector<std::string>>();
  array.unit = header.at("unit");
  array.help = header.at("help");
  const std::uint64_t count = checked_size(array.shape);
  switch (header.at("type").get<int>()) {
    case 0:
      array.values = receive_elements<double>(reply, count, budget);
      break;
    case 1:
      array.values = receive_elements<std::complex<double>>(reply, count, budget);
      break;
    case 2:
      array.values = receive_elements<std::int64_t>(reply, count, budget);
      break;
    case 3:
      array.values = receive_elements<std::uint8_t>(reply, count, budget);
      break;
    case 4:
      array.values = receive_texts(reply, count, budget);
      break;
    default:
      throw Error(DK_IO, "the child process sent an unknown type");
  }
  return array;
}

Attributes receive_attributes(const json& header) {
  Attributes attributes;
  for (const json& item : header.at("values")) {
    Attribute& value = attributes[item.at(0)];
    const std::string kind = item.at(1);
    if (kind == "text") {
      value = item.at(2).get<std::string>();
    } else if (kind == "number") {
      value = std::bit_cast<double>(item.at(2).get<std::int64_t>());
    } else {
      value = item.at(2).get<std::int64_t>();
    }
  }
  return attributes;
}

FileContent receive_content(ReplyReader& reply, MemoryBudget& budget) {
  FileContent content;
  while (true) {
    const json header = receive_header(reply);
    if (header.contains("end")) return content;
    if (header.contains("array")) {
      add_array(content.arrays, header.at("array"), receive_array(reply, header, budget));
    } else if (header.contains("attributes")) {
      content.attributes[header.at("attributes")] = receive_attributes(header);
    } else {
      content.skipped.push_back({header.at("skipped"), header.at("reason")});
    }
  }
}

}  // namespace

void send_hdf5(const std::filesystem::path& path, ReplyWriter& reply) {
  visit_hdf5(path,
             {[&](const std::string& name, const Array& array) { send_array(reply, name, array); },
              [&](const std::string& group, const Attributes& attributes) {
                send_attributes(reply, group, attributes);
              },
              [&](const SkippedObject& object) {
                send_header(reply, {{"skipped", object.name}, {"reason", object.reason}});
              }});
  send_header(reply, {{"end", true}});
}

FileContent receive_hdf5(const std::filesystem::path& path, const ChildBody& body,
                         const ChildOptions& options) {
  MemoryBudget budget(regular_file_size(path));
  FileContent content;
  const auto receive = [&](ReplyReader& reply) {
    try {
      content = receive_content(reply, budget);
    } catch (const json::exception&) {
      throw Error(DK_IO, path.native() + ": the child process that reads it sent a broken record");
    }
  };
  const ChildEnd end = run_in_child(body, receive, options);
  if (end.kind != ChildEnd::Kind::done) {
    throw Error(DK_IO, fmt::format("{}: the HDF5 library {} while it reads the file{}",
                                   path.native(), end.how, end.last_words));
  }
  return content;
}

FileContent load_hdf5_in_child(const std::filesystem::path& path,
                               const std::atomic<bool>* cancelled) {
  const std::uint64_t bytes = regular_file_size(path);
  ChildOptions options;
  options.cancelled = cancelled;
  // No array takes longer than that from a slow disk, and a hostile file is small.
  constexpr double kSeconds = 60.0, kBytesPerSecond = 1e7;
  options.time_limit = kSeconds + std::round(static_cast<double>(bytes) / kBytesPerSecond);
  // An array, and its only chunk as it is stored and unpacked; a broken file asks for anything.
  constexpr std::uint64_t kLibrary = std::uint64_t{1} << 30;
  options.memory_limit = 3 * MemoryBudget(bytes).limit() + kLibrary;
  return receive_hdf5(
      path, [&](ReplyWriter& reply) { send_hdf5(path, reply); }, options);
}

}  // namespace dynkit
