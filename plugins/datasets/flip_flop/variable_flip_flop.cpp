#include "variable_flip_flop.hpp"

#include <cmath>
#include <string>

#include "dynkit/error.hpp"

namespace dynkit::flip_flop {
namespace {

std::vector<double> list_of(const Settings& settings, const char* name) {
  const auto numbers = settings.numbers(name);
  return {numbers.begin(), numbers.end()};
}

// (2): a direction from a point in the unit disk, and a radius whose square is uniform. Without a
// sine, so that every machine draws the same.
void draw_in_annulus(const dk_host& host, dk_stream& stream, double inner, double outer,
                     double* value) {
  double x = 0.0, y = 0.0, square = 0.0;
  do {
    x = draw_uniform(host, stream, -1.0, 1.0);
    y = draw_uniform(host, stream, -1.0, 1.0);
    square = x * x + y * y;
  } while (square > 1.0 || square < 1e-6);
  const double radius =
      std::sqrt(draw_uniform(host, stream, inner * inner, outer * outer)) / std::sqrt(square);
  value[0] = radius * x;
  value[1] = radius * y;
}

}  // namespace

VariableFlipFlop::VariableFlipFlop(const dk_host&, const Settings& settings)
    : annulus_(settings.text("region") == "annulus"),
      half_widths_(list_of(settings, "half_widths")),
      radii_(list_of(settings, "radii")),
      initial_(list_of(settings, "initial")),
      pulses_(settings.number("pulses")),
      width_(settings.integer("width")),
      validation_(settings.number("validation")),
      test_(settings.number("test")) {
  if (half_widths_.empty()) {
    throw Error(DK_SETTINGS, "setting 'half_widths': is empty, there must be a channel");
  }
  if (radii_.size() != 2 || radii_[0] > radii_[1] || !(radii_[1] > 0.0)) {
    throw Error(DK_SETTINGS,
                "setting 'radii': must be two numbers, inner <= outer and the outer one above 0");
  }
  const std::size_t m = annulus_ ? 2 : half_widths_.size();
  if (initial_.empty()) {
    initial_.assign(m, 0.0);
    if (annulus_) initial_[0] = 0.5 * (radii_[0] + radii_[1]);
  }
  if (initial_.size() != m) {
    throw Error(DK_SETTINGS, "setting 'initial': " + std::to_string(initial_.size()) +
                                 " numbers for " + std::to_string(m) + " channels");
  }
  sizes_ = {settings.integer("trials"), settings.integer("bins"), static_cast<std::int64_t>(m)};
  check_width(width_, sizes_.T);
  check_shares(validation_, test_);
  check_sizes(sizes_, "half_widths");
}

void VariableFlipFlop::add_pulse(const dk_host& host, Trial& trial) const {
  const std::int64_t m = sizes_.m;
  double value[2] = {0.0, 0.0};
  std::int64_t first = 0, channels = 2;
  if (annulus_) {
    draw_in_annulus(host, trial.stream, radii_[0], radii_[1], value);
  } else {
    first = draw_integer(host, trial.stream, m);
    channels = 1;
    const double w = half_widths_[static_cast<std::size_t>(first)];
    value[0] = draw_uniform(host, trial.stream, -w, w);
  }
  const std::int64_t start = draw_integer(host, trial.stream, sizes_.T);
  if (start > sizes_.T - 1 - width_) return;  // would not fit: no pulse
  for (std::int64_t k = start; k <= start + width_; ++k) {
    for (std::int64_t c = 0; c < channels; ++c) trial.inputs[k * m + first + c] = value[c];
  }
}

void VariableFlipFlop::generate(const dk_job& job) const {
  const dk_host& host = *job.host;
  const Trials trials(job, sizes_, [&](Trial trial) {
    const std::int64_t count = draw_poisson(host, trial.stream, pulses_);
    for (std::int64_t pulse = 0; pulse < count; ++pulse) add_pulse(host, trial);
    hold(trial.inputs, initial_.data(), sizes_.T, sizes_.m, trial.targets);
  });
  put_trials(job, sizes_, trials, validation_, test_);
}

}  // namespace dynkit::flip_flop
