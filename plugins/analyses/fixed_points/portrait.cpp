#include "portrait.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <string>
#include <vector>

#include "gather.hpp"
#include "paths.hpp"
#include "projection.hpp"
#include "report.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr std::size_t kDrawnStates = 2000;
constexpr double kBar = 0.09;    // half the length of a direction, of the cloud's extents
constexpr double kSmooth = 0.1;  // mean step of a map, of the extents, up to which it looks smooth

// "stable", "saddle, 2 unstable directions": what the figure colors by.
std::string group(const Point& point) {
  std::string kind = describe(point.stability.kind);
  const std::int64_t k = point.stability.unstable;
  if (point.stability.kind != Kind::saddle) return kind;
  return kind + ", " + std::to_string(k) +
         (k == 1 ? " unstable direction" : " unstable directions");
}

// Every so many of the rows [S,n].
std::vector<double> sample(std::span<const double> rows, std::size_t n) {
  const std::size_t stride = rows.size() / n / kDrawnStates + 1;
  std::vector<double> drawn;
  for (std::size_t at = 0; at < rows.size(); at += stride * n) {
    const auto row = rows.subspan(at, n);
    drawn.insert(drawn.end(), row.begin(), row.end());
  }
  return drawn;
}

class Portrait {
 public:
  Portrait(const Report& report, const Surroundings& surroundings, const Sink& sink)
      : report_(report),
        surroundings_(surroundings),
        sink_(sink),
        n_(static_cast<std::size_t>(report.n)),
        projection_(surroundings.states, report.n),
        k_(projection_.dimensions()),
        extents_(k_) {}

  void put();

 private:
  bool put_trajectories();
  void put_states(const std::vector<double>& rows);
  void put_directions();
  void put_slow();
  void put_points(const std::vector<double>& rows);
  void put_rows(const char* name, const std::vector<double>& rows, const char* help) const;
  void add(const char* kind, const char* label, const std::string& array,
           const char* group = nullptr, const char* length = nullptr);
  const char* keep(std::string text) { return texts_.emplace_back(std::move(text)).c_str(); }
  const char* axis_label(std::size_t axis);
  double bar(std::span<const double> direction) const;

  const Report& report_;
  const Surroundings& surroundings_;
  const Sink& sink_;
  std::size_t n_;
  Projection projection_;
  std::int64_t k_;
  Extents extents_;
  std::vector<dk_series> series_;
  std::string caption_;
  std::list<std::string> texts_;  // what series and labels point to
};

void Portrait::put_rows(const char* name, const std::vector<double>& rows, const char* help) const {
  sink_.array(name, {static_cast<std::int64_t>(rows.size()) / k_, k_}, rows,
              {{"point", "component"}, nullptr, help});
}

// A series of rows [R,k]; one dimension has no second axis: the index of a point stands there.
void Portrait::add(const char* kind, const char* label, const std::string& array, const char* group,
                   const char* length) {
  const auto column = [&](int axis) { return keep(array + "[" + std::to_string(axis) + "]"); };
  const bool deep = k_ > 2;
  const bool is_line = kind[0] == 'l';
  series_.push_back({deep ? (is_line ? "lines3d" : "scatter3d") : kind, label, column(0),
                     k_ > 1 ? column(1) : "index", deep ? column(2) : nullptr, group, length});
}

// Lines where trajectories look smooth, which those of many maps do not.
bool Portrait::put_trajectories() {
  const Trajectories& trajectories = surroundings_.trajectories;
  if (trajectories.S == 0 || k_ < 2) return false;
  const Paths paths = draw_paths(trajectories, projection_, extents_);
  if (paths.lengths.empty() || (report_.map && paths.mean_step > kSmooth)) return false;
  const auto drawn = static_cast<std::int64_t>(paths.lengths.size());
  put_rows("portrait_trajectories", paths.rows, "states of trajectories, one after the other");
  sink_.array("portrait_trajectory_lengths", {drawn}, paths.lengths,
              {{"trajectory"}, nullptr, "how many of portrait_trajectories each has"});
  add("line", "trajectories", "portrait_trajectories", nullptr, "portrait_trajectory_lengths");
  if (drawn < trajectories.S) {
    caption_ += " Drawn are " + std::to_string(drawn) + " of " + std::to_string(trajectories.S) +
                " trajectories.";
  }
  if (paths.are_cut) caption_ += " Long ones are drawn in part.";
  return true;
}

void Portrait::put_states(const std::vector<double>& rows) {
  put_rows("portrait_states", rows, "given states");
  add("scatter", "given states", "portrait_states");
}

// No longer than the share of the largest extent, and of no axis' own.
double Portrait::bar(std::span<const double> direction) const {
  double length = extents_.largest();
  for (std::size_t axis = 0; axis < direction.size(); ++axis) {
    const double share = std::abs(direction[axis]) / extents_.along(axis);
    if (share > 0) length = std::min(length, 1 / share);
  }
  return kBar * length;
}

void Portrait::put_directions() {
  std::vector<double> ends;  // [D,2,k]
  std::vector<std::int64_t> owners;
  const auto k = static_cast<std::size_t>(k_);
  for (std::size_t p = 0; p < report_.points.size(); ++p) {
    const Point& point = report_.points[p];
    const std::vector<double> center = projection_.apply(point.x);
    const std::vector<double> all = projection_.turn(point.directions);
    for (std::size_t at = 0; at < all.size(); at += k) {
      const auto direction = std::span(all).subspan(at, k);
      owners.push_back(static_cast<std::int64_t>(p));
      const double half = bar(direction);
      for (const double side : {-half, half}) {
        for (std::size_t axis = 0; axis < k; ++axis) {
          ends.push_back(center[axis] + side * direction[axis]);
        }
      }
    }
  }
  if (owners.empty()) return;
  const auto D = static_cast<std::int64_t>(owners.size());
  sink_.array("portrait_directions", {D, 2, k_}, ends,
              {{"direction", "end", "component"}, nullptr, "bars along unstable directions"});
  sink_.array("portrait_direction_point", {D}, owners,
              {{"direction"}, nullptr, "index of the point that the bar goes through"});
  add("line", "unstable directions", "portrait_directions");
  caption_ += " Bars show unstable directions";
  caption_ += report_.n > 3 ? "; a short one leaves the axes that are shown." : ".";
}

void Portrait::put_points(const std::vector<double>& rows) {
  put_rows("portrait_points", rows, "fixed points");
  const std::vector<std::string> groups = gather(report_.points, group);
  sink_.array("portrait_group", {static_cast<std::int64_t>(groups.size())},
              gather(groups, [](const std::string& text) { return text.c_str(); }),
              {{"point"}, nullptr, "class and number of unstable directions"});
  add("scatter", "fixed points", "portrait_points", "portrait_group");
}

void Portrait::put_slow() {
  const auto rows = projection_.apply(stack(
      report_.slow, [](const Slow& s) -> auto& { return s.point.x; }));
  put_rows("portrait_slow", rows, "slow points");
  add("scatter", "slow points", "portrait_slow");
}

const char* Portrait::axis_label(std::size_t axis) {
  static constexpr const char* kOrdinals[] = {"first", "second", "third"};
  if (axis >= static_cast<std::size_t>(k_)) return k_ == 1 && axis == 1 ? "index" : nullptr;
  if (n_ > 3) return keep(std::string(kOrdinals[axis]) + " component");
  return surroundings_.state_names != nullptr ? surroundings_.state_names[axis]
                                              : keep("x" + std::to_string(axis));
}

void Portrait::put() {
  const std::vector<double> states = projection_.apply(sample(surroundings_.states, n_));
  const std::vector<double> points = projection_.apply(stack(
      report_.points, [](const Point& p) -> auto& { return p.x; }));
  extents_.include(states);
  extents_.include(points);
  if (!surroundings_.on_trajectories) {
    const std::vector<double> others = sample(surroundings_.trajectories.states, n_);
    extents_.include(projection_.apply(finite_rows(others, report_.n)));
  }
  const bool has_lines = put_trajectories();
  const bool has_states = k_ > 1 && !(has_lines && surroundings_.on_trajectories);
  if (has_states) put_states(states);
  if (k_ > 1) put_directions();
  if (!report_.points.empty()) put_points(points);
  if (k_ > 1 && !report_.slow.empty()) put_slow();

  std::string caption = "Fixed points by class";
  if (has_lines) caption += " among trajectories";
  if (has_states) caption += has_lines ? " and given states" : " among given states";
  if (n_ > 3) caption += ", on the first principal axes of the given states";
  caption += "." + caption_;
  sink_.figure({"phase_portrait", "Phase portrait", caption.c_str(), axis_label(0), axis_label(1),
                axis_label(2), static_cast<std::int64_t>(series_.size()), series_.data()});
}

}  // namespace

void put_portrait(const Report& report, const Surroundings& surroundings, const Sink& sink) {
  const bool has_slow = report.n > 1 && !report.slow.empty();
  if (!report.points.empty() || has_slow) Portrait(report, surroundings, sink).put();
}

}  // namespace dynkit::fixed_points
