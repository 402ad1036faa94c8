#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "common_options.hpp"
#include "dynkit/core/arrays_io.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"
#include "output/tables.hpp"
#include "output/terminal.hpp"

namespace dynkit {
namespace {

using Json = nlohmann::ordered_json;

struct DataArguments {
  std::string input;
  std::string output;
  std::vector<std::string> names;
  bool single = false;
  CommonOptions common;
};

// Paths and names come from outside: bytes that are no text must not break the JSON.
std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Whatever is wrong with a file is exit code 4. A stranger's HDF5 file does not take the command
// down: it is read in a child process, and no thread has been started yet.
FileContent read_input(const std::string& path, const CommandContext& context) {
  try {
    return load_arrays_safely(path, context.cancelled);
  } catch (const Error& e) {
    if (e.status() == DK_CANCELLED) throw;
    throw Error(DK_IO, e.what());
  }
}

// What a person wants to know of numbers at a glance.
struct Range {
  double least = NAN, mean = NAN, most = NAN;
  std::int64_t not_finite = 0;
};

Range range_of(const std::vector<double>& numbers) {
  Range range;
  long double sum = 0.0L;  // does not overflow where the mean does not
  std::int64_t count = 0;
  for (const double number : numbers) {
    if (!std::isfinite(number)) {
      ++range.not_finite;
      continue;
    }
    range.least = count == 0 ? number : std::min(range.least, number);
    range.most = count == 0 ? number : std::max(range.most, number);
    sum += number;
    ++count;
  }
  if (count > 0) range.mean = static_cast<double>(sum / static_cast<long double>(count));
  return range;
}

Json skipped_json(const FileContent& content) {
  Json list = Json::array();
  for (const SkippedObject& object : content.skipped) {
    list.push_back({{"name", object.name}, {"reason", object.reason}});
  }
  return list;
}

Json info_json(const std::string& path, const FileContent& content) {
  Json list = Json::array();
  for (const auto& [name, array] : content.arrays) {
    Json item = {{"name", name}, {"type", describe(array)}, {"shape", array.shape}};
    if (const auto* numbers = std::get_if<std::vector<double>>(&array.values)) {
      const Range range = range_of(*numbers);
      item["min"] = range.least;
      item["mean"] = range.mean;
      item["max"] = range.most;
      item["not_finite"] = range.not_finite;
    }
    list.push_back(std::move(item));
  }
  return {{"file", path}, {"arrays", std::move(list)}, {"skipped", skipped_json(content)}};
}

std::string info_text(const FileContent& content) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, array] : content.arrays) {
    std::vector<std::string> row = {name, describe(array), "", "", "", ""};
    if (const auto* numbers = std::get_if<std::vector<double>>(&array.values)) {
      const Range range = range_of(*numbers);
      row = {name,
             describe(array),
             fmt::format("{:.4g}", range.least),
             fmt::format("{:.4g}", range.mean),
             fmt::format("{:.4g}", range.most),
             std::to_string(range.not_finite)};
    }
    rows.push_back(std::move(row));
  }
  std::string text =
      format_columns({"name", "type and shape", "min", "mean", "max", "not finite"}, rows);
  if (content.skipped.empty()) return text;

  constexpr std::size_t kMostSkipped = 40;
  const std::size_t shown = std::min(content.skipped.size(), kMostSkipped);
  std::vector<std::vector<std::string>> skipped;
  for (std::size_t i = 0; i < shown; ++i) {
    skipped.push_back({content.skipped[i].name, content.skipped[i].reason});
  }
  text += "\nskipped:\n" + format_columns({"name", "why"}, skipped);
  if (content.skipped.size() > shown) {
    text += fmt::format("  ... and {} more (--json names all)\n", content.skipped.size() - shown);
  }
  return text;
}

int info(const CommandContext& context, const DataArguments& arguments) {
  const FileContent content = read_input(arguments.input, context);
  if (arguments.common.json) {
    print(json_text(info_json(arguments.input, content)));
  } else if (!arguments.common.quiet) {
    print(info_text(content));
  }
  return 0;
}

void choose_arrays(ArrayMap& arrays, const DataArguments& arguments) {
  if (arguments.names.empty()) return;
  std::vector<std::string> known;
  for (const auto& entry : arrays) known.push_back(entry.first);
  ArrayMap chosen;
  for (const std::string& name : arguments.names) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) {
      throw Error(DK_SETTINGS, fmt::format("{} has no array '{}'{}", arguments.input, name,
                                           suggest(name, known)));
    }
    chosen.insert(*found);
  }
  arrays = std::move(chosen);
}

void write_output(const ArrayMap& arrays, const DataArguments& arguments) {
  try {
    save_arrays(arguments.output, arrays, arguments.single ? FloatWidth::f32 : FloatWidth::f64);
  } catch (const Error& e) {
    // The format is the user's choice.
    throw Error(e.status() == DK_UNSUPPORTED ? DK_SETTINGS : e.status(), e.what());
  }
}

Json dropped_attributes_json(const FileContent& content) {
  Json list = Json::array();
  for (const auto& [group, attributes] : content.attributes) {
    Json names = Json::array();
    for (const auto& attribute : attributes) names.push_back(attribute.first);
    list.push_back({{"group", "/" + group}, {"attributes", std::move(names)}});
  }
  return list;
}

// What an array of the output was made without.
std::vector<std::string> losses(const FileContent& content, const DataArguments& arguments) {
  std::vector<std::string> lines;
  for (const SkippedObject& object : content.skipped) {
    lines.push_back(
        fmt::format("{}: '{}' is left out: {}", arguments.input, object.name, object.reason));
  }
  if (!content.attributes.empty()) {
    lines.push_back(fmt::format("{}: the attributes of {} group{} are left out", arguments.input,
                                content.attributes.size(),
                                content.attributes.size() == 1 ? "" : "s"));
  }
  return lines;
}

int convert(const CommandContext& context, const DataArguments& arguments) {
  std::error_code none;
  if (std::filesystem::equivalent(arguments.input, arguments.output, none)) {
    throw Error(DK_SETTINGS, fmt::format("{}: the output is the input itself", arguments.output));
  }
  FileContent content = read_input(arguments.input, context);
  choose_arrays(content.arrays, arguments);
  write_output(content.arrays, arguments);
  if (arguments.common.json) {
    Json list = Json::array();
    for (const auto& [name, array] : content.arrays) {
      list.push_back({{"name", name}, {"type", describe(array)}, {"shape", array.shape}});
    }
    print(json_text({{"input", arguments.input},
                     {"output", arguments.output},
                     {"arrays", std::move(list)},
                     {"skipped", skipped_json(content)},
                     {"dropped_attributes", dropped_attributes_json(content)}}));
  } else if (!arguments.common.quiet) {
    for (const std::string& line : losses(content, arguments)) print_note(line);
    print(fmt::format("{}: {} array{}\n", arguments.output, content.arrays.size(),
                      content.arrays.size() == 1 ? "" : "s"));
  }
  return 0;
}

std::string format_help() {
  std::string text = "Formats, by the ending of the file:\n";
  for (const FileFormat& format : file_formats()) {
    text += fmt::format("  {:<14} {}\n", format.ending, format.help);
  }
  return text +
         "\nExit codes: 0 done, 2 usage, or a format that cannot hold the arrays,\n"
         "4 the file cannot be read or written, 130 interrupted.";
}

}  // namespace

void add_data(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<DataArguments>();
  CLI::App* data = app.add_subcommand("data", "look into data files and convert them");
  data->require_subcommand(1);
  data->footer("Example:\n  dynkit data info examples/data/flip_flop_gru/weights.npz");
  const auto add = [&](const char* name, const char* help, const std::string& footer,
                       int (*action)(const CommandContext&, const DataArguments&)) {
    CLI::App* command = data->add_subcommand(name, help);
    command->footer(footer + "\n\n" + format_help());
    add_common_options(*command, arguments->common);
    command->callback([&context, arguments, action] {
      context.action = [&context, arguments, action] { return action(context, *arguments); };
    });
    return command;
  };

  CLI::App* look =
      add("info", "the arrays of a file: name, shape, range; and what is skipped",
          "Example:\n  dynkit data info examples/data/flip_flop_gru/weights.npz", info);
  look->add_option("file", arguments->input, "file to read")->required();

  CLI::App* write = add("convert", "write the arrays of a file in another format",
                        "Example:\n  dynkit data convert run/results.h5 x.csv "
                        "--array analyses/fixed_points/x",
                        convert);
  write->add_option("input", arguments->input, "file to read")->required();
  write->add_option("output", arguments->output, "file to write, or to replace as a whole")
      ->required();
  write->add_option("--array", arguments->names, "only this array; may be repeated");
  write->add_flag("--f32", arguments->single, "single precision (.safetensors)");
}

}  // namespace dynkit
