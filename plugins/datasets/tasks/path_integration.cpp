#include "path_integration.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "dynkit/vector_math/sine.hpp"

namespace dynkit::tasks {
namespace {

// Radians in a bin: a hundred standard deviations are within the range of our sine.
constexpr double kLargestTurn = 1e4;

struct Vector {
  double x = 0.0, y = 0.0;
};

// R(angle) h, of length 1 again.
Vector turned(const Vector& h, double angle) {
  const double sine = vector_math::sin(angle), cosine = vector_math::cos(angle);
  const Vector raw{cosine * h.x - sine * h.y, sine * h.x + cosine * h.y};
  const double length = std::sqrt(raw.x * raw.x + raw.y * raw.y);
  return {raw.x / length, raw.y / length};
}

// The outward normal of the wall of [-half, half]^2 that is nearest, and how far it is.
struct Wall {
  Vector normal;
  double distance;
};

Wall nearest_wall(const Vector& x, double half) {
  const double to_x = half - std::abs(x.x), to_y = half - std::abs(x.y);
  if (to_x <= to_y) return {{std::copysign(1.0, x.x), 0.0}, to_x};
  return {{0.0, std::copysign(1.0, x.y)}, to_y};
}

// The share of `step` that stays within [-half, half] along one axis.
double share_within(double x, double step, double half) {
  const double room = step > 0.0 ? half - x : half + x;
  return std::abs(step) <= room ? 1.0 : std::max(0.0, room) / std::abs(step);
}

}  // namespace

PathIntegration::PathIntegration(const dk_host&, const Settings& settings)
    : trials_(settings),
      bins_(settings.integer("bins")),
      motion_(settings.text("inputs") == "velocity"  ? Motion::velocity
              : settings.text("inputs") == "heading" ? Motion::heading
                                                     : Motion::turning),
      anywhere_(settings.text("start") == "anywhere"),
      dt_(positive_number(settings, "dt")),
      width_(positive_number(settings, "width")),
      speed_(settings.number("speed")),
      turning_(settings.number("turning") * (std::numbers::pi / 180.0)),
      perimeter_(settings.number("perimeter")),
      slowing_(settings.number("slowing")),
      noise_(settings.number("noise")) {
  static_cast<void>(array_size(trials_.S, bins_, channels()));
  if (!(turning_ * dt_ <= kLargestTurn)) {
    throw Error(
        DK_SETTINGS,
        "settings 'turning' and 'dt': more than 10000 radians in a bin are beyond the limit");
  }
}

void PathIntegration::make_trial(const dk_host& host, dk_stream& stream, double* start,
                                 double* inputs, double* targets) const {
  Random random(host, stream);
  const double half = 0.5 * width_;
  const std::int64_t m = channels();
  Vector x, h{1.0, 0.0};
  if (anywhere_) x = {random.uniform(-half, half), random.uniform(-half, half)};
  start[0] = x.x;
  start[1] = x.y;
  for (std::int64_t k = 0; k < bins_; ++k) {
    // (1): the length of a normal vector is Rayleigh. The first turn may lead anywhere.
    const double parts[] = {random.normal(), random.normal()};
    double v = speed_ * std::sqrt(parts[0] * parts[0] + parts[1] * parts[1]);
    const Vector before = h;
    if (k == 0) h = turned(h, random.uniform(-std::numbers::pi, std::numbers::pi));

    // (2)
    const Wall wall = nearest_wall(x, half);
    const double toward = h.x * wall.normal.x + h.y * wall.normal.y;
    if (wall.distance < perimeter_ && toward > 0.0) {
      const double along = wall.normal.x * h.y - wall.normal.y * h.x;
      const double side = along < 0.0 ? -1.0 : 1.0;
      h = {-side * wall.normal.y, side * wall.normal.x};
      v *= slowing_;
    }

    // (3)
    h = turned(h, turning_ * dt_ * random.normal());
    v *= std::min(share_within(x.x, v * dt_ * h.x, half), share_within(x.y, v * dt_ * h.y, half));
    x = {std::clamp(x.x + v * dt_ * h.x, -half, half),
         std::clamp(x.y + v * dt_ * h.y, -half, half)};

    double* u = inputs + k * m;
    if (motion_ == Motion::velocity) {
      u[0] = v * h.x;
      u[1] = v * h.y;
    } else {
      const bool world = motion_ == Motion::heading;
      u[0] = v;
      u[1] = world ? h.x : before.x * h.x + before.y * h.y;
      u[2] = world ? h.y : before.x * h.y - before.y * h.x;
    }
    targets[2 * k] = x.x;
    targets[2 * k + 1] = x.y;
  }
  add_noise(host, stream, noise_, inputs, bins_ * m);
  if (anywhere_) std::copy_n(start, 2, inputs + m - 2);
}

void PathIntegration::generate(const dk_job& job) const {
  const std::int64_t S = trials_.S, T = bins_, m = channels();
  std::vector<double> inputs(array_size(S, T, m)), targets(array_size(S, T, 2));
  std::vector<double> starts(static_cast<std::size_t>(2 * S));
  for_each_trial(job, S, [&](dk_stream& stream, std::int64_t s) {
    make_trial(*job.host, stream, &starts[static_cast<std::size_t>(2 * s)],
               &inputs[static_cast<std::size_t>(s * T * m)],
               &targets[static_cast<std::size_t>(s * T * 2)]);
  });

  const Sink sink(*job.sink);
  put_time(sink, T, dt_, "s");
  sink.array("inputs", {S, T, m}, inputs, {{"trial", "time", "input"}, nullptr, "self-motion"});
  sink.array("targets", {S, T, 2}, targets,
             {{"trial", "time", "output"}, "m", "position after this bin's motion"});
  sink.array("start", {S, 2}, starts, {{"trial", "axis"}, "m", "position before the first bin"});
  put_split(sink, trials_);
  const dk_series series{"line", "paths", "targets[0]", "targets[1]", nullptr, nullptr, nullptr};
  sink.figure({"paths", "Paths in the arena", nullptr, "x", "y", nullptr, 1, &series});
}

}  // namespace dynkit::tasks
