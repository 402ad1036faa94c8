#include "sampling.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/error.hpp"

namespace dynkit::trajectories {
namespace {

constexpr double kFlowStep = 0.01;
constexpr std::int64_t kSamples = 1000;
constexpr double kMostRows = 2147483648.0;  // 16 GiB of one state

std::string text_of(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// How many times `unit` goes into `value`.
std::int64_t whole(const char* setting, double value, double unit, const char* what) {
  const double ratio = value / unit;
  if (!(ratio < kMostRows)) {
    throw Error(DK_SETTINGS, std::string("setting '") + setting + "': more than 2^31 " + what);
  }
  const double count = std::round(ratio);
  if (std::abs(ratio - count) > 1e-6 * std::max(1.0, count) || (count == 0.0 && value > 0.0)) {
    throw Error(DK_SETTINGS, std::string("setting '") + setting + "': " + text_of(value) +
                                 " is not a whole number of " + what + ", " + text_of(unit) +
                                 " each");
  }
  return static_cast<std::int64_t>(count);
}

std::optional<double> positive(const Settings& settings, const char* name) {
  if (!settings.given(name)) return std::nullopt;
  const double value = settings.number(name);
  if (value > 0.0 && std::isfinite(value)) return value;
  throw Error(DK_SETTINGS, std::string("setting '") + name + "': must be above 0 and finite");
}

}  // namespace

Sampling::Sampling(const Settings& settings)
    : dt_(positive(settings, "dt")),
      duration_(positive(settings, "duration")),
      burn_in_(settings.number("burn_in")) {
  if (settings.given("samples")) samples_ = settings.integer("samples");
  if (samples_ && dt_ && duration_) {
    throw Error(DK_SETTINGS,
                "settings 'samples', 'dt' and 'duration': give two, the third follows");
  }
  if (duration_ && samples_ && *samples_ < 2) {
    throw Error(DK_SETTINGS, "setting 'samples': 1, but a duration needs at least 2");
  }
}

std::vector<double> Grid::row_times() const {
  std::vector<double> times;
  for (std::int64_t k = skipped; k > 0; --k) {
    times.push_back(-static_cast<double>(k) * burn_in_spacing);
  }
  for (std::int64_t k = 0; k <= (samples - 1) * stride; ++k) {
    times.push_back(static_cast<double>(k) * spacing);
  }
  return times;
}

std::vector<double> Grid::sample_times() const {
  std::vector<double> times;
  for (std::int64_t k = 0; k < samples; ++k) {
    times.push_back(static_cast<double>(k * stride) * spacing);
  }
  return times;
}

std::vector<double> samples_of(std::vector<double> rows, const Grid& grid, std::int64_t S,
                               std::int64_t n) {
  if (grid.rows() == grid.samples) return rows;
  const std::int64_t T = grid.samples;
  std::vector<double> states(static_cast<std::size_t>(S * T * n));
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t k = 0; k < T; ++k) {
      const std::int64_t row = s * grid.rows() + grid.skipped + k * grid.stride;
      std::copy_n(rows.begin() + row * n, n, states.begin() + (s * T + k) * n);
    }
  }
  return states;
}

double Sampling::sample_spacing(bool is_map, double step) const {
  if (dt_) return *dt_;
  if (duration_ && (samples_ || !is_map)) {
    return *duration_ / static_cast<double>(samples_.value_or(kSamples + 1) - 1);
  }
  return is_map ? step : kFlowStep;
}

Grid Sampling::grid(const dk_model_info& info) const {
  const bool is_map = info.time_kind == DK_MAP;
  const double step = info.step > 0.0 ? info.step : 1.0;
  const double dt = sample_spacing(is_map, step);
  Grid grid;
  grid.samples =
      duration_ ? whole("duration", *duration_, dt, "samples") + 1 : samples_.value_or(kSamples);
  if (is_map) {
    grid.stride = whole("dt", dt, step, "steps of the map");
    grid.skipped = whole("burn_in", burn_in_, step, "steps of the map");
    grid.spacing = grid.burn_in_spacing = step;
  } else {
    grid.skipped = burn_in_ > 0.0 ? 1 : 0;
    grid.spacing = dt;
    grid.burn_in_spacing = burn_in_;
  }
  const double rows = static_cast<double>(grid.samples) * static_cast<double>(grid.stride);
  if (!(rows + static_cast<double>(grid.skipped) < kMostRows)) {
    throw Error(DK_TOO_LARGE, "settings 'samples', 'dt', 'burn_in': more than 2^31 rows");
  }
  return grid;
}

}  // namespace dynkit::trajectories
