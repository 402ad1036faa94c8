#include "recording_sink.hpp"

#include <algorithm>
#include <cstring>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit::conformance {
namespace {

std::string checked_name(const char* name, const char* what) {
  std::string text = name != nullptr ? name : "";
  const bool word = !text.empty() && text.size() <= 128 && text != "tables" &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                    });
  if (!word) fail("{} name '{}' is not in lower_snake_case", what, printable(text));
  return text;
}

std::string text_or_empty(const char* text) {
  return text != nullptr ? text : "";
}

void append(std::string& bytes, const std::string& text) {
  bytes += text;
  bytes += '\0';
}

void append(std::string& bytes, const Array& array) {
  append(bytes, describe(array));
  std::visit(
      [&](const auto& values) {
        using Element = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<Element, std::string>) {
          for (const std::string& text : values) append(bytes, text);
        } else {
          bytes.append(reinterpret_cast<const char*>(values.data()),
                       values.size() * sizeof(Element));
        }
      },
      array.values);
}

RecordingSink& from(const dk_sink* sink) {
  return *static_cast<RecordingSink*>(sink->context);
}

Array checked_copy(const dk_array& array, const std::string& name) {
  try {
    return copy_array(array);
  } catch (const Error& e) {
    fail("array '{}': {}", name, e.what());
  }
}

}  // namespace

template <class Body>
dk_status RecordingSink::put(dk_error* error, Body body) {
  const std::lock_guard lock(mutex_);
  if (failing_put_ >= 0 && puts_ >= failing_put_) {
    return set_error(error, DK_IO, "the checker's sink is full");
  }
  ++puts_;
  try {
    body();
    return DK_OK;
  } catch (const CheckFailure& e) {
    if (flaw_.empty()) flaw_ = e.what();
    return set_error(error, DK_INVALID_ARGUMENT, e.what());
  }
}

RecordingSink::RecordingSink(std::int64_t failing_put) : failing_put_(failing_put) {
  table_.context = this;
  table_.put_array = [](const dk_sink* sink, const char* name, const dk_array* array,
                        dk_error* error) {
    return from(sink).put(error, [&] { from(sink).keep_array(name, *array); });
  };
  table_.put_table = [](const dk_sink* sink, const char* name, const char* title,
                        std::int64_t count, const dk_column* columns, dk_error* error) {
    return from(sink).put(error, [&] { from(sink).keep_table(name, title, count, columns); });
  };
  table_.put_figure = [](const dk_sink* sink, const dk_figure* figure, dk_error* error) {
    return from(sink).put(error, [&] { from(sink).keep_figure(*figure); });
  };
  table_.put_text = [](const dk_sink* sink, const char* name, const char* markdown,
                       dk_error* error) {
    return from(sink).put(error, [&] {
      from(sink).result_.texts.push_back({checked_name(name, "text"), text_or_empty(markdown)});
    });
  };
  table_.put_model = [](const dk_sink* sink, const char* name, const dk_system* system,
                        dk_error* error) {
    return from(sink).put(error, [&] { from(sink).keep_model(name, *system); });
  };
}

void RecordingSink::keep_array(const char* name, const dk_array& array) {
  const std::string key = checked_name(name, "array");
  Array copy = checked_copy(array, key);
  auto& values = result_.values;
  values.erase(std::remove(values.begin(), values.end(), key), values.end());
  if (copy.shape.empty()) values.push_back(key);
  result_.arrays[key] = std::move(copy);
}

void RecordingSink::keep_table(const char* name, const char* title, std::int64_t count,
                               const dk_column* columns) {
  Table table{checked_name(name, "table"), text_or_empty(title), {}};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string column = checked_name(columns[i].name, "column");
    Array values = checked_copy(columns[i].values, table.name + "." + column);
    if (values.shape.size() != 1 || (i > 0 && values.shape != table.columns.front().values.shape)) {
      fail("table '{}': column '{}' is {}, not of rank 1 and as long as the first", table.name,
           column, describe(values));
    }
    table.columns.push_back({column, std::move(values)});
  }
  result_.tables.push_back(std::move(table));
}

void RecordingSink::keep_figure(const dk_figure& figure) {
  Figure copy{checked_name(figure.name, "figure"),
              text_or_empty(figure.title),
              text_or_empty(figure.caption),
              text_or_empty(figure.x_label),
              text_or_empty(figure.y_label),
              text_or_empty(figure.z_label),
              {}};
  for (std::int64_t i = 0; i < figure.series_count; ++i) {
    const dk_series& one = figure.series[i];
    copy.series.push_back({text_or_empty(one.kind), text_or_empty(one.label), text_or_empty(one.x),
                           text_or_empty(one.y), text_or_empty(one.z), text_or_empty(one.group),
                           text_or_empty(one.length)});
  }
  result_.figures.push_back(std::move(copy));
}

void RecordingSink::keep_model(const char* name, const dk_system& system) {
  StoredModel model{checked_name(name, "model"), system.component, system.version, {}, {}};
  Array theta{{system.info->p}, std::vector<double>{}, {}, {}, {}};
  theta.numbers().assign(system.theta, system.theta + system.info->p);
  model.parameters["theta"] = std::move(theta);
  result_.models.push_back(std::move(model));
}

std::string RecordingSink::bytes() const {
  std::string bytes;
  for (const auto& [name, array] : result_.arrays) {
    if (name == "seconds" && array.shape.empty()) continue;
    append(bytes, name);
    append(bytes, array);
  }
  for (const std::string& name : result_.values) append(bytes, name);
  for (const Table& table : result_.tables) {
    append(bytes, table.name);
    for (const Column& column : table.columns) {
      append(bytes, column.name);
      append(bytes, column.values);
    }
  }
  for (const Figure& figure : result_.figures) append(bytes, figure.name);
  for (const Text& text : result_.texts) append(bytes, text.name);
  for (const StoredModel& model : result_.models) {
    append(bytes, model.name + model.component);
    append(bytes, model.parameters.at("theta"));
  }
  return bytes;
}

}  // namespace dynkit::conformance
