// Right-hand sides and requests for the tests of the solvers.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "dynkit/core/integrate.hpp"

namespace dynkit::test {

/// One point: t and h are NaN where they are not given, u is NULL where it is zero.
struct Point {
  double t, h;
  const double* x;
  const double* u;
};

/// A right-hand side written for one point.
class PointField : public VectorField {
 public:
  using Eval = std::function<void(const Point&, double* dx)>;

  PointField(std::int64_t n, std::int64_t m, Eval eval, bool columns = false)
      : eval_(std::move(eval)) {
    info_.n = n;
    info_.m = m;
    info_.columns = columns;
  }

  /// J(point) [n,n].
  void with_jacobian(Eval jacobian) {
    jacobian_ = std::move(jacobian);
    info_.jacobian = true;
  }

  /// J v made from the Jacobian, for fields whose jvp alone is to be used.
  void with_jvp(Eval jacobian) {
    jacobian_ = std::move(jacobian);
    info_.jvp = true;
  }

  FieldInfo info() const override { return info_; }

  dk_status eval(const dk_points& points, const dk_output& out, dk_error*) override {
    const auto n = static_cast<std::size_t>(info_.n);
    std::vector<double> dx(n);
    for (std::int64_t s = 0; s < points.count; ++s) {
      at(points, s, [&](const Point& point) { eval_(point, dx.data()); });
      for (std::int64_t i = 0; i < info_.n; ++i) {
        const bool rows = points.layout == DK_ROWS;
        out.data[rows ? s * out.stride + i : i * out.stride + s] = dx[static_cast<std::size_t>(i)];
      }
    }
    return DK_OK;
  }

  dk_status jacobian(const dk_points& points, const dk_matrices& J, dk_error*) override {
    for (std::int64_t s = 0; s < points.count; ++s) {
      double* matrix = J.data + s * J.sample_stride;
      at(points, s, [&](const Point& point) { jacobian_(point, matrix); });
    }
    return DK_OK;
  }

  dk_status jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out,
                dk_error*) override {
    const std::int64_t n = info_.n;
    std::vector<double> J(static_cast<std::size_t>(n * n));
    at(points, 0, [&](const Point& point) { jacobian_(point, J.data()); });
    for (std::int64_t k = 0; k < tangents.count; ++k) {
      for (std::int64_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (std::int64_t j = 0; j < n; ++j) {
          sum += J[static_cast<std::size_t>(i * n + j)] * tangents.x.data[k * n + j];
        }
        out.data[k * n + i] = sum;
      }
    }
    return DK_OK;
  }

 private:
  template <class Use>
  void at(const dk_points& points, std::int64_t s, Use use) const {
    const auto gather = [&](const dk_input& input, std::int64_t count) {
      std::vector<double> row(static_cast<std::size_t>(count));
      const bool rows = points.layout == DK_ROWS;
      for (std::int64_t i = 0; i < count; ++i) {
        row[static_cast<std::size_t>(i)] =
            input.data[rows ? s * input.stride + i : i * input.stride + s];
      }
      return row;
    };
    const auto scalar = [&](const dk_input& input) {
      return input.data != nullptr ? input.data[s * input.stride]
                                   : std::numeric_limits<double>::quiet_NaN();
    };
    const std::vector<double> x = gather(points.x, info_.n);
    const std::vector<double> u =
        points.u.data != nullptr ? gather(points.u, info_.m) : std::vector<double>();
    use({scalar(points.t), scalar(points.h), x.data(), u.empty() ? nullptr : u.data()});
  }

  FieldInfo info_;
  Eval eval_, jacobian_;
};

/// Room for the trajectories of a request that starts at x0 [S,n], filled with a mark that no
/// solver writes.
struct Request {
  Request(std::vector<double> start, std::int64_t n, std::vector<double> at)
      : x0(std::move(start)), times(std::move(at)) {
    request.S = static_cast<std::int64_t>(x0.size()) / n;
    request.T = static_cast<std::int64_t>(times.size());
    states.assign(static_cast<std::size_t>(request.S * request.T * n), kMark);
    outcomes.assign(static_cast<std::size_t>(request.S), -7);
    last.assign(static_cast<std::size_t>(request.S), kMark);
    request.times = times.data();
    request.x0 = {x0.data(), n};
    request.states = states.data();
    request.outcomes = outcomes.data();
    request.last_times = last.data();
    width = n;
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  double at(std::int64_t s, std::int64_t k, std::int64_t i) const {
    return states[static_cast<std::size_t>((s * request.T + k) * width + i)];
  }

  static constexpr double kMark = -123456.0;
  std::vector<double> x0, times, states, last;
  std::vector<std::int32_t> outcomes;
  Trajectories request;
  std::int64_t width = 0;
};

inline IntegrationOptions with(Method method, double rtol, double atol) {
  IntegrationOptions options;
  options.method = method;
  options.rtol = rtol;
  options.atol = atol;
  return options;
}

inline IntegrationOptions fixed(Method method, double step) {
  IntegrationOptions options;
  options.method = method;
  options.adaptive = false;
  options.step = step;
  return options;
}

/// Slope of log(error) over log(step) by least squares.
inline double slope(const std::vector<double>& steps, const std::vector<double>& errors) {
  double mean_x = 0.0, mean_y = 0.0, xy = 0.0, xx = 0.0;
  const auto count = static_cast<double>(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    mean_x += std::log(steps[i]) / count;
    mean_y += std::log(errors[i]) / count;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double dx = std::log(steps[i]) - mean_x;
    xy += dx * (std::log(errors[i]) - mean_y);
    xx += dx * dx;
  }
  return xy / xx;
}

/// Lorenz' system with (10, 28, 8/3).
inline PointField lorenz(bool columns = false) {
  return PointField(
      3, 0,
      [](const Point& p, double* dx) {
        dx[0] = 10.0 * (p.x[1] - p.x[0]);
        dx[1] = p.x[0] * (28.0 - p.x[2]) - p.x[1];
        dx[2] = p.x[0] * p.x[1] - 8.0 / 3.0 * p.x[2];
      },
      columns);
}

inline void lorenz_jacobian(const Point& p, double* J) {
  const double values[9] = {-10.0,   10.0,   0.0,    28.0 - p.x[2], -1.0,
                            -p.x[0], p.x[1], p.x[0], -8.0 / 3.0};
  std::copy(values, values + 9, J);
}

/// Nonlinear, with time, and with a closed form: x = 2 + sin t, y = 1 / (1 + t^2).
inline PointField closed_form(bool columns = false) {
  return PointField(
      2, 0,
      [](const Point& p, double* dx) {
        const double x = p.x[0], y = p.x[1], t = p.t;
        dx[0] = std::cos(t) + x * (y * (1.0 + t * t) - 1.0);
        dx[1] = -2.0 * t * y * y + (x - 2.0 - std::sin(t)) * x * y;
      },
      columns);
}

inline std::array<double, 2> closed_form_at(double t) {
  return {2.0 + std::sin(t), 1.0 / (1.0 + t * t)};
}

}  // namespace dynkit::test
