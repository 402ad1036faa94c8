#include <cmath>
#include <complex>

#include "dynkit/model.h"
#include "records.hpp"

namespace dynkit_test {
namespace {

// Markup, an end of the data's own element, a formula, control characters, a reversal of writing.
const char* const kHostile =
    "</script><img src=x "
    "onerror=alert(1)><!--<script>\x01\x1b[31m=1+1\xe2\x80\xae\xe2\x80\xa8'\"&amp;%{x}";
}  // namespace

RunRecord hostile() {
  const std::string bad = kHostile;
  RunRecord run{bad, bad, {{bad, bad}}, {}};
  StageResult stage;
  stage.name = stage.component = stage.version = stage.summary_line = stage.citation = bad;
  stage.message = bad;
  stage.status = dynkit::StageStatus::failed;
  stage.time_kind = DK_MAP;
  stage.settings = {{bad, bad}};
  put_value(stage, bad, Texts{bad}, bad, bad);
  stage.arrays["t" + bad] = column(Numbers{0.0, 1.0, 2.0}, bad, bad);
  stage.arrays["g"] = column(Texts{bad, "=2+2", "\xff broken"}, bad, bad);
  const std::string t = "t" + bad;
  stage.tables.push_back({bad,
                          bad,
                          {{bad, column(Texts{bad, "=2+2", "\xff broken"}, bad, bad)},
                           {"=n", column(Numbers{3.0, -1.0, 2.0}, bad, bad)}}});
  stage.figures.push_back({bad, bad, bad, bad, bad, "", {{"scatter", bad, t, t, "", "g", ""}}});
  stage.figures.push_back({bad, bad, bad, bad, bad, bad, {{"scatter3d", bad, t, t, t, "g", ""}}});
  stage.figures.push_back(
      {bad, bad, bad, bad, bad, "", {{"complex_plane", bad, t, t, "", "", ""}}});
  stage.figures.push_back({bad, bad, bad, "", "", "", {{"line", bad, bad, bad, "", "", ""}}});
  stage.texts = {
      {bad, bad + "\n\n# " + bad + "\n\n- " + bad +
                "\n\n[a](javascript:alert(1)) [b](https://example.org/\"onclick=alert(1))"
                "\n\n```\n" +
                bad + "\n```"}};
  run.stages = {stage};
  return run;
}

RunRecord large() {
  constexpr std::int64_t kRows = 60'000;
  StageResult stage;
  stage.name = "large";
  stage.time_kind = DK_MAP;
  Numbers phase;
  Texts label;
  Wholes row;
  std::vector<std::complex<double>> z;
  for (std::int64_t i = 0; i < kRows; ++i) {
    const double angle = 0.001 * static_cast<double>(i);
    z.push_back(std::polar(0.5 + 0.4 * std::sin(7.0 * angle), angle));
    phase.push_back(i == 31'234 ? 9.0 : std::sin(angle));
    label.push_back(i % 20'000 == 77 ? "rare" : "common");
    row.push_back(i);
  }
  stage.arrays["z"] = column(z);
  stage.arrays["phase"] = column(phase);
  stage.arrays["label"] = column(label);
  stage.figures.push_back({"plane",
                           "Many eigenvalues",
                           "",
                           "",
                           "",
                           "",
                           {{"complex_plane", "", "z", "", "", "label", ""}}});
  stage.figures.push_back(
      {"peak", "One peak", "", "", "", "", {{"line", "", "", "phase", "", "", ""}}});
  stage.tables.push_back(
      {"rows",
       "Many rows",
       {{"row", column(row)}, {"phase", column(phase)}, {"label", column(label)}}});
  return {"Large", "", {}, {stage}};
}
RunRecord scenes() {
  StageResult stage;
  stage.name = "scenes";
  stage.arrays["x"] = array({4, 3}, Numbers{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1});
  for (int i = 0; i < 9; ++i) {
    const std::string name = "scene_" + std::to_string(i);
    stage.figures.push_back(
        {name, name, "", "", "", "", {{"scatter3d", "", "x[0]", "x[1]", "x[2]", "", ""}}});
  }
  return {"Scenes", "", {}, {stage}};
}

RunRecord words() {
  StageResult stage;
  stage.name = "search";
  stage.component = "org.example.search";
  stage.status = dynkit::StageStatus::crashed;
  stage.message = "stopped by signal 11 at 40 %";
  return {"Words only", "", {{"seed", "7"}}, {stage}};
}

}  // namespace dynkit_test
