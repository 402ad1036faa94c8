#include <cmath>
#include <complex>
#include <limits>

#include "dynkit/model.h"
#include "records.hpp"
#include "systems.hpp"

namespace dynkit_test {
namespace {

using dynkit::Figure;
using dynkit::Series;

void put_points(StageResult& stage) {
  Numbers x, speed, directions;
  Wholes unstable, index, hits, direction_lengths;
  std::vector<std::complex<double>> eigenvalues;
  Texts kinds;
  for (int i = 0; i < 9; ++i) {
    const int row = i / 3, column = i % 3;
    const Point point{row - 1.0, column - 1.0, 0.0};
    const int count = (point[0] == 0.0) + (point[1] == 0.0);
    x.insert(x.end(), point.begin(), point.end());
    index.push_back(i);
    unstable.push_back(count);
    kinds.push_back(count == 0   ? "stable node"
                    : count == 1 ? "saddle, 1 unstable"
                                 : "repeller, 2 unstable");
    hits.push_back(37 * (i + 3) % 101);
    speed.push_back(std::ldexp(1.0, 5 * i - 100));
    for (std::size_t axis = 0; axis < 2; ++axis) {
      eigenvalues.emplace_back(point[axis] == 0.0 ? 1.0 : -2.0, 0.0);
      if (point[axis] != 0.0) continue;
      direction_lengths.push_back(2);
      for (const double side : {-0.25, 0.25}) {
        Point end = point;
        end[axis] += side;
        directions.insert(directions.end(), end.begin(), end.end());
      }
    }
    eigenvalues.emplace_back(-3.0, 0.0);
  }
  speed[4] = std::numeric_limits<double>::quiet_NaN();
  const auto ends = static_cast<std::int64_t>(directions.size() / 3);
  stage.arrays["x"] = array({9, 3}, x);
  stage.arrays["class"] = column(kinds);
  stage.arrays["eigenvalues"] = array({9, 3}, eigenvalues);
  stage.arrays["directions"] = array({ends, 3}, directions);
  stage.arrays["direction_lengths"] = column(direction_lengths);
  stage.tables.push_back(
      {"points",
       "Fixed points",
       {{"index", column(index)},
        {"class", column(kinds, "", "from the eigenvalues of the Jacobian")},
        {"unstable", column(unstable, "", "eigenvalues with positive real part")},
        {"speed", column(speed, "", "q(x) = 1/2 |f(x)|^2")},
        {"hits", column(hits, "", "starts that ended here")},
        {"leading eigenvalue", column(std::vector<std::complex<double>>({{-2, 0},
                                                                         {1, 0},
                                                                         {-2, 0},
                                                                         {1, 0.5},
                                                                         {1, -0.5},
                                                                         {1, 0},
                                                                         {-2, 1},
                                                                         {1, 1e-9},
                                                                         {-2, -1}}),
                                      "1/s")}}});
}

void put_trajectories(StageResult& stage) {
  constexpr std::int64_t kLines = 24, kTimes = 120;
  Numbers states, starts;
  for (int s = 0; s < kLines; ++s) {
    const double angle = 2.0 * 3.14159265358979 * (s + 0.5) / kLines;
    Point x{0.12 * std::cos(angle) * (1 + s % 3), 0.12 * std::sin(angle) * (1 + s % 3),
            s % 2 == 0 ? 0.6 : -0.6};
    starts.insert(starts.end(), x.begin(), x.end());
    for (int t = 0; t < kTimes; ++t) {
      states.insert(states.end(), x.begin(), x.end());
      x = dynkit_test::rk4(dynkit_test::two_bits, x, 0.06);
    }
  }
  Numbers grid_x, grid_y, landscape;
  for (int i = 0; i < 61; ++i) grid_x.push_back(-1.5 + 0.05 * i);
  for (int i = 0; i < 41; ++i) grid_y.push_back(-1.5 + 0.075 * i);
  for (const double b : grid_y) {
    for (const double a : grid_x) {
      const Point f = dynkit_test::two_bits({a, b, 0.0});
      landscape.push_back(std::log10(0.5 * dynkit_test::dot(f, f) + 1e-6));
    }
  }
  stage.arrays["starts"] = array({kLines, 3}, starts);
  stage.arrays["states"] = array({kLines, kTimes, 3}, states);
  stage.arrays["grid_x"] = column(grid_x);
  stage.arrays["grid_y"] = column(grid_y);
  stage.arrays["landscape"] = array({41, 61}, landscape);
}

void put_figures(StageResult& stage) {
  const Series points{"scatter3d", "", "x[0]", "x[1]", "x[2]", "class", ""};
  stage.figures.push_back(
      {"phase_portrait",
       "Phase portrait",
       "Trajectories leave the origin and end in one of four attractors; bars show the unstable "
       "directions.",
       "x0",
       "x1",
       "x2",
       {{"scatter3d", "starts", "starts[0]", "starts[1]", "starts[2]", "", ""},
        {"lines3d", "trajectories", "states[0]", "states[1]", "states[2]", "", ""},
        {"lines3d", "unstable directions", "directions[0]", "directions[1]", "directions[2]", "",
         "direction_lengths"},
        points}});
  stage.figures.push_back({"spectrum",
                           "Eigenvalues at the fixed points",
                           "",
                           "real part (1/s)",
                           "imaginary part (1/s)",
                           "",
                           {{"complex_plane", "", "eigenvalues", "", "", "class", ""}}});
  stage.figures.push_back({"multipliers",
                           "Multipliers of the named map",
                           "",
                           "",
                           "",
                           "",
                           {{"multipliers", "", "eigenvalues", "", "", "class", ""}}});
  stage.figures.push_back({"landscape",
                           "Speed",
                           "Fixed points are the wells of the speed.",
                           "x0",
                           "x1",
                           "log10 q",
                           {{"heatmap", "", "grid_x", "grid_y", "landscape", "", ""}}});
}

StageResult fixed_points() {
  StageResult stage;
  stage.name = "fixed_points";
  stage.group = "analyses/fixed_points";
  stage.component = "org.example.fixed-points";
  stage.version = "1.2.0";
  stage.summary_line = "Fixed points f(x) = 0 by batched Newton steps from many starts";
  stage.citation =
      "D. Sussillo and O. Barak, \"Opening the black box\", Neural Computation 25, 626 (2013), "
      "https://doi.org/10.1162/NECO_a_00409";
  stage.time_kind = DK_FLOW;
  stage.settings = {
      {"starts", "1024"}, {"tolerance", "1e-12"}, {"derivative", "analytic Jacobian"}};
  stage.seconds = 0.8312;
  put_value(stage, "fixed_points", Wholes{9}, "", "distinct points found");
  put_value(stage, "converged", Numbers{1019.0 / 1024.0}, "", "share of the starts");
  put_value(stage, "largest_speed", Numbers{std::ldexp(1.0, -60)}, "",
            "largest q(x) among the points");
  put_value(stage, "fastest_growth", Numbers{1.0}, "1/s", "largest real part of all eigenvalues");
  put_value(stage, "method", Texts{"Newton, then Levenberg-Marquardt"}, "", "");
  put_points(stage);
  put_trajectories(stage);
  put_figures(stage);
  stage.texts.push_back(
      {"reading",
       "The map has **nine** fixed points: *four attract*, four are saddles with "
       "`1` unstable direction, one repels.\n\n- Their index sum is 1.\n- 5 starts "
       "did not converge; see [the method](https://doi.org/10.1162/NECO_a_00409)."});
  return stage;
}

StageResult lyapunov() {
  constexpr int kSteps = 30'000;
  StageResult stage;
  stage.name = "lyapunov";
  stage.group = "analyses/lyapunov";
  stage.component = "org.example.lyapunov";
  stage.version = "1.0.3";
  stage.summary_line = "Lyapunov spectrum by QR of the tangent flow";
  stage.citation = stage.name + ": G. Benettin et al., Meccanica 15, 9 (1980)";
  stage.time_kind = DK_FLOW;
  stage.settings = {{"step", "0.005"}, {"steps", "30000"}};
  stage.seconds = 74.6;
  const std::vector<Point> estimates = dynkit_test::lorenz_exponents(kSteps, 0.005);
  Numbers time, exponents;
  for (int t = 0; t < kSteps; ++t) time.push_back(0.005 * (t + 1));
  for (const Point& estimate : estimates) {
    exponents.insert(exponents.end(), estimate.begin(), estimate.end());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    put_value(stage, "exponent_" + std::to_string(i), Numbers{estimates.back()[i]}, "1/s", "");
  }
  stage.arrays["time"] = column(time, "s");
  stage.arrays["exponents"] = array({kSteps, 3}, exponents);
  Figure figure{
      "convergence", "Convergence of the exponents", "", "time (s)", "exponent (1/s)", "", {}};
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    figure.series.push_back(
        {"line", "exponent " + number, "time", "exponents[" + number + "]", "", "", ""});
  }
  stage.figures.push_back(figure);
  Numbers local;
  for (int t = 2000; t < kSteps; ++t) {
    local.push_back((t + 1) * estimates[static_cast<std::size_t>(t)][0] -
                    t * estimates[static_cast<std::size_t>(t) - 1][0]);
  }
  stage.arrays["local_growth"] = column(local, "1/s");
  stage.figures.push_back({"local_growth",
                           "Growth in single steps",
                           "",
                           "growth (1/s)",
                           "",
                           "",
                           {{"histogram", "", "local_growth", "", "", "", ""}}});
  return stage;
}
}  // namespace

RunRecord study() {
  RunRecord run;
  run.title = "Two bits of memory";
  run.experiment =
      "seed = 42\n\n[model]\ncomponent = \"org.example.two-bits\"\n\n[[analysis]]\n"
      "component = \"org.example.fixed-points\"\nstarts = 1024\n";
  run.provenance = {
      {"dynkit", "0.1.0"},
      {"seed", "42"},
      {"started", "2026-01-31 12:00:00 UTC"},
      {"machine", "x86-64-v3, 8 threads"},
      {"org.example.fixed-points", "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b"}};
  run.stages = {fixed_points(), lyapunov()};
  return run;
}
}  // namespace dynkit_test
