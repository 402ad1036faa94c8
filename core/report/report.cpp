#include "dynkit/core/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clean.hpp"
#include "dynkit/error.hpp"
#include "figures.hpp"
#include "page.hpp"

namespace dynkit {
namespace report {
namespace {

using nlohmann::json;

json make_texts(const std::vector<NamedText>& texts) {
  json rows = json::array();
  for (const NamedText& text : texts) rows.push_back({clean(text.name), clean(text.value)});
  return rows;
}

// A figure or table that cannot be shown is a line that says why: the rest of the page stands.
template <class Make>
json make_or_say(const std::string& name, const std::string& title, Make make) {
  try {
    return make();
  } catch (const Error& error) {
    return {{"name", clean(name)}, {"title", clean(title)}, {"error", clean(error.what())}};
  }
}

json make_stage(const StageResult& stage) {
  json values = json::array();
  for (const std::string& name : stage.values) {
    const auto found = stage.arrays.find(name);
    if (found != stage.arrays.end()) values.push_back(make_value(name, found->second));
  }
  json tables = json::array();
  for (const Table& table : stage.tables) {
    tables.push_back(make_or_say(table.name, table.title, [&] { return make_table(table); }));
  }
  json figures = json::array();
  for (const Figure& figure : stage.figures) {
    figures.push_back(
        make_or_say(figure.name, figure.title, [&] { return make_figure(figure, stage.arrays); }));
  }
  json texts = json::array();
  for (const Text& text : stage.texts) texts.push_back({clean(text.name), clean(text.markdown)});
  return {{"name", clean(stage.name)},
          {"group", clean(stage.group)},
          {"component", clean(stage.component)},
          {"version", clean(stage.version)},
          {"summary", clean(stage.summary_line)},
          {"citation", clean(stage.citation)},
          {"time_kind", stage.time_kind},
          {"settings", make_texts(stage.settings)},
          {"status", to_text(stage.status)},
          {"message", clean(stage.message)},
          {"seconds", stage.seconds},
          {"values", std::move(values)},
          {"tables", std::move(tables)},
          {"figures", std::move(figures)},
          {"texts", std::move(texts)}};
}

// Which of plotly's bundles the figures need: heatmaps are in the one for the plane only, lines and
// points of the plane in both.
struct Bundles {
  bool plane = false;
  bool space = false;
};

Bundles needed_bundles(const json& stages) {
  Bundles needed;
  bool has_plane = false;
  for (const json& stage : stages) {
    for (const json& figure : stage["figures"]) {
      if (figure.contains("error")) continue;
      needed.space = needed.space || figure["is_space"];
      has_plane = has_plane || !figure["is_space"];
      for (const json& series : figure["series"]) {
        needed.plane = needed.plane || series["kind"].get<std::string>() == "heatmap";
      }
    }
  }
  needed.plane = needed.plane || (has_plane && !needed.space);
  return needed;
}

}  // namespace
}  // namespace report

const char* to_text(StageStatus status) {
  switch (status) {
    case StageStatus::done:
      return "done";
    case StageStatus::failed:
      return "failed";
    case StageStatus::crashed:
      return "crashed";
    case StageStatus::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string render_report(const RunRecord& run) {
  using nlohmann::json;
  json stages = json::array();
  for (const StageResult& stage : run.stages) stages.push_back(report::make_stage(stage));
  const report::Bundles bundles = report::needed_bundles(stages);
  const json data = {{"title", report::clean(run.title)},
                     {"experiment", report::clean(run.experiment)},
                     {"provenance", report::make_texts(run.provenance)},
                     {"stages", std::move(stages)}};

  std::string page{report::kPage.before_data};
  page += report::escape_for_script(data.dump(-1, ' ', false, json::error_handler_t::replace));
  page += report::kPage.before_plotly;
  if (bundles.plane) page += report::kPage.plotly_plane;
  if (bundles.space) page += report::kPage.plotly_space;
  page += report::kPage.after_plotly;
  return page;
}

}  // namespace dynkit
