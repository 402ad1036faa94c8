#include "fixed_points.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "kink.hpp"
#include "sample_paths.hpp"
#include "slow_points.hpp"
#include "system_equation.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr std::int64_t kTypicalStates = 64;

// Branches of the job's stream; typical states take 1..kTypicalStates.
constexpr std::int64_t kSlowBranch = 0;
constexpr std::int64_t kKinkBranch = 100;
constexpr std::int64_t kSearchBranch = 1000;  // plus the input

std::optional<Box> find_box(const dk_system& system) {
  const auto n = static_cast<std::size_t>(system.info->n);
  Box box{std::vector<double>(n), std::vector<double>(n)};
  dk_error error{};
  const dk_status status = system.domain(&system, box.lower.data(), box.upper.data(), &error);
  if (status == DK_UNSUPPORTED) return std::nullopt;
  check(status, error);
  return box;
}

// Rows [S,n] into units of the typical magnitudes, and back; an empty scale changes nothing.
void divide(std::span<double> rows, std::span<const double> scale) {
  for (std::size_t k = 0; !scale.empty() && k < rows.size(); ++k)
    rows[k] /= scale[k % scale.size()];
}
void multiply(std::span<double> rows, std::span<const double> scale) {
  for (std::size_t k = 0; !scale.empty() && k < rows.size(); ++k)
    rows[k] *= scale[k % scale.size()];
}

IndexCheck check_index(const std::vector<Point>& points, bool in_box, std::int64_t sum) {
  const bool singular = std::ranges::any_of(points, [](const Point& p) { return p.index == 0; });
  if (!in_box || singular) return IndexCheck::not_applicable;
  return sum == 1 ? IndexCheck::consistent : IndexCheck::violated;
}

// Adds what the search of one input did, and its points.
void collect(const SearchResult& result, PointSet set, std::int64_t input, bool in_box,
             Report& report) {
  std::int64_t sum = 0;
  for (Point& point : set.points) {
    point.input = input;
    sum += point.index;
  }
  for (Rejected& rejected : set.rejected) rejected.input = input;
  report.index_sums.push_back(sum);
  report.index_checks.push_back(check_index(set.points, in_box, sum));
  report.incomplete.push_back(result.incomplete);
  std::ranges::move(set.points, std::back_inserter(report.points));
  std::ranges::move(set.rejected, std::back_inserter(report.rejected));
  for (std::size_t k = 0; k < kFailures.size(); ++k) report.failures[k] += result.failures[k];
  report.starts += result.starts;
  report.rounds += result.rounds;
  report.factorizations += result.factorizations;
}

}  // namespace

/// What is the same for all inputs of a run.
struct FixedPoints::Task {
  const dk_job& job;
  const dk_system& system = *job.systems[0];
  bool map = system.info->time_kind == DK_MAP;
  std::vector<double> scale = state_scale(system);
  std::vector<double> given;         // [S,n]
  std::vector<double> scaled_given;  // [S,n]
  std::optional<Box> box = find_box(system);
  std::optional<Box> scaled_box = box;

  Task(const dk_job& the_job, std::vector<double> given_states)
      : job(the_job), given(std::move(given_states)), scaled_given(given) {
    divide(scaled_given, scale);
    if (scaled_box) {
      divide(scaled_box->lower, scale);
      divide(scaled_box->upper, scale);
    }
  }
};

FixedPoints::FixedPoints(const dk_host&, const Settings& settings)
    : starts_(settings.array("starts")),
      input_(settings.finite_array("input")),
      period_(settings.integer("period")),
      slow_points_(settings.boolean("slow_points")),
      slow_threshold_(settings.number("slow_threshold")),
      slow_starts_(settings.integer("slow_starts")) {
  search_.method = settings.text("solver") == "ceres" ? Method::ceres : Method::newton;
  search_.newton.merge_tolerance = settings.number("merge_tolerance");
  search_.first_starts = settings.integer("first_starts");
  const std::span<const double> noise = settings.numbers("noise");
  search_.noise.assign(noise.begin(), noise.end());
  search_.stop = {.quiet_starts = settings.integer("quiet_starts"),
                  .quiet_per_root = settings.integer("quiet_per_point"),
                  .hits = settings.integer("min_hits"),
                  .patience = settings.integer("patience"),
                  .max_starts = settings.integer("max_starts"),
                  .max_points = settings.integer("max_points")};
  points_ = {.tolerance = settings.number("tolerance"),
             .hyperbolic_tolerance = settings.number("hyperbolic_tolerance"),
             .period = period_,
             .scale = {}};
  if (!(points_.tolerance > 0)) {
    throw Error(DK_SETTINGS, "setting 'tolerance': 0 is not above 0, and no residual would pass");
  }
}

void FixedPoints::accepts(const dk_job& job) const {
  if (job.system_count < 1) throw Error(DK_UNSUPPORTED, "fixed points need a model");
  const dk_system& system = *job.systems[0];
  const dk_model_info& info = *system.info;
  const std::string model = "model '" + std::string(system.component) + "'";
  if ((info.flags & DK_USES_TIME) != 0) {
    throw Error(DK_UNSUPPORTED,
                model +
                    " depends on time, so nothing of it rests at a constant input: if it is "
                    "periodic, take its period map (the state one period later) as the model");
  }
  if ((info.flags & DK_USES_STEP) != 0 && !std::isfinite(info.step)) {
    throw Error(DK_UNSUPPORTED, model + " depends on its step and states none");
  }
  if (period_ > 1 && info.time_kind != DK_MAP) {
    throw Error(DK_UNSUPPORTED, "setting 'period': " + std::to_string(period_) +
                                    " is for maps, and " + model + " is a flow");
  }
  if (input_.given && info.m == 0) {
    throw Error(DK_SETTINGS, "setting 'input': " + model + " takes no input");
  }
  accept_arrays(info);
}

void FixedPoints::accept_arrays(const dk_model_info& info) const {
  const std::vector<std::int64_t>& starts = starts_.shape;
  if (starts_.given && (starts.size() < 2 || starts.size() > 3 || starts.back() != info.n ||
                        starts_.values.empty())) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'starts': shape " + shape_text(starts) +
                                       " is neither " + shape_text({info.n}).insert(1, "S,") +
                                       " nor " + shape_text({info.n}).insert(1, "S,T,"));
  }
  const std::vector<std::int64_t>& input = input_.shape;
  if (input_.given &&
      (input.empty() || input.size() > 2 || input.back() != info.m || input_.values.empty())) {
    throw Error(DK_SHAPE_MISMATCH, "setting 'input': shape " + shape_text(input) + " is neither " +
                                       shape_text({info.m}) + " nor " +
                                       shape_text({info.m}).insert(1, "U,"));
  }
}

std::vector<double> FixedPoints::given_states(const dk_job& job) const {
  if (starts_.given) {
    std::vector<double> states = finite_rows(starts_.values, job.systems[0]->info->n);
    if (!states.empty()) return states;
    throw Error(DK_INVALID_ARGUMENT, "setting 'starts': no state of it is finite");
  }
  std::vector<double> states = data_states(job);
  return states.empty() ? typical_states(job, kTypicalStates) : states;
}

std::vector<std::vector<double>> FixedPoints::inputs(const dk_system& system) const {
  const auto m = static_cast<std::size_t>(system.info->m);
  if (!input_.given) return {std::vector<double>(m, 0.0)};
  std::vector<std::vector<double>> rows;
  for (std::size_t at = 0; at < input_.values.size(); at += m) {
    const auto row = std::span(input_.values).subspan(at, m);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

SearchResult FixedPoints::search_period(const Task& task, std::span<const double> input,
                                        std::int64_t index, std::int64_t period,
                                        const std::vector<double>& seeds) const {
  const SystemEquation equation(task.system, input, period, Form::best, task.scale);
  SearchProblem problem{equation, task.scaled_given, task.scaled_box, seeds, {}};
  if (period > 1) {
    problem.image = [&](std::span<const double> z, std::span<double> next) {
      std::vector<double> x(z.begin(), z.end());
      multiply(x, task.scale);
      equation.step(x, next);
      divide(next, task.scale);
    };
  }
  // The Jacobian of F itself: a balanced residual may be smooth where F is not.
  const SystemEquation plain(task.system, input, period, Form::plain, task.scale);
  std::vector<double> directions;
  if ((task.system.info->flags & DK_NOT_SMOOTH) != 0) {
    directions = kink_directions(*task.job.host, branch(task.job, kKinkBranch), plain.size());
    problem.on_kink = [&](std::span<const double> z) { return on_kink(plain, z, directions); };
  }
  return find_roots(problem, search_, *task.job.host, branch(task.job, kSearchBranch + index));
}

// The points whose period divides k are among those of k, where their basins are narrower: they are
// sought first and are starts then.
SearchResult FixedPoints::search(const Task& task, std::span<const double> input,
                                 std::int64_t index, std::vector<double> seeds) const {
  for (std::int64_t divisor = 1; divisor < period_; ++divisor) {
    if (period_ % divisor != 0) continue;
    SearchResult result = search_period(task, input, index, divisor, seeds);
    if (result.cancelled) return result;
    for (const Root& root : result.roots) {
      if (root.inside) seeds.insert(seeds.end(), root.x.begin(), root.x.end());
    }
  }
  return search_period(task, input, index, period_, seeds);
}

// From some of the given states and from where the search got stuck, in the model's units.
void FixedPoints::find_slow(const Task& task, std::span<const double> input, std::int64_t index,
                            const std::vector<double>& minima, Report& report) const {
  const dk_host& host = *task.job.host;
  std::vector<double> starts = minima;
  dk_stream stream = branch(task.job, kSlowBranch);
  for (std::int64_t s = 0; s < slow_starts_; ++s) {
    std::int64_t row = 0;
    host.integer(&host, &stream, static_cast<std::int64_t>(task.given.size()) / report.n, 1, &row);
    const auto begin = task.given.begin() + row * report.n;
    starts.insert(starts.end(), begin, begin + report.n);
  }
  const SystemEquation equation(task.system, input, 1, Form::plain, {});
  for (SlowPoint& point : find_slow_points(equation, starts, {.fastest = slow_threshold_}, host)) {
    const std::string flaw = task.box ? outside(point.x, *task.box) : "";
    if (!flaw.empty()) {
      report.rejected.push_back({std::move(point.x), index, "slow point " + flaw});
      continue;
    }
    const double distance = nearest_distance(point.x, task.given);
    report.slow.push_back({std::move(point), index, distance});
  }
}

// The user's trajectories, else those of the data.
Surroundings FixedPoints::surroundings(const Task& task) const {
  const Trajectories own = as_trajectories(starts_.values, starts_.shape);
  const bool has_data = own.S == 0;
  return {.states = task.given,
          .trajectories = has_data ? data_trajectories(task.job) : own,
          .on_trajectories = !(has_data && starts_.given),
          .state_names = task.system.info->state_names};
}

void FixedPoints::run(const dk_job& job) const {
  accepts(job);
  const auto begin = std::chrono::steady_clock::now();
  const Task task(job, given_states(job));

  Report report;
  report.n = task.system.info->n;
  report.period = period_;
  report.map = task.map;
  report.exact_derivative = task.system.jacobian_kind == DK_EXACT;
  report.balanced = task.system.residual_balanced != 0 && period_ == 1;

  PointOptions points = points_;
  points.scale = task.scale;
  bool cancelled = false;
  std::vector<double> seeds;  // points of the last input: those of the next are often near
  const std::vector<std::vector<double>> all_inputs = inputs(task.system);
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(all_inputs.size()) && !cancelled; ++i) {
    const std::vector<double>& input = all_inputs[static_cast<std::size_t>(i)];
    SearchResult result = search(task, input, i, seeds);
    cancelled = result.cancelled;
    seeds.clear();
    for (Root& root : result.roots) {
      if (root.inside) seeds.insert(seeds.end(), root.x.begin(), root.x.end());
      multiply(root.x, task.scale);
    }
    const SystemEquation plain(task.system, input, period_, Form::plain, {});
    collect(result,
            examine_roots(plain, task.map, result.roots, task.given, task.box, points, *job.host),
            i, task.box.has_value(), report);
    if (slow_points_ && period_ == 1 && !cancelled) {
      multiply(result.minima, task.scale);
      find_slow(task, input, i, result.minima, report);
    }
  }
  sort_points(report.points);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Surroundings around = surroundings(task);
  SamplePaths samples;
  if (around.trajectories.S == 0 && !cancelled) {
    samples = simulate_paths(task.system, task.given, all_inputs.front());
    around.trajectories = samples.trajectories;
    around.on_trajectories = false;
  }
  put_report(report, around, Sink(*job.sink));
  if (cancelled) {
    throw Error(DK_CANCELLED, "cancelled after " + std::to_string(report.starts) + " starts");
  }
}

}  // namespace dynkit::fixed_points
