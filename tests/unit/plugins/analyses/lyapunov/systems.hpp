// Systems with known exponents, and a run of the analysis on them.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "plugins/analyses/lyapunov/lyapunov.hpp"
#include "support/fake_system.hpp"

namespace dynkit::lyapunov::testing {

using dynkit::testing::Equations;
using dynkit::testing::FakeHost;
using dynkit::testing::FakeSink;
using dynkit::testing::FakeSystem;
using dynkit::testing::FakeValues;

inline FakeValues make_values() {
  return FakeValues(Lyapunov::kSettings);
}

inline void run(const FakeValues& values, const FakeSystem& system, FakeSink& sink,
                const FakeHost& host = FakeHost()) {
  dynkit::testing::run_analysis(dynkit_plugin_v1()->components[0], values, host.table(),
                                system.table(), sink);
}

/// x' = A x or dx/dt = A x, A [n,n] row-major.
inline Equations make_linear(std::int32_t time_kind, std::int64_t n, const std::vector<double>& A) {
  Equations linear;
  linear.time_kind = time_kind;
  linear.n = n;
  linear.typical_state.assign(static_cast<std::size_t>(n), 0.0);
  linear.eval = [n, A](double, const double* x, const double*, double* out) {
    for (std::int64_t i = 0; i < n; ++i) {
      out[i] = 0.0;
      for (std::int64_t j = 0; j < n; ++j) out[i] += A[static_cast<std::size_t>(i * n + j)] * x[j];
    }
  };
  linear.jacobian = [A](double, const double*, const double*, double* J) {
    std::copy(A.begin(), A.end(), J);
  };
  return linear;
}

/// x' = 1 - a x^2 + y, y' = b x
inline Equations make_henon(double a = 1.4, double b = 0.3) {
  Equations henon;
  henon.time_kind = DK_MAP;
  henon.n = 2;
  henon.typical_state = {0.1, 0.1};
  henon.eval = [=](double, const double* x, const double*, double* out) {
    out[0] = 1.0 - a * x[0] * x[0] + x[1];
    out[1] = b * x[0];
  };
  henon.jacobian = [=](double, const double* x, const double*, double* J) {
    const double rows[] = {-2.0 * a * x[0], 1.0, b, 0.0};
    std::copy_n(rows, 4, J);
  };
  return henon;
}

inline Equations make_lorenz() {
  Equations lorenz;
  lorenz.n = 3;
  lorenz.typical_state = {1.0, 1.0, 20.0};
  lorenz.eval = [](double, const double* x, const double*, double* out) {
    out[0] = 10.0 * (x[1] - x[0]);
    out[1] = x[0] * (28.0 - x[2]) - x[1];
    out[2] = x[0] * x[1] - 8.0 / 3.0 * x[2];
  };
  lorenz.jacobian = [](double, const double* x, const double*, double* J) {
    const double rows[] = {-10.0, 10.0, 0.0, 28.0 - x[2], -1.0, -x[0], x[1], x[0], -8.0 / 3.0};
    std::copy_n(rows, 9, J);
  };
  return lorenz;
}

/// dx/dt = y, dy/dt = mu (1 - x^2) y - x
inline Equations make_van_der_pol() {
  Equations oscillator;
  oscillator.n = 2;
  oscillator.typical_state = {2.0, 0.0};
  oscillator.eval = [](double, const double* x, const double*, double* out) {
    out[0] = x[1];
    out[1] = (1.0 - x[0] * x[0]) * x[1] - x[0];
  };
  oscillator.jacobian = [](double, const double* x, const double*, double* J) {
    const double rows[] = {0.0, 1.0, -2.0 * x[0] * x[1] - 1.0, 1.0 - x[0] * x[0]};
    std::copy_n(rows, 4, J);
  };
  return oscillator;
}

}  // namespace dynkit::lyapunov::testing
