#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/job.hpp"

namespace dynkit::linearization {
namespace {

using Complex = std::complex<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  result.reserve(texts.size());
  for (const std::string& text : texts) result.push_back(text.c_str());
  return result;
}

std::int64_t count_prefix(const std::vector<std::string>& names, std::string_view prefix) {
  return std::count_if(names.begin(), names.end(),
                       [&](const std::string& name) { return name.starts_with(prefix); });
}

// Largest finite or infinite element; NaN where there is none.
double largest(const std::vector<double>& values) {
  double result = kNan;
  for (const double value : values) {
    if (!std::isnan(value) && !(result >= value)) result = value;
  }
  return result;
}

// values[p,i] / norms[p]; 0 where the norm is 0.
std::vector<double> relative(const std::vector<double>& values, const std::vector<double>& norms) {
  std::vector<double> result = values;
  const std::size_t per_point = norms.empty() ? 1 : values.size() / norms.size();
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double norm = norms[i / per_point];
    result[i] = norm == 0.0 ? 0.0 : result[i] / norm;
  }
  return result;
}

void put_spectrum(const Results& r, const Sink& sink) {
  const char* rate = r.kind == TimeKind::flow ? "1/time" : nullptr;
  const char* time = r.in_steps ? "steps" : "time";
  const char* cycles = r.in_steps ? "cycles/step" : "cycles/time";
  const std::vector<std::int64_t> shape{r.P, r.n};
  sink.array("eigenvalues", shape, r.eigenvalues,
             {{"point", "mode"},
              rate,
              r.kind == TimeKind::map ? "of dF/dx, by modulus, largest first"
                                      : "of df/dx, by real part, largest first"});
  sink.array("time_constant", shape, r.time_constant,
             {{"point", "mode"}, time, "time of growth or decay by the factor e"});
  sink.array("frequency", shape, r.frequency, {{"point", "mode"}, cycles, "of rotation"});
  sink.array("eigenvalue_condition", shape, r.eigenvalue_condition,
             {{"point", "mode"}, nullptr, "|l| |r| / |l^H r|; infinite: defective"});
  sink.array("eigenvalue_residual", shape, r.residual,
             {{"point", "mode"}, rate, "|J r - lambda r| of the unit vector r"});
}

void put_matrices(const Results& r, const Sink& sink) {
  const std::vector<std::int64_t> shape{r.P, r.n, r.n};
  sink.array("jacobian", shape, r.jacobian, {{"point", "state", "state"}, nullptr, "dF/dx"});
  sink.array("right_eigenvectors", shape, r.right,
             {{"point", "state", "mode"}, nullptr, "columns r with J r = lambda r, |r| = 1"});
  sink.array("left_eigenvectors", shape, r.left,
             {{"point", "state", "mode"}, nullptr, "columns l with l^H J = lambda l^H, L^H R = I"});
  if (r.map != TimeMap::none) {
    sink.array("map_jacobian", shape, r.map_jacobian,
               {{"point", "state", "state"}, nullptr, formula(r.map)});
  }
}

void put_points(const Results& r, const Sink& sink) {
  const std::vector<std::int64_t> shape{r.P};
  if (!r.input_index.empty()) {
    sink.array("input_index", shape, r.input_index,
               {{"point"}, nullptr, "row of the setting 'input' that each point was given"});
  }
  sink.array("class", shape, pointers(r.portrait),
             {{"point"},
              nullptr,
              "node or focus by the leading eigenvalue, saddle_k with k "
              "expanding directions"});
  sink.array("unstable_directions", shape, r.unstable_directions,
             {{"point"}, nullptr, "number of expanding eigenvalues"});
  sink.array("center_directions", shape, r.center_directions,
             {{"point"}, nullptr, "number of eigenvalues within the tolerance of neutral"});
  sink.array("nonnormality", shape, r.departure,
             {{"point"}, nullptr, "Henrici's departure, sqrt(|J|_F^2 - sum |lambda|^2)"});
  sink.array("relative_nonnormality", shape, relative(r.departure, r.frobenius),
             {{"point"}, nullptr, "Henrici's departure / |J|_F"});
  sink.array(
      "condition", shape, r.condition,
      {{"point"}, nullptr, "2-norm condition of the eigenvector matrix; infinite: defective"});
}

void put_inputs(const Results& r, const Sink& sink) {
  const std::vector<std::int64_t> shape{r.P, r.n, r.m};
  sink.array("input_jacobian", shape, r.input_jacobian,
             {{"point", "state", "input"}, nullptr, "dF/du"});
  sink.array("input_drive", shape, r.input_drive,
             {{"point", "mode", "input"}, nullptr, "l^H dF/du: how an input drives a mode"});
  sink.array("input_overlap", shape, r.input_overlap,
             {{"point", "mode", "input"}, nullptr, "|l^H b| / (|l| |b|), b a column of dF/du"});
}

void put_time_map(const Results& r, const Sink& sink) {
  sink.array(
      "map_eigenvalues", {r.P, r.n}, r.multipliers,
      {{"point", "mode"}, nullptr, "multipliers of the named map, in the order of eigenvalues"});
  sink.array("map_class", {r.P}, pointers(r.map_portrait),
             {{"point"}, nullptr, "as class, of the named map"});
}

void put_summary(const Results& r, const dk_system& system, const Sink& sink) {
  sink.value("points", r.P, "number of points");
  sink.value("stable", count_prefix(r.portrait, "stable_"), "stable nodes and foci");
  sink.value("saddles", count_prefix(r.portrait, "saddle_"), "saddles of any index");
  sink.value("unstable", count_prefix(r.portrait, "unstable_"), "unstable nodes and foci");
  sink.value("nonhyperbolic",
             count_prefix(r.portrait, "nonhyperbolic") + count_prefix(r.portrait, "center"),
             "points with a neutral eigenvalue, centers among them");
  sink.value("undefined", count_prefix(r.portrait, "undefined"),
             "points whose Jacobian is not finite or was not reached");
  sink.value("max_nonnormality", largest(relative(r.departure, r.frobenius)),
             "largest relative departure from normality");
  sink.value("max_condition", largest(r.condition), "largest condition of an eigenvector matrix");
  sink.value("max_residual", largest(relative(r.residual, r.frobenius)),
             "largest |J r - lambda r| / |J|_F");
  sink.value("time_unit", r.in_steps ? "steps" : "time", "unit of time constants");
  if (r.map != TimeMap::none) sink.value("map", formula(r.map), "map that map_* refer to");
  sink.value("derivative", system.jacobian_kind == DK_EXACT ? "exact" : "central differences",
             "how the Jacobian comes about");
}

void put_table(const Results& r, const Sink& sink) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(r.P));
  std::vector<double> real, imaginary, constant, cycles;
  for (std::size_t p = 0; p < index.size(); ++p) {
    const std::size_t leading = p * static_cast<std::size_t>(r.n);
    index[p] = static_cast<std::int64_t>(p);
    real.push_back(r.eigenvalues[leading].real());
    imaginary.push_back(r.eigenvalues[leading].imag());
    constant.push_back(r.time_constant[leading]);
    cycles.push_back(r.frequency[leading]);
  }
  const std::vector<const char*> portrait = pointers(r.portrait);
  const std::vector<double> departure = relative(r.departure, r.frobenius);
  std::vector<dk_column> columns{Sink::column("point", index),
                                 Sink::column("class", portrait),
                                 Sink::column("unstable_directions", r.unstable_directions),
                                 Sink::column("eigenvalue_real", real, "of the first eigenvalue"),
                                 Sink::column("eigenvalue_imaginary", imaginary),
                                 Sink::column("time_constant", constant),
                                 Sink::column("frequency", cycles),
                                 Sink::column("relative_nonnormality", departure),
                                 Sink::column("condition", r.condition)};
  if (!r.input_index.empty()) {
    columns.insert(columns.begin() + 1, Sink::column("input_index", r.input_index));
  }
  sink.table("points", "Points and their leading eigenvalues", columns);
}

void put_figure(const Sink& sink, const char* kind, const char* name, const char* title,
                const char* caption, const char* values, const char* group) {
  const dk_series series{kind, "eigenvalues", values, nullptr, nullptr, group, nullptr};
  sink.figure({name, title, caption, "real part", "imaginary part", nullptr, 1, &series});
}

void put_figures(const Results& r, const Sink& sink) {
  if (r.P == 0) return;
  put_figure(sink, "complex_plane", "eigenvalues", "Eigenvalues of the Jacobians",
             r.kind == TimeKind::map
                 ? "Eigenvalues of dF/dx at each point. Inside the unit circle: contracting."
                 : "Eigenvalues of df/dx at each point. Left of the imaginary axis: contracting.",
             "eigenvalues", "class");
  if (r.map != TimeMap::none) {
    put_figure(sink, "multipliers", "map_eigenvalues", "Multipliers of the named map",
               r.map == TimeMap::euler
                   ? "Eigenvalues of I + dt J. Contracting where the modulus is below 1."
                   : "Eigenvalues of expm(dt J). Contracting where the modulus is below 1.",
               "map_eigenvalues", "map_class");
  }
}

}  // namespace

Results::Results(std::int64_t points, const dk_model_info& info, TimeMap time_map, bool matrices)
    : P(points),
      n(info.n),
      m(info.m),
      kind(info.time_kind == DK_MAP ? TimeKind::map : TimeKind::flow),
      map(time_map),
      step(kind == TimeKind::map && info.step > 0.0 ? info.step : 1.0),
      in_steps(kind == TimeKind::map && !(info.step > 0.0)),
      with_matrices(matrices) {
  const auto size = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  const Complex undefined(kNan, kNan);
  eigenvalues.assign(size(P * n), undefined);
  for (auto* numbers : {&time_constant, &frequency, &eigenvalue_condition, &residual}) {
    numbers->assign(size(P * n), kNan);
  }
  for (auto* numbers : {&departure, &frobenius, &condition}) numbers->assign(size(P), kNan);
  portrait.assign(size(P), "undefined");
  unstable_directions.assign(size(P), 0);
  center_directions.assign(size(P), 0);
  if (with_matrices) {
    right.assign(size(P * n * n), undefined);
    left.assign(size(P * n * n), undefined);
    jacobian.assign(size(P * n * n), kNan);
  }
  input_jacobian.assign(size(P * n * m), kNan);
  input_drive.assign(size(P * n * m), undefined);
  input_overlap.assign(size(P * n * m), kNan);
  if (map == TimeMap::none) return;
  multipliers.assign(size(P * n), undefined);
  map_portrait.assign(size(P), "undefined");
  if (with_matrices) map_jacobian.assign(size(P * n * n), kNan);
}

void Results::interpret(std::int64_t point, double tolerance, double dt) {
  const auto p = static_cast<std::size_t>(point);
  const auto first = static_cast<std::size_t>(point * n), count = static_cast<std::size_t>(n);
  Portrait own = classify({eigenvalues.data() + first, count}, kind, tolerance);
  portrait[p] = std::move(own.name);
  unstable_directions[p] = own.unstable_directions;
  center_directions[p] = own.center_directions;
  for (std::size_t i = first; i < first + count; ++i) {
    time_constant[i] = dynkit::linearization::time_constant(eigenvalues[i], kind, step);
    frequency[i] = dynkit::linearization::frequency(eigenvalues[i], kind, step);
  }
  if (map == TimeMap::none) return;
  for (std::size_t i = first; i < first + count; ++i) {
    multipliers[i] = multiplier(map, dt, eigenvalues[i]);
  }
  // classify() wants the most expanding first, which Euler's map may have changed.
  std::vector<Complex> sorted(multipliers.begin() + static_cast<std::ptrdiff_t>(first),
                              multipliers.begin() + static_cast<std::ptrdiff_t>(first + count));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](Complex a, Complex b) { return std::abs(a) > std::abs(b); });
  map_portrait[p] = classify(sorted, TimeKind::map, tolerance).name;
}

void put_results(const Results& results, const dk_system& system, const dk_sink& table) {
  const Sink sink(table);
  put_spectrum(results, sink);
  put_points(results, sink);
  if (results.with_matrices) put_matrices(results, sink);
  if (results.m > 0) put_inputs(results, sink);
  if (results.map != TimeMap::none) put_time_map(results, sink);
  put_summary(results, system, sink);
  put_table(results, sink);
  put_figures(results, sink);
}

}  // namespace dynkit::linearization
