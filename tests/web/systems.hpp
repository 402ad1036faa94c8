// Known systems, small enough to know every number that a report of theirs should show.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace dynkit_test {

using Point = std::array<double, 3>;

// dx_i/dt = x_i - x_i^3 (i = 0, 1), dx_2/dt = -3 x_2: nine fixed points x_0, x_1 in {-1, 0, 1},
// x_2 = 0, with eigenvalues 1 at 0 and -2 at +-1: four attract, four are saddles, one repels twice.
inline Point two_bits(const Point& x) {
  return {x[0] - x[0] * x[0] * x[0], x[1] - x[1] * x[1] * x[1], -3.0 * x[2]};
}

// E. N. Lorenz, "Deterministic nonperiodic flow", J. Atmos. Sci. 20, 130 (1963).
inline Point lorenz(const Point& x) {
  return {10.0 * (x[1] - x[0]), x[0] * (28.0 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3.0 * x[2]};
}

inline Point lorenz_tangent(const Point& x, const Point& v) {
  return {10.0 * (v[1] - v[0]), (28.0 - x[2]) * v[0] - v[1] - x[0] * v[2],
          x[1] * v[0] + x[0] * v[1] - 8.0 / 3.0 * v[2]};
}

inline Point add(const Point& a, double h, const Point& b) {
  return {a[0] + h * b[0], a[1] + h * b[1], a[2] + h * b[2]};
}

inline double dot(const Point& a, const Point& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// One step of the classical Runge-Kutta method.
template <class Field>
Point rk4(const Field& f, const Point& x, double h) {
  const Point k1 = f(x);
  const Point k2 = f(add(x, h / 2, k1));
  const Point k3 = f(add(x, h / 2, k2));
  const Point k4 = f(add(x, h, k3));
  return add(add(add(add(x, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
}

// Running estimates [steps][3] of the Lyapunov exponents, with a Gram-Schmidt step after each step.
inline std::vector<Point> lorenz_exponents(int steps, double h) {
  Point x{1.0, 2.0, 20.0};
  std::array<Point, 3> frame{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  Point sums{};
  std::vector<Point> estimates;
  for (int step = 1; step <= steps; ++step) {
    for (Point& v : frame) v = rk4([&x](const Point& w) { return lorenz_tangent(x, w); }, v, h);
    x = rk4(lorenz, x, h);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < i; ++j)
        frame[i] = add(frame[i], -dot(frame[i], frame[j]), frame[j]);
      const double length = std::sqrt(dot(frame[i], frame[i]));
      sums[i] += std::log(length);
      for (double& value : frame[i]) value /= length;
    }
    const double time = step * h;
    estimates.push_back({sums[0] / time, sums[1] / time, sums[2] / time});
  }
  return estimates;
}

}  // namespace dynkit_test
