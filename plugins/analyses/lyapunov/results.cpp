#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "dynkit/job.hpp"
#include "kaplan_yorke.hpp"

namespace dynkit::lyapunov {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What is put of the K exponents, in descending order.
struct Spectrum {
  explicit Spectrum(const Results& results) {
    order.resize(static_cast<std::size_t>(results.K));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return results.record.rate(a) > results.record.rate(b);
    });
    for (const std::int64_t k : order) {
      exponents.push_back(results.record.rate(k));
      errors.push_back(results.record.standard_error(k));
    }
  }
  std::vector<std::int64_t> order;  // index among the tangents
  std::vector<double> exponents, errors;
};

// Weights of exponents in descending order as weights of the record's quantities.
std::vector<double> unsorted(const Spectrum& spectrum, const std::vector<double>& weights) {
  std::vector<double> result(spectrum.order.size() + 1, 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    result[static_cast<std::size_t>(spectrum.order[i])] = weights[i];
  }
  return result;
}

std::vector<double> per_time(std::vector<double> rates, double step) {
  for (double& rate : rates) rate /= step;
  return rates;
}

void put_arrays(const Results& results, const Spectrum& spectrum, const dk_model_info& info,
                const Sink& sink) {
  const bool is_map = info.time_kind == DK_MAP;
  const char* unit = is_map ? "1/step" : "1/time";
  const std::int64_t K = results.K;
  sink.array("exponents", {K}, spectrum.exponents,
             {{"exponent"}, unit, "natural logarithms, largest first"});
  sink.array("standard_error", {K}, spectrum.errors,
             {{"exponent"}, unit, "by batch means; too large for an exponent of 0 along a flow"});
  if (is_map && info.step > 0.0) {
    sink.array("exponents_per_time", {K}, per_time(spectrum.exponents, info.step),
               {{"exponent"}, "1/time", "exponents / step"});
  }

  const std::vector<double>& times = results.record.series_times();
  const std::vector<double>& all = results.record.series();
  std::vector<double> series;
  series.reserve(times.size() * spectrum.order.size());
  for (std::size_t t = 0; t < times.size(); ++t) {
    const std::size_t row = t * (spectrum.order.size() + 1);
    for (const std::int64_t k : spectrum.order) {
      series.push_back(all[row + static_cast<std::size_t>(k)]);
    }
  }
  const auto T = static_cast<std::int64_t>(times.size());
  sink.array("series_time", {T}, times,
             {{"time"}, is_map ? "steps" : "time", "since the end of the burn-in"});
  sink.array("series", {T, K}, series,
             {{"time", "exponent"}, unit, "exponents as they would be had the run ended there"});
}

// Below it the i-th largest exponent may be 0 as well. Over whole periods of a cycle the standard
// errors vanish, the integrator's does not.
double zero_level(const Results& results, const Spectrum& spectrum, std::size_t i) {
  double scale = 0.0;
  for (const double exponent : spectrum.exponents) {
    if (std::isfinite(exponent)) scale = std::max(scale, std::abs(exponent));
  }
  const double zero = results.resolution * scale;
  return std::isnan(spectrum.errors[i]) ? zero : std::max(zero, 3.0 * spectrum.errors[i]);
}

// Where all K < n exponents are positive, those that are left out may be too.
void put_positive(const Results& results, const Spectrum& spectrum, std::int64_t n,
                  const Sink& sink) {
  const std::vector<double>& exponents = spectrum.exponents;
  std::size_t count = 0;
  while (count < exponents.size() && exponents[count] > zero_level(results, spectrum, count)) {
    ++count;
  }
  const bool is_known = (count < exponents.size() || results.K == n) && !std::isnan(exponents[0]);
  const std::vector<double> weights(count, 1.0);
  const double sum = std::inner_product(weights.begin(), weights.end(), exponents.begin(), 0.0);
  sink.value("positive", static_cast<std::int64_t>(count),
             "exponents above 0 by more than three standard errors");
  sink.value("entropy", is_known ? sum : kNan,
             "their sum, which bounds the entropy rate (Ruelle); NaN: more exponents are needed");
  sink.value("entropy_error",
             is_known ? results.record.standard_error(unsorted(spectrum, weights)) : kNan,
             "its standard error");
}

void put_dimension(const Results& results, const Spectrum& spectrum, std::int64_t n,
                   const Sink& sink) {
  const double zero = zero_level(results, spectrum, 0);
  const Dimension dimension = kaplan_yorke(spectrum.exponents, n, zero);
  sink.value("kaplan_yorke", dimension.value,
             "Kaplan-Yorke dimension; NaN: more exponents are needed");
  sink.value("kaplan_yorke_error",
             results.record.standard_error(unsorted(spectrum, dimension.weights)),
             "its standard error");
}

// The sum of all exponents against the mean of tr J or log |det J|.
void put_sum_check(const Results& results, const Spectrum& spectrum, std::int64_t n,
                   const Sink& sink) {
  const double sum = std::accumulate(spectrum.exponents.begin(), spectrum.exponents.end(), 0.0);
  const bool is_complete = results.K == n;
  const double mean = is_complete ? results.record.rate(n) : kNan;
  std::vector<double> difference(static_cast<std::size_t>(results.K) + 1, 1.0);
  difference.back() = -1.0;
  sink.value("sum", sum, "sum of the exponents");
  sink.value("mean_trace", mean,
             "mean of tr J (flows) or log |det J| (maps) along the orbit; NaN: not all exponents");
  sink.value("sum_check", sum == mean ? 0.0 : sum - mean, "sum - mean_trace, 0 but for errors");
  sink.value("sum_check_error", is_complete ? results.record.standard_error(difference) : kNan,
             "standard error of sum_check");
}

void put_table(const Spectrum& spectrum, const dk_model_info& info, const Sink& sink) {
  std::vector<std::int64_t> rank(spectrum.exponents.size());
  std::iota(rank.begin(), rank.end(), std::int64_t{1});
  const bool is_map = info.time_kind == DK_MAP;
  std::vector<double> exponents, errors;  // per time
  std::vector<dk_column> columns = {
      Sink::column("k", rank),
      Sink::column("exponent", spectrum.exponents,
                   is_map ? "natural logarithm, per step" : "natural logarithm, per time"),
      Sink::column("standard_error", spectrum.errors, "by batch means")};
  if (is_map && info.step > 0.0) {
    exponents = per_time(spectrum.exponents, info.step);
    errors = per_time(spectrum.errors, info.step);
    columns.push_back(Sink::column("exponent_per_time", exponents, "exponent / step"));
    columns.push_back(Sink::column("standard_error_per_time", errors, "standard_error / step"));
  }
  sink.table("exponents", "Lyapunov exponents", columns);
}

void put_figure(const Results& results, const Sink& sink) {
  if (results.record.series_times().empty()) return;
  const auto K = static_cast<std::size_t>(std::min<std::int64_t>(results.K, 12));
  std::vector<std::string> names, labels;
  for (std::size_t k = 0; k < K; ++k) {
    names.push_back("series[" + std::to_string(k) + "]");
    labels.push_back("exponent " + std::to_string(k + 1));
  }
  std::vector<dk_series> lines;
  for (std::size_t k = 0; k < K; ++k) {
    lines.push_back(
        {"line", labels[k].c_str(), "series_time", names[k].c_str(), nullptr, nullptr, nullptr});
  }
  sink.figure({"convergence", "Convergence of the Lyapunov exponents",
               "Running means; a line that still drifts has not converged.", "time averaged over",
               "exponent", nullptr, static_cast<std::int64_t>(lines.size()), lines.data()});
}

}  // namespace

void put_results(const Results& results, const dk_system& system, const dk_sink& table) {
  const Sink sink(table);
  const dk_model_info& info = *system.info;
  const Spectrum spectrum(results);
  sink.value("largest", spectrum.exponents[0], "largest exponent");
  sink.value("largest_error", spectrum.errors[0], "its standard error");
  put_positive(results, spectrum, info.n, sink);
  put_dimension(results, spectrum, info.n, sink);
  put_sum_check(results, spectrum, info.n, sink);
  sink.value("converged", results.converged.c_str(),
             "yes: the target is met, the halves of the run agree, and so do sum and trace");
  sink.value("length", results.record.length(), "time or steps averaged over");
  sink.value("time_unit", info.time_kind == DK_MAP ? "steps" : "time", "unit of length");
  sink.value("batch_count", results.record.batch_count(), "batches behind the standard errors");
  sink.value("qr_steps", results.orbit.orthonormalizations(),
             "orthonormalizations, those of the burn-in included");
  sink.value("qr_interval", results.orbit.interval(), "the last interval between them");
  sink.value("worst_pivot", results.orbit.worst_pivot(),
             "smallest share of a tangent that was left; 1e-10: 10 digits lost");
  sink.value("derivative", system.jacobian_kind == DK_EXACT ? "exact" : "central differences",
             "how the Jacobian comes about");
  put_arrays(results, spectrum, info, sink);
  put_table(spectrum, info, sink);
  put_figure(results, sink);
}

}  // namespace dynkit::lyapunov
