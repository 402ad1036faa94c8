#include "field.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace dynkit {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<std::pair<Method, const char*>, 10> kMethods = {{
    {Method::rk4, "rk4"},
    {Method::tsit5, "tsit5"},
    {Method::dop853, "dop853"},
    {Method::adams, "adams"},
    {Method::bdf, "bdf"},
    {Method::erk, "arkode_erk"},
    {Method::dirk, "arkode"},
    {Method::euler_maruyama, "euler_maruyama"},
    {Method::heun, "heun"},
    {Method::baoab, "baoab"},
}};

// Sample s in row layout starts at data + s * stride; in columns, where stride 0 means shared, its
// components start at data + s.
dk_input single(const dk_input& input, std::int64_t s, std::int32_t layout) {
  if (input.data == nullptr || input.stride == 0) return input;
  return {input.data + (layout == DK_ROWS ? s * input.stride : s), input.stride};
}

dk_status refuse(dk_error* error, const char* what) {
  return set_error(error, DK_UNSUPPORTED, std::string("this right-hand side has no ") + what);
}

// eval(points, out) for the batch, or point by point; `count` numbers a point.
template <class Eval>
void ask(const dk_points& points, const dk_output& out, std::int64_t count, Eval eval) {
  dk_error error;
  error.message[0] = '\0';  // clearing all of it costs as much as a small right-hand side
  const dk_status status = eval(points, out, &error);
  if (status < 0) check(status, error);
  if (status == DK_OK) return;
  const bool rows = points.layout == DK_ROWS;
  for (std::int64_t s = 0; s < points.count; ++s) {
    const dk_output to{out.data + (rows ? s * out.stride : s), out.stride};
    const dk_status alone = points.count == 1 ? status : eval(single_point(points, s), to, &error);
    if (alone < 0) check(alone, error);
    if (alone == DK_OK) continue;
    for (std::int64_t i = 0; i < count; ++i) to.data[rows ? i : i * out.stride] = kNan;
  }
}

}  // namespace

dk_status VectorField::jacobian(const dk_points&, const dk_matrices&, dk_error* error) {
  return refuse(error, "Jacobian");
}

dk_status VectorField::jvp(const dk_points&, const dk_tangents&, const dk_output&,
                           dk_error* error) {
  return refuse(error, "jvp");
}

Method method_named(std::string_view name) {
  for (const auto& [method, known] : kMethods) {
    if (name == known) return method;
  }
  std::string all;
  for (const auto& [method, known] : kMethods) {
    all += fmt::format("{}'{}'", all.empty() ? "" : ", ", known);
  }
  throw Error(DK_INVALID_ARGUMENT, fmt::format("method '{}' is not one of {}", name, all));
}

const char* method_name(Method method) {
  for (const auto& [known, name] : kMethods) {
    if (method == known) return name;
  }
  return "unknown";
}

Trajectories Trajectories::part(std::int64_t begin, std::int64_t end, std::int64_t n) const {
  Trajectories result = *this;
  result.S = end - begin;
  result.first += begin;
  result.x0.data += begin * x0.stride;
  if (u.data != nullptr) result.u.data += begin * u.stride;
  result.states += begin * T * n;
  result.outcomes += begin;
  if (last_times != nullptr) result.last_times += begin;
  return result;
}

dk_points single_point(const dk_points& points, std::int64_t s) {
  dk_points point = points;
  point.count = 1;
  point.t = single(points.t, s, DK_ROWS);
  point.h = single(points.h, s, DK_ROWS);
  point.x = single(points.x, s, points.layout);
  point.u = single(points.u, s, points.layout);
  return point;
}

void evaluate(VectorField& field, std::int64_t n, const dk_points& points, const dk_output& out) {
  ask(points, out, n, [&](const dk_points& p, const dk_output& o, dk_error* error) {
    return field.eval(p, o, error);
  });
}

void evaluate_noise(NoiseField& noise, std::int64_t width, const dk_points& points,
                    const dk_output& out) {
  ask(points, out, width, [&](const dk_points& p, const dk_output& o, dk_error* error) {
    return noise.amplitude(p, o, error);
  });
}

void evaluate_force(SecondOrderField& field, std::int64_t k, const dk_points& points,
                    const dk_output& out) {
  ask(points, out, k, [&](const dk_points& p, const dk_output& o, dk_error* error) {
    return field.force(p, o, error);
  });
}

void check_trajectories(const Trajectories& trajectories) {
  if (trajectories.S < 0 || trajectories.T < 1) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("simulation of {} trajectories at {} times: at least 0 and 1",
                            trajectories.S, trajectories.T));
  }
  const bool without = trajectories.x0.data == nullptr || trajectories.states == nullptr ||
                       trajectories.outcomes == nullptr;
  if (trajectories.times == nullptr || (trajectories.S > 0 && without)) {
    throw Error(DK_INVALID_ARGUMENT, "simulation without times, initial states or buffers");
  }
  const double* times = trajectories.times;
  for (std::int64_t k = 0; k < trajectories.T; ++k) {
    if (!std::isfinite(times[k]) || (k > 0 && times[k] <= times[k - 1])) {
      throw Error(DK_INVALID_ARGUMENT,
                  fmt::format("time {} is {}: times must be finite and increase", k, times[k]));
    }
  }
}

void check_options(const IntegrationOptions& options) {
  const auto positive = [](const char* name, double value) {
    if (!(value > 0.0) || !std::isfinite(value)) {
      throw Error(DK_INVALID_ARGUMENT, fmt::format("{} is {}: it must be > 0", name, value));
    }
  };
  const bool noisy = options.method == Method::euler_maruyama || options.method == Method::heun ||
                     options.method == Method::baoab;
  const bool ours = options.method == Method::tsit5 || options.method == Method::dop853;
  if (noisy || options.method == Method::rk4 || (ours && !options.adaptive)) {
    positive("the step of a fixed-step method", options.step);
  } else {
    positive("rtol", options.rtol);
    positive("atol", options.atol);
    if (!(options.step >= 0.0) || !std::isfinite(options.step)) {
      throw Error(DK_INVALID_ARGUMENT,
                  fmt::format("the first step is {}: it must be >= 0", options.step));
    }
  }
  if (options.max_steps < 1) {
    throw Error(DK_INVALID_ARGUMENT,
                fmt::format("max_steps is {}: it must be >= 1", options.max_steps));
  }
}

}  // namespace dynkit
