#include "result_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "dynkit/core/files.hpp"
#include "dynkit/core/hdf5.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

using Json = nlohmann::ordered_json;

// Records of another format are not read: the stage runs again.
constexpr int kFormat = 1;

Json texts_json(const std::vector<NamedText>& texts) {
  Json list = Json::array();
  for (const NamedText& text : texts) list.push_back({text.name, text.value});
  return list;
}

std::vector<NamedText> texts_from(const Json& list) {
  std::vector<NamedText> texts;
  for (const Json& item : list) texts.push_back({item.at(0), item.at(1)});
  return texts;
}

Json figure_json(const Figure& figure) {
  Json series = Json::array();
  for (const Series& one : figure.series) {
    series.push_back({one.kind, one.label, one.x, one.y, one.z, one.group, one.length});
  }
  return {{"name", figure.name},       {"title", figure.title},     {"caption", figure.caption},
          {"x_label", figure.x_label}, {"y_label", figure.y_label}, {"z_label", figure.z_label},
          {"series", series}};
}

Figure figure_from(const Json& item) {
  Figure figure{item.at("name"),
                item.at("title"),
                item.at("caption"),
                item.at("x_label"),
                item.at("y_label"),
                item.at("z_label"),
                {}};
  for (const Json& one : item.at("series")) {
    figure.series.push_back(
        {one.at(0), one.at(1), one.at(2), one.at(3), one.at(4), one.at(5), one.at(6)});
  }
  return figure;
}

Json tables_json(const std::vector<Table>& tables) {
  Json list = Json::array();
  for (const Table& table : tables) {
    Json columns = Json::array();
    for (const Column& column : table.columns) columns.push_back(column.name);
    list.push_back({{"name", table.name}, {"title", table.title}, {"columns", columns}});
  }
  return list;
}

Json models_json(const std::vector<StoredModel>& models) {
  Json list = Json::array();
  for (const StoredModel& model : models) {
    Json blocks = Json::array();
    for (const auto& [block, array] : model.parameters) blocks.push_back(block);
    list.push_back({{"name", model.name},
                    {"component", model.component},
                    {"version", model.version},
                    {"settings", texts_json(model.settings)},
                    {"blocks", blocks}});
  }
  return list;
}

std::string block_path(const std::string& model, const std::string& block) {
  return fmt::format("models/{}/{}", model, block);
}

std::string column_path(const std::string& table, const std::string& column) {
  return fmt::format("tables/{}/{}", table, column);
}

StageStatus status_from(const std::string& text) {
  for (const StageStatus status :
       {StageStatus::done, StageStatus::failed, StageStatus::crashed, StageStatus::interrupted}) {
    if (text == to_text(status)) return status;
  }
  throw Error(DK_IO, fmt::format("stage status '{}' is not known", text));
}

Json record_json(const StageResult& result, const StageInputs& inputs,
                 const std::string& arrays_hash) {
  Json figures = Json::array(), texts = Json::array();
  for (const Figure& figure : result.figures) figures.push_back(figure_json(figure));
  for (const Text& text : result.texts) texts.push_back({text.name, text.markdown});
  return {{"format", kFormat},
          {"name", result.name},
          {"component", result.component},
          {"version", result.version},
          {"summary_line", result.summary_line},
          {"citation", result.citation},
          {"time_kind", result.time_kind},
          {"settings", texts_json(result.settings)},
          {"status", to_text(result.status)},
          {"message", result.message},
          {"seconds", result.seconds},
          {"summary", summary_json(result)},
          {"values", result.values},
          {"tables", tables_json(result.tables)},
          {"figures", figures},
          {"texts", texts},
          {"models", models_json(result.models)},
          {"inputs",
           {{"key", inputs.key},
            {"files", texts_json(inputs.files)},
            {"stages", texts_json(inputs.stages)}}},
          {"arrays_sha256", arrays_hash}};
}

// Takes an array out of the map. Throws std::out_of_range if it is not there.
Array take(ArrayMap& arrays, const std::string& path) {
  Array array = std::move(arrays.at(path));
  arrays.erase(path);
  return array;
}

void read_tables(const Json& list, ArrayMap& arrays, StageResult& result) {
  for (const Json& item : list) {
    Table table{item.at("name"), item.at("title"), {}};
    for (const Json& column : item.at("columns")) {
      table.columns.push_back({column, take(arrays, column_path(table.name, column))});
    }
    result.tables.push_back(std::move(table));
  }
}

void read_models(const Json& list, ArrayMap& arrays, StageResult& result) {
  for (const Json& item : list) {
    StoredModel model{item.at("name"),
                      item.at("component"),
                      item.at("version"),
                      texts_from(item.at("settings")),
                      {}};
    for (const Json& block : item.at("blocks")) {
      model.parameters.emplace(block, take(arrays, block_path(model.name, block)));
    }
    result.models.push_back(std::move(model));
  }
}

StoredStage parse_record(const Json& record, ArrayMap arrays) {
  StoredStage stored;
  StageResult& result = stored.result;
  result.name = record.at("name");
  result.component = record.at("component");
  result.version = record.at("version");
  result.summary_line = record.at("summary_line");
  result.citation = record.at("citation");
  result.time_kind = record.at("time_kind");
  result.settings = texts_from(record.at("settings"));
  result.status = status_from(record.at("status"));
  result.message = record.at("message");
  result.seconds = record.at("seconds");
  result.values = record.at("values").get<std::vector<std::string>>();
  read_tables(record.at("tables"), arrays, result);
  read_models(record.at("models"), arrays, result);
  for (const Json& figure : record.at("figures")) result.figures.push_back(figure_from(figure));
  for (const Json& text : record.at("texts")) result.texts.push_back({text.at(0), text.at(1)});
  result.arrays = std::move(arrays);
  const Json& inputs = record.at("inputs");
  stored.inputs = {inputs.at("key"), texts_from(inputs.at("files")),
                   texts_from(inputs.at("stages"))};
  return stored;
}

}  // namespace

StageFiles stage_files(const std::string& run_folder, const std::string& stage) {
  const std::string stem = fmt::format("{}/stages/{}", run_folder, stage);
  return {stem + ".h5", stem + ".json"};
}

void write_stage(const std::string& run_folder, const StageResult& result,
                 const StageInputs& inputs) {
  const StageFiles files = stage_files(run_folder, result.name);
  ArrayMap arrays = result.arrays;
  for (const Table& table : result.tables) {
    for (const Column& column : table.columns) {
      arrays.emplace(column_path(table.name, column.name), column.values);
    }
  }
  for (const StoredModel& model : result.models) {
    for (const auto& [block, array] : model.parameters) {
      arrays.emplace(block_path(model.name, block), array);
    }
  }
  save_hdf5(files.arrays, arrays,
            {{"", {{"component", result.component}, {"version", result.version}}}});
  const Json record = record_json(result, inputs, sha256_file(files.arrays));
  const std::string text = record.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  write_file_atomically(files.record, as_bytes(text));
}

StoredStage read_stage(const std::string& run_folder, const std::string& stage) {
  const StageFiles files = stage_files(run_folder, stage);
  const auto bytes = read_file(files.record);
  try {
    const Json record = Json::parse(as_text(bytes));
    if (record.at("format") != kFormat) {
      throw Error(DK_IO, fmt::format("{}: was written by another version", files.record));
    }
    if (record.at("arrays_sha256") != sha256_file(files.arrays)) {
      throw Error(DK_IO, fmt::format("{}: does not belong to {}", files.arrays, files.record));
    }
    return parse_record(record, load_hdf5(files.arrays).arrays);
  } catch (const Json::exception& e) {
    throw Error(DK_IO, fmt::format("{}: is damaged: {}", files.record, e.what()));
  } catch (const std::out_of_range&) {
    throw Error(DK_IO,
                fmt::format("{}: arrays that {} lists are missing", files.arrays, files.record));
  }
}

std::string stage_digest(const std::string& run_folder, const std::string& stage) {
  return sha256_file(stage_files(run_folder, stage).record);
}

Json value_json(const Array& array) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&array.values)) {
    const double value = numbers->front();
    if (std::isfinite(value)) return value;
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&array.values)) {
    return integers->front();
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&array.values)) {
    return texts->front();
  }
  return describe(array);
}

Json summary_json(const StageResult& result) {
  Json summary = Json::object();
  for (const std::string& name : result.values) summary[name] = value_json(result.arrays.at(name));
  return summary;
}

}  // namespace dynkit
