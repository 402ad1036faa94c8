// Component org.dynkit.fixed_points: settings, checks of the job, and the run over its inputs.

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/job.hpp"
#include "points.hpp"
#include "report.hpp"
#include "search.hpp"
#include "slow_points.hpp"
#include "system_equation.hpp"

namespace dynkit::fixed_points {

namespace {

constexpr const char* kSolvers[] = {"newton", "ceres", nullptr};

constexpr dk_setting kDeclared[] = {
    array_setting(
        "starts",
        "states to start from [S,n], or trajectories [S,T,n]; left out: the states of the "
        "run's data, else typical states of the model",
        DK_OPTIONAL),
    array_setting("input", "constant input [m], or several [U,m]; left out: zero", DK_OPTIONAL),
    integer_setting("period", "1", 1, 1024, "of a map: fixed points of F applied so many times"),
    text_setting("solver", "newton", kSolvers,
                 "newton, with Levenberg-Marquardt and Ceres for what it leaves; or ceres for "
                 "every start, the slow second opinion"),
    numbers_setting("noise", "[0.3, 0.5, 1.0]", 0, kUnbounded,
                    "standard deviations of the noise on starts, in units of the given states' "
                    "spread"),
    integer_setting("first_starts", "64", 0, 1e9, "starts from the given states themselves"),
    integer_setting("max_starts", "1000000", 1, 1e12, "starts for each input, at most"),
    integer_setting("max_points", "20000", 1, 1e8, "points for each input, at most"),
    integer_setting("quiet_starts", "200", 1, 1e9,
                    "stop rule: converged starts in a row that found nothing new, at least"),
    integer_setting("quiet_per_point", "8", 0, 1e6,
                    "stop rule: and at least this many for each point found"),
    integer_setting("min_hits", "3", 1, 1e6, "stop rule: starts that reached each point"),
    integer_setting("patience", "8", 1, 1e6,
                    "how many times as long to search where points lack hits or the index sum is "
                    "not +1"),
    number_setting("tolerance", "1e-10", 0, 1,
                   "largest residual of a point, relative to |J| (1 + max |x_i|)"),
    number_setting("merge_tolerance", "1e-6", 0, 1,
                   "points closer than this, relative to 1 + max |x_i|, are one"),
    number_setting("hyperbolic_tolerance", "1e-6", 0, 1,
                   "eigenvalues this near the border of stability count as on it"),
    boolean_setting("slow_points", "true", "whether to look for slow points"),
    number_setting("slow_threshold", "1e-3", 0, kUnbounded, "largest q of a slow point"),
    integer_setting("slow_starts", "16", 0, 1e9,
                    "given states to descend from in search of slow points"),
};

constexpr std::int64_t kTypicalStates = 64;
constexpr double kSmallestSlowQ = 1e-16;

/// An array of numbers with its shape, kept after `create`.
struct Numbers {
  bool given = false;
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

Numbers keep(const Settings& settings, const char* name) {
  Numbers kept;
  kept.given = settings.given(name);
  if (!kept.given) return kept;
  const dk_array& array = settings.value(name).array;
  kept.shape.assign(array.shape, array.shape + array.rank);
  const std::span<const double> values = settings.numbers(name);
  kept.values.assign(values.begin(), values.end());
  return kept;
}

std::string describe_shape(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    text += (axis > 0 ? "," : "") + std::to_string(shape[axis]);
  }
  return text + "]";
}

std::vector<double> finite_rows(std::span<const double> rows, std::int64_t n) {
  std::vector<double> kept;
  const auto width = static_cast<std::size_t>(n);
  for (std::size_t at = 0; at + width <= rows.size(); at += width) {
    const std::span<const double> row = rows.subspan(at, width);
    if (std::ranges::all_of(row, [](double v) { return std::isfinite(v); })) {
      kept.insert(kept.end(), row.begin(), row.end());
    }
  }
  return kept;
}

dk_stream branch(const dk_job& job, std::int64_t index) {
  dk_stream child{};
  job.host->split(job.host, job.stream, index, &child);
  return child;
}

std::optional<Box> find_box(const dk_system& system) {
  const auto n = static_cast<std::size_t>(system.info->n);
  Box box{std::vector<double>(n), std::vector<double>(n)};
  dk_error error{};
  const dk_status status = system.domain(&system, box.lower.data(), box.upper.data(), &error);
  if (status == DK_UNSUPPORTED) return std::nullopt;
  check(status, error);
  return box;
}

/// x or box in units of the typical magnitudes; an empty scale changes nothing.
std::vector<double> divide(std::vector<double> rows, const std::vector<double>& scale) {
  for (std::size_t k = 0; !scale.empty() && k < rows.size(); ++k) {
    rows[k] /= scale[k % scale.size()];
  }
  return rows;
}

class FixedPoints {
 public:
  static constexpr std::span<const dk_setting> kSettings = kDeclared;

  FixedPoints(const dk_host&, const Settings& settings);
  void accepts(const dk_job& job) const;
  void run(const dk_job& job) const;

 private:
  std::vector<double> given_states(const dk_job& job) const;
  std::vector<double> data_states(const dk_job& job) const;
  std::vector<double> typical_states(const dk_job& job) const;
  std::vector<std::vector<double>> inputs(const dk_system& system) const;
  void slow_points(const dk_job& job, std::span<const double> input,
                   const std::vector<double>& minima, const std::optional<Box>& box,
                   std::int64_t index, Report& report) const;

  Numbers starts_, input_;
  std::int64_t period_;
  SearchOptions search_;
  PointOptions points_;
  bool find_slow_;
  double slow_threshold_;
  std::int64_t slow_starts_;
};

FixedPoints::FixedPoints(const dk_host&, const Settings& settings)
    : starts_(keep(settings, "starts")),
      input_(keep(settings, "input")),
      period_(settings.integer("period")),
      find_slow_(settings.boolean("slow_points")),
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
             .period = period_};
}

void FixedPoints::accepts(const dk_job& job) const {
  if (job.system_count < 1) throw Error(DK_UNSUPPORTED, "fixed points need a model");
  const dk_system& system = *job.systems[0];
  const dk_model_info& info = *system.info;
  const std::string name = system.component;
  if ((info.flags & DK_USES_TIME) != 0) {
    throw Error(DK_UNSUPPORTED,
                "model '" + name +
                    "' depends on time, so nothing of it rests at a constant input: if it is "
                    "periodic, take its period map (the state one period later) as the model");
  }
  if ((info.flags & DK_USES_STEP) != 0 && !std::isfinite(info.step)) {
    throw Error(DK_UNSUPPORTED, "model '" + name + "' depends on its step, and states none");
  }
  if (period_ > 1 && info.time_kind != DK_MAP) {
    throw Error(DK_UNSUPPORTED, "setting 'period': " + std::to_string(period_) +
                                    " is for maps, and model '" + name + "' is a flow");
  }
  if (starts_.given) {
    const std::vector<std::int64_t>& shape = starts_.shape;
    if (shape.size() < 2 || shape.size() > 3 || shape.back() != info.n || starts_.values.empty()) {
      throw Error(DK_SHAPE_MISMATCH, "setting 'starts': shape " + describe_shape(shape) +
                                         " is neither [S," + std::to_string(info.n) +
                                         "] nor [S,T," + std::to_string(info.n) + "]");
    }
  }
  if (input_.given) {
    const std::vector<std::int64_t>& shape = input_.shape;
    if (shape.empty() || shape.size() > 2 || shape.back() != info.m || shape.front() < 1) {
      throw Error(DK_SHAPE_MISMATCH, "setting 'input': shape " + describe_shape(shape) +
                                         " is neither [" + std::to_string(info.m) + "] nor [U," +
                                         std::to_string(info.m) + "]");
    }
  }
}

// Of the data of the run, where it holds states of this size; otherwise empty.
std::vector<double> FixedPoints::data_states(const dk_job& job) const {
  if (job.data == nullptr) return {};
  dk_array states{};
  dk_error error{};
  const dk_status status = job.data->find(job.data, "states", &states, &error);
  if (status == DK_UNSUPPORTED) return {};
  check(status, error);
  const std::int64_t n = job.systems[0]->info->n;
  if (states.type != DK_F64 || states.rank < 2 || states.shape[states.rank - 1] != n) return {};
  std::int64_t size = 1;
  for (std::int32_t axis = 0; axis < states.rank; ++axis) size *= states.shape[axis];
  return finite_rows({static_cast<const double*>(states.data), static_cast<std::size_t>(size)}, n);
}

std::vector<double> FixedPoints::typical_states(const dk_job& job) const {
  const dk_system& system = *job.systems[0];
  const auto n = static_cast<std::size_t>(system.info->n);
  std::vector<double> states(kTypicalStates * n);
  for (std::int64_t s = 0; s < kTypicalStates; ++s) {
    dk_stream stream = branch(job, 1 + s);
    call(system.typical_state, &system, &stream, &states[static_cast<std::size_t>(s) * n]);
  }
  return states;
}

std::vector<double> FixedPoints::given_states(const dk_job& job) const {
  const std::int64_t n = job.systems[0]->info->n;
  if (starts_.given) {
    std::vector<double> states = finite_rows(starts_.values, n);
    if (!states.empty()) return states;
    throw Error(DK_INVALID_ARGUMENT, "setting 'starts': no state of it is finite");
  }
  std::vector<double> states = data_states(job);
  return states.empty() ? typical_states(job) : states;
}

std::vector<std::vector<double>> FixedPoints::inputs(const dk_system& system) const {
  const auto m = static_cast<std::ptrdiff_t>(system.info->m);
  if (!input_.given || m == 0) return {std::vector<double>(static_cast<std::size_t>(m), 0.0)};
  std::vector<std::vector<double>> rows;
  for (auto row = input_.values.begin(); row != input_.values.end(); row += m) {
    rows.emplace_back(row, row + m);
  }
  return rows;
}

// From some of the given states and from where the search got stuck.
void FixedPoints::slow_points(const dk_job& job, std::span<const double> input,
                              const std::vector<double>& minima, const std::optional<Box>& box,
                              std::int64_t index, Report& report) const {
  const auto n = static_cast<std::size_t>(report.n);
  std::vector<double> starts = minima;
  dk_stream stream = branch(job, 0);
  const auto rows = static_cast<std::int64_t>(report.given.size() / n);
  for (std::int64_t s = 0; s < slow_starts_; ++s) {
    std::int64_t row = 0;
    job.host->integer(job.host, &stream, rows, 1, &row);
    const auto begin = report.given.begin() + row * report.n;
    starts.insert(starts.end(), begin, begin + report.n);
  }
  const SystemEquation equation(*job.systems[0], input, 1, Form::plain, {});
  const SlowOptions options{.fastest = slow_threshold_, .slowest = kSmallestSlowQ};
  for (SlowPoint& point : find_slow_points(equation, starts, options, *job.host)) {
    const std::string flaw = box ? outside(point.x, *box) : "";
    if (flaw.empty()) {
      const double distance = nearest_distance(point.x, report.given);
      report.slow.push_back({std::move(point), index, distance});
    } else {
      report.rejected.push_back({std::move(point.x), index, "slow point " + flaw});
    }
  }
}

IndexCheck check_index(const std::vector<Point>& points, const std::optional<Box>& box,
                       std::int64_t sum) {
  const bool singular = std::ranges::any_of(points, [](const Point& p) { return p.index == 0; });
  if (!box || singular) return IndexCheck::not_applicable;
  return sum == 1 ? IndexCheck::consistent : IndexCheck::violated;
}

void FixedPoints::run(const dk_job& job) const {
  accepts(job);
  const auto begin = std::chrono::steady_clock::now();
  const dk_system& system = *job.systems[0];
  const bool map = system.info->time_kind == DK_MAP;
  const std::vector<double> scale = state_scale(system);
  const std::optional<Box> box = find_box(system);
  std::optional<Box> scaled_box = box;
  if (box) scaled_box = Box{divide(box->lower, scale), divide(box->upper, scale)};

  Report report;
  report.n = system.info->n;
  report.period = period_;
  report.map = map;
  report.given = given_states(job);
  report.exact_derivative = system.jacobian_kind == DK_EXACT;
  report.balanced = system.residual_balanced != 0 && period_ == 1;
  const std::vector<double> scaled_given = divide(report.given, scale);

  bool cancelled = false;
  std::vector<double> seeds;  // points of the last input: those of the next are often near
  const std::vector<std::vector<double>> all_inputs = inputs(system);
  for (std::size_t i = 0; i < all_inputs.size() && !cancelled; ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const SystemEquation equation(system, all_inputs[i], period_, Form::best, scale);
    const SystemEquation plain(system, all_inputs[i], period_, Form::plain, {});
    SearchProblem problem{equation, scaled_given, scaled_box, seeds, {}};
    if (period_ > 1) {
      problem.image = [&](std::span<const double> z, std::span<double> next) {
        std::vector<double> x(z.begin(), z.end());
        for (std::size_t k = 0; k < x.size() && !scale.empty(); ++k) x[k] *= scale[k];
        plain.step(x, next);
        for (std::size_t k = 0; k < x.size() && !scale.empty(); ++k) next[k] /= scale[k];
      };
    }
    SearchResult result = find_roots(problem, search_, *job.host, branch(job, 1000 + index));
    cancelled = result.cancelled;

    seeds.clear();
    for (Root& root : result.roots) {
      if (root.inside) seeds.insert(seeds.end(), root.x.begin(), root.x.end());
      for (std::size_t k = 0; k < root.x.size() && !scale.empty(); ++k) root.x[k] *= scale[k];
    }
    PointSet set = examine_roots(plain, map, result.roots, report.given, box, points_, *job.host);
    std::int64_t sum = 0;
    for (Point& point : set.points) {
      point.input = index;
      sum += point.index;
    }
    for (Rejected& rejected : set.rejected) rejected.input = index;
    report.index_sums.push_back(sum);
    report.index_checks.push_back(check_index(set.points, box, sum));
    report.incomplete.push_back(result.incomplete);
    report.points.insert(report.points.end(), set.points.begin(), set.points.end());
    report.rejected.insert(report.rejected.end(), set.rejected.begin(), set.rejected.end());
    for (std::size_t k = 0; k < kFailures.size(); ++k) report.failures[k] += result.failures[k];
    report.starts += result.starts;
    report.rounds += result.rounds;
    report.factorizations += result.factorizations;
    report.ceres_solves += result.ceres_solves;

    if (find_slow_ && period_ == 1 && !cancelled) {
      std::vector<double> minima = result.minima;
      for (std::size_t k = 0; k < minima.size() && !scale.empty(); ++k) {
        minima[k] *= scale[k % scale.size()];
      }
      slow_points(job, all_inputs[i], minima, box, index, report);
    }
  }
  sort_points(report.points);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  put_report(report, Sink(*job.sink));
  if (cancelled) {
    throw Error(DK_CANCELLED, "cancelled after " + std::to_string(report.starts) + " starts");
  }
}

}  // namespace

}  // namespace dynkit::fixed_points

DYNKIT_PLUGIN(dynkit::analysis_component<dynkit::fixed_points::FixedPoints>(
    {.id = "org.dynkit.fixed_points",
     .version = "1.0.0",
     .summary = "all fixed points of a map F(x,u) = x or a flow f(x,u) = 0, by Newton's method "
                "from many starts",
     .citation = "D. Sussillo, O. Barak, Opening the black box: low-dimensional dynamics in "
                 "high-dimensional recurrent neural networks, Neural Computation 25, 626 (2013)"}))
