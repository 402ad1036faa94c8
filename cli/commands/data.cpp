#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "dynkit/core/arrays_io.hpp"
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
  bool json = false;
};

// What a person wants to know of numbers at a glance.
struct Range {
  double least = NAN, mean = NAN, most = NAN;
  std::int64_t not_finite = 0;
};

Range range_of(const std::vector<double>& numbers) {
  Range range;
  double sum = 0.0;
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
  if (count > 0) range.mean = sum / static_cast<double>(count);
  return range;
}

int info(const DataArguments& arguments) {
  const ArrayMap arrays = load_arrays(arguments.input);
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, array] : arrays) {
    Json item = {{"name", name}, {"type", describe(array)}, {"shape", array.shape}};
    std::vector<std::string> row = {name, describe(array), "", "", "", ""};
    if (const auto* numbers = std::get_if<std::vector<double>>(&array.values)) {
      const Range range = range_of(*numbers);
      item["min"] = range.least;
      item["mean"] = range.mean;
      item["max"] = range.most;
      item["not_finite"] = range.not_finite;
      row = {name, describe(array), fmt::format("{:.4g}", range.least),
             fmt::format("{:.4g}", range.mean), fmt::format("{:.4g}", range.most),
             std::to_string(range.not_finite)};
    }
    list.push_back(std::move(item));
    rows.push_back(std::move(row));
  }
  print(arguments.json
            ? list.dump(2) + "\n"
            : format_columns({"name", "type and shape", "min", "mean", "max", "not finite"}, rows));
  return 0;
}

int convert(const DataArguments& arguments) {
  ArrayMap arrays = load_arrays(arguments.input);
  if (!arguments.names.empty()) {
    ArrayMap chosen;
    for (const std::string& name : arguments.names) {
      const auto found = arrays.find(name);
      if (found == arrays.end()) {
        throw Error(DK_SETTINGS, fmt::format("{} has no array '{}'", arguments.input, name));
      }
      chosen.insert(*found);
    }
    arrays = std::move(chosen);
  }
  save_arrays(arguments.output, arrays, arguments.single ? FloatWidth::f32 : FloatWidth::f64);
  print(fmt::format("{}: {} array{}\n", arguments.output, arrays.size(),
                    arrays.size() == 1 ? "" : "s"));
  return 0;
}

}  // namespace

void add_data(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<DataArguments>();
  CLI::App* data = app.add_subcommand("data", "look into data files and convert them");
  data->require_subcommand(1);

  CLI::App* look = data->add_subcommand("info", "the arrays of a file: name, shape, range");
  look->footer("Example:\n  dynkit data info examples/data/flip_flop_gru/weights.safetensors");
  look->add_option("file", arguments->input, ".npy .npz .csv .safetensors .h5")->required();
  look->add_flag("--json", arguments->json, "print JSON");
  look->callback([&context, arguments] {
    context.action = [arguments] { return info(*arguments); };
  });

  CLI::App* write = data->add_subcommand("convert", "write the arrays of a file in another format");
  write->footer("Example:\n  dynkit data convert weights.npz weights.safetensors");
  write->add_option("input", arguments->input, "file to read")->required();
  write->add_option("output", arguments->output, "file to write; its ending is the format")
      ->required();
  write->add_option("--array", arguments->names, "only this array; may be repeated");
  write->add_flag("--f32", arguments->single, "single precision (.safetensors)");
  write->callback([&context, arguments] {
    context.action = [arguments] { return convert(*arguments); };
  });
}

}  // namespace dynkit
