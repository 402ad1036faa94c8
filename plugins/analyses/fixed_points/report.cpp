#include "report.hpp"

#include <algorithm>
#include <numeric>

#include "gather.hpp"

namespace dynkit::fixed_points {

namespace {

std::int64_t count(const std::vector<Point>& points, Kind kind) {
  return std::ranges::count_if(points, [kind](const Point& p) { return p.stability.kind == kind; });
}

std::int64_t length(const auto& items) {
  return static_cast<std::int64_t>(items.size());
}

const char* outcome(const Point& point) {
  if (point.kink) return "converged, on a kink of the model: no Jacobian";
  return point.index == 0 ? "converged, but I - J is singular" : "converged";
}

// Summary of the inputs' own checks.
IndexCheck worst(const std::vector<IndexCheck>& checks) {
  if (std::ranges::count(checks, IndexCheck::violated) > 0) return IndexCheck::violated;
  const bool all = std::ranges::count(checks, IndexCheck::consistent) == length(checks);
  return all && !checks.empty() ? IndexCheck::consistent : IndexCheck::not_applicable;
}

std::string completeness(const Report& report) {
  for (std::size_t i = 0; i < report.incomplete.size(); ++i) {
    if (report.incomplete[i].empty()) continue;
    const std::string where =
        report.incomplete.size() > 1 ? " (input " + std::to_string(i) + ")" : "";
    return "may be incomplete: " + report.incomplete[i] + where;
  }
  return "stop rule met";
}

void put_summary(const Report& report, const Sink& sink) {
  const std::vector<Point>& points = report.points;
  double largest = 0;
  for (const Point& point : points) largest = std::max(largest, point.residual);
  const std::int64_t failed =
      std::accumulate(report.failures.begin(), report.failures.end(), std::int64_t{0});
  const std::int64_t index_sum =
      std::accumulate(report.index_sums.begin(), report.index_sums.end(), std::int64_t{0});

  sink.value("found", length(points), "fixed points, all classes, all inputs");
  sink.value("stable", count(points, Kind::stable), "points with no unstable direction");
  sink.value("saddles", count(points, Kind::saddle), "points with some unstable directions");
  sink.value("unstable", count(points, Kind::unstable), "points with no stable direction");
  sink.value("nonhyperbolic", count(points, Kind::nonhyperbolic),
             "points with an eigenvalue on the border of stability, or on a kink of the model");
  sink.value("slow", length(report.slow), "local minima of q that are no fixed points");
  sink.value("starts", report.starts, "starts that were run");
  sink.value("failed", failed, "starts that reached no point");
  sink.value("index_sum", index_sum, report.map ? "sum of sign det(I - J)" : "sum of sign det(-J)");
  sink.value("index_check", describe(worst(report.index_checks)),
             "whether the index sum is +1 for each input: necessary, not sufficient");
  sink.value("complete", completeness(report).c_str(), "whether the stop rule was met");
  sink.value("max_residual", largest, "largest residual of a point");
  sink.value("seconds", report.seconds, "wall time of the search", "s");
  sink.value("derivative", report.exact_derivative ? "exact" : "finite differences",
             "where the Jacobian comes from");
  sink.value("residual_form", report.balanced ? "balanced" : "plain",
             "the equation that was solved");
  sink.value("rounds", report.rounds, "rounds of starts");
  sink.value("factorizations", report.factorizations, "Jacobians that were factored");
}

void put_points(const Report& report, const Sink& sink) {
  const std::vector<Point>& points = report.points;
  const std::int64_t P = length(points);
  const auto number = [&](const char* name, auto get, const char* help) {
    sink.array(name, {P}, gather(points, get), {{"point"}, nullptr, help});
  };
  sink.array("x", {P, report.n},
             stack(
                 points, [](const Point& p) -> auto& { return p.x; }),
             {{"point", "state"}, nullptr, "the fixed points"});
  number(
      "q", [](const Point& p) { return p.q; }, "1/2 |F(x) - x|^2, of a flow 1/2 |f(x)|^2");
  number(
      "residual", [](const Point& p) { return p.residual; }, "max |F(x) - x|, max |f(x)|");
  number(
      "hits", [](const Point& p) { return p.hits; }, "starts that reached the point");
  number(
      "distance", [](const Point& p) { return p.distance; }, "to the nearest given state");
  number(
      "input_index", [](const Point& p) { return p.input; }, "which of the inputs");
  number(
      "index", [](const Point& p) { return p.index; },
      report.map ? "sign det(I - J)" : "sign det(-J)");
  number(
      "unstable_directions", [](const Point& p) { return p.stability.unstable; },
      "eigenvalues beyond the border of stability");
  number(
      "class", [](const Point& p) { return describe(p.stability.kind); },
      "stable, saddle, unstable or nonhyperbolic");
  number(
      "period", [](const Point& p) { return p.period; }, "smallest period of the point");

  sink.array("index_sums", {length(report.index_sums)}, report.index_sums,
             {{"input"}, nullptr, "sum of the indices of each input"});
}

void put_others(const Report& report, const Sink& sink) {
  const std::int64_t L = length(report.slow), R = length(report.rejected);
  sink.array("slow_x", {L, report.n},
             stack(
                 report.slow, [](const Slow& s) -> auto& { return s.point.x; }),
             {{"slow_point", "state"}, nullptr, "local minima of q that are no fixed points"});
  sink.array("slow_q", {L}, gather(report.slow, [](const Slow& s) { return s.point.q; }),
             {{"slow_point"}, nullptr, "1/2 |F(x) - x|^2, of a flow 1/2 |f(x)|^2"});
  sink.array("slow_hits", {L}, gather(report.slow, [](const Slow& s) { return s.point.hits; }),
             {{"slow_point"}, nullptr, "descents that ended in the point"});
  sink.array("slow_distance", {L}, gather(report.slow, [](const Slow& s) { return s.distance; }),
             {{"slow_point"}, nullptr, "to the nearest given state"});
  sink.array("slow_input_index", {L}, gather(report.slow, [](const Slow& s) { return s.input; }),
             {{"slow_point"}, nullptr, "which of the inputs"});

  sink.array("rejected_x", {R, report.n},
             stack(
                 report.rejected, [](const Rejected& r) -> auto& { return r.x; }),
             {{"rejected", "state"}, nullptr, "ends of the search that are no fixed points"});
  sink.array("rejected_reason", {R},
             gather(report.rejected, [](const Rejected& r) { return r.reason.c_str(); }),
             {{"rejected"}, nullptr, "why not"});
  sink.array("rejected_input_index", {R},
             gather(report.rejected, [](const Rejected& r) { return r.input; }),
             {{"rejected"}, nullptr, "which of the inputs"});
}

void put_tables(const Report& report, const Sink& sink) {
  const std::vector<Point>& points = report.points;
  const auto row = [&](auto get) { return gather(points, get); };
  const auto index = row([](const Point& p) { return p.index; });
  const auto kinds = row([](const Point& p) { return describe(p.stability.kind); });
  const auto unstable = row([](const Point& p) { return p.stability.unstable; });
  const auto q = row([](const Point& p) { return p.q; });
  const auto residual = row([](const Point& p) { return p.residual; });
  const auto hits = row([](const Point& p) { return p.hits; });
  const auto distance = row([](const Point& p) { return p.distance; });
  const auto input = row([](const Point& p) { return p.input; });
  const auto period = row([](const Point& p) { return p.period; });
  const auto outcomes = row([](const Point& p) { return outcome(p); });
  std::vector<dk_column> columns = {
      Sink::column("index", index, "sign det(I - J), of a flow sign det(-J)"),
      Sink::column("class", kinds),
      Sink::column("unstable_directions", unstable),
      Sink::column("q", q),
      Sink::column("residual", residual),
      Sink::column("hits", hits, "starts that reached the point"),
      Sink::column("distance", distance, "to the nearest given state"),
      Sink::column("outcome", outcomes)};
  if (report.index_sums.size() > 1) {
    columns.insert(columns.begin(), Sink::column("input_index", input));
  }
  if (report.period > 1) columns.push_back(Sink::column("period", period, "the smallest"));
  sink.table("points", "Fixed points", columns);

  std::vector<const char*> reasons;
  std::vector<std::int64_t> counts;
  for (std::size_t k = 0; k < kFailures.size(); ++k) {
    if (report.failures[k] == 0) continue;
    reasons.push_back(describe(kFailures[k]));
    counts.push_back(report.failures[k]);
  }
  if (reasons.empty()) return;
  sink.table("failed_starts", "Starts that reached no point",
             {Sink::column("reason", reasons), Sink::column("starts", counts)});
}

std::string index_text(const Report& report) {
  const std::string sum = report.map ? "sign det(I - J)" : "sign det(-J)";
  switch (worst(report.index_checks)) {
    case IndexCheck::consistent:
      return "The sum of " + sum +
             " over the points is +1, as it is for every complete set in a "
             "box that traps the states. This is necessary, not sufficient: a set that lacks, say, "
             "a stable point and a saddle passes too.";
    case IndexCheck::violated:
      return "The sum of " + sum +
             " over the points is not +1, as it is for every complete set "
             "in a box that traps the states: **points are missing** or two were merged.";
    case IndexCheck::not_applicable:
      break;
  }
  return "The sum of " + sum +
         " says nothing here: the model states no box that traps its states, "
         "or I - J is singular at a point, or does not exist there.";
}

void put_text(const Report& report, const Sink& sink) {
  const std::string complete = completeness(report);
  std::string text = std::to_string(report.points.size()) + " fixed points from " +
                     std::to_string(report.starts) + " starts in " + std::to_string(report.rounds) +
                     " rounds; " + complete + ".\n\n" + index_text(report) + "\n\n";
  text +=
      complete == "stop rule met"
          ? "The search stopped because every point was reached several times and a long row of "
            "starts brought nothing new. That makes a missed point unlikely; it proves nothing."
          : "The search ended before its stop rule was met.";
  if (!report.exact_derivative) {
    text += " Derivatives are finite differences, so the classes are less certain.";
  }
  sink.text("summary", text + "\n");
}

}  // namespace

const char* describe(IndexCheck check) {
  switch (check) {
    case IndexCheck::consistent:
      return "consistent";
    case IndexCheck::violated:
      return "violated";
    case IndexCheck::not_applicable:
      return "not applicable";
  }
  return "";
}

void put_report(const Report& report, const Surroundings& surroundings, const Sink& sink) {
  put_summary(report, sink);
  put_points(report, sink);
  put_others(report, sink);
  put_tables(report, sink);
  put_portrait(report, surroundings, sink);
  put_text(report, sink);
}

}  // namespace dynkit::fixed_points
