#include "result_sink.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

// Names become paths in files and keys in JSON.
std::string checked_name(const char* name, const char* what) {
  std::string text = name != nullptr ? name : "";
  const bool word =
      !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
  if (!word || text == "tables") {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("{} name '{}' is not usable: it must be in lower_snake_case and not "
                            "'tables'",
                            what, printable(text)));
  }
  return text;
}

std::string optional_text(const char* text) {
  return text != nullptr ? text : "";
}

// Replaces the element of the same name, or appends.
template <class Element>
void replace(std::vector<Element>& elements, Element element) {
  const auto same = std::find_if(elements.begin(), elements.end(),
                                 [&](const Element& one) { return one.name == element.name; });
  if (same != elements.end()) {
    *same = std::move(element);
  } else {
    elements.push_back(std::move(element));
  }
}

ResultSink& from(const dk_sink* sink) {
  return *static_cast<ResultSink*>(sink->context);
}

}  // namespace

ResultSink::ResultSink(StageResult& result, ModelKeeper put_model)
    : result_(result), put_model_(std::move(put_model)) {
  table_.context = this;
  table_.put_array = [](const dk_sink* sink, const char* name, const dk_array* array,
                        dk_error* error) {
    return guard(error, [&] { from(sink).put_array(name, *array); });
  };
  table_.put_table = [](const dk_sink* sink, const char* name, const char* title,
                        std::int64_t count, const dk_column* columns, dk_error* error) {
    return guard(error, [&] { from(sink).put_table(name, title, count, columns); });
  };
  table_.put_figure = [](const dk_sink* sink, const dk_figure* figure, dk_error* error) {
    return guard(error, [&] { from(sink).put_figure(*figure); });
  };
  table_.put_text = [](const dk_sink* sink, const char* name, const char* markdown,
                       dk_error* error) {
    return guard(error, [&] { from(sink).put_text(name, markdown); });
  };
  table_.put_model = [](const dk_sink* sink, const char* name, const dk_system* system,
                        dk_error* error) {
    return guard(error, [&] {
      const std::lock_guard lock(from(sink).mutex_);
      from(sink).put_model_(checked_name(name, "model"), *system);
    });
  };
}

void ResultSink::put_array(const char* name, const dk_array& array) {
  const std::string key = checked_name(name, "array");
  Array copy = copy_array(array);
  const std::lock_guard lock(mutex_);
  const bool is_value = copy.shape.empty();
  const auto listed = std::find(result_.values.begin(), result_.values.end(), key);
  if (is_value && listed == result_.values.end()) result_.values.push_back(key);
  if (!is_value && listed != result_.values.end()) result_.values.erase(listed);
  result_.arrays[key] = std::move(copy);
}

void ResultSink::put_table(const char* name, const char* title, std::int64_t count,
                           const dk_column* columns) {
  Table table{checked_name(name, "table"), optional_text(title), {}};
  for (std::int64_t i = 0; i < count; ++i) {
    Array values = copy_array(columns[i].values);
    const std::string column = checked_name(columns[i].name, "column");
    if (values.shape.size() != 1 || (i > 0 && values.shape != table.columns.front().values.shape)) {
      throw Error(
          DK_SHAPE_MISMATCH,
          fmt::format("table '{}': column '{}' is {}, not of rank 1 and as long as the first",
                      table.name, column, describe(values)));
    }
    table.columns.push_back({column, std::move(values)});
  }
  const std::lock_guard lock(mutex_);
  replace(result_.tables, std::move(table));
}

void ResultSink::put_figure(const dk_figure& figure) {
  Figure copy{checked_name(figure.name, "figure"),
              optional_text(figure.title),
              optional_text(figure.caption),
              optional_text(figure.x_label),
              optional_text(figure.y_label),
              optional_text(figure.z_label),
              {}};
  for (std::int64_t i = 0; i < figure.series_count; ++i) {
    const dk_series& series = figure.series[i];
    copy.series.push_back({optional_text(series.kind), optional_text(series.label),
                           optional_text(series.x), optional_text(series.y),
                           optional_text(series.z), optional_text(series.group),
                           optional_text(series.length)});
  }
  const std::lock_guard lock(mutex_);
  replace(result_.figures, std::move(copy));
}

void ResultSink::put_text(const char* name, const char* markdown) {
  Text text{checked_name(name, "text"), optional_text(markdown)};
  const std::lock_guard lock(mutex_);
  replace(result_.texts, std::move(text));
}

}  // namespace dynkit
