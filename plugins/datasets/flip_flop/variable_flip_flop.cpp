#include "variable_flip_flop.hpp"

#include <cmath>
#include <string>

namespace dynkit::flip_flop {
namespace {

std::vector<double> list_of(const Settings& settings, const char* name) {
  const auto numbers = settings.numbers(name);
  return {numbers.begin(), numbers.end()};
}

// (2): a direction from a point in the unit disk, and a radius whose square is uniform. Without a
// sine, so that every machine draws the same.
void draw_in_annulus(Random& random, double inner, double outer, double* value) {
  double x = 0.0, y = 0.0, square = 0.0;
  do {
    x = random.uniform(-1.0, 1.0);
    y = random.uniform(-1.0, 1.0);
    square = x * x + y * y;
  } while (square > 1.0 || square < 1e-6);
  const double radius = std::sqrt(random.uniform(inner * inner, outer * outer)) / std::sqrt(square);
  value[0] = radius * x;
  value[1] = radius * y;
}

}  // namespace

VariableFlipFlop::VariableFlipFlop(const dk_host&, const Settings& settings)
    : trials_(settings),
      annulus_(settings.text("region") == "annulus"),
      half_widths_(list_of(settings, "half_widths")),
      radii_(list_of(settings, "radii")),
      initial_(list_of(settings, "initial")),
      bins_(settings.integer("bins")),
      pulses_(settings.number("pulses")),
      width_(settings.integer("width")) {
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
  channels_ = static_cast<std::int64_t>(m);
  check_width(width_, bins_);
  static_cast<void>(array_size(trials_.S, bins_, channels_, "'trials', 'bins' and 'half_widths'"));
}

void VariableFlipFlop::add_pulse(Trial& trial) const {
  double value[2] = {0.0, 0.0};
  std::int64_t first = 0, channels = 2;
  if (annulus_) {
    draw_in_annulus(trial.random, radii_[0], radii_[1], value);
  } else {
    first = trial.random.integer(channels_);
    channels = 1;
    const double w = half_widths_[static_cast<std::size_t>(first)];
    value[0] = trial.random.uniform(-w, w);
  }
  const std::int64_t start = trial.random.integer(bins_);
  if (start > bins_ - 1 - width_) return;  // would not fit: no pulse
  for (std::int64_t k = start; k <= start + width_; ++k) {
    for (std::int64_t c = 0; c < channels; ++c) trial.inputs[k * channels_ + first + c] = value[c];
  }
}

void VariableFlipFlop::generate(const dk_job& job) const {
  const Trials trials = make_trials(job, trials_.S, bins_, channels_, [&](Trial& trial) {
    const std::int64_t count = draw_poisson(trial.random, pulses_);
    for (std::int64_t pulse = 0; pulse < count; ++pulse) add_pulse(trial);
    hold(trial.inputs, initial_.data(), bins_, channels_, trial.targets);
  });
  put_trials(job, trials_, trials);
}

}  // namespace dynkit::flip_flop
