// Ensembles and tangents of small analytic flows, against Boost.odeint in the same run.
//
// Lorenz (10, 28, 8/3) at rtol = atol = 1e-9: 1000 trajectories from t = 0 to 50, one thread. Error
// norms differ between the codes, so `error` (largest at t = 5 over the trajectories, against
// DOP853 at 1e-13) stands beside the time. Odeint is called with its fastest state type, inlined;
// ours asks the right-hand side through a virtual call on a batch in columns.
#include <benchmark/benchmark.h>

#include <array>

// Odeint copies steppers before their buffers have values.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "dynkit/core/tangent.hpp"

namespace dynkit {
namespace {

namespace odeint = boost::numeric::odeint;

constexpr std::int64_t kTrajectories = 1000;
constexpr double kTolerance = 1e-9;
constexpr double kEnd = 50.0;

void lorenz_at(const double* x, double* dx, std::int64_t stride) {
  dx[0] = 10.0 * (x[stride] - x[0]);
  dx[stride] = x[0] * (28.0 - x[2 * stride]) - x[stride];
  dx[2 * stride] = x[0] * x[stride] - 8.0 / 3.0 * x[2 * stride];
}

// Plain loops, compiled for this machine's instruction set as a plugin's variant is.
void lorenz_columns(std::int64_t count, const double* x, std::int64_t x_stride, double* dx,
                    std::int64_t dx_stride) {
  const double *y = x + x_stride, *z = y + x_stride;
  double *dy = dx + dx_stride, *dz = dy + dx_stride;
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
  for (std::int64_t s = 0; s < count; ++s) {
    dx[s] = 10.0 * (y[s] - x[s]);
    dy[s] = x[s] * (28.0 - z[s]) - y[s];
    dz[s] = x[s] * y[s] - 8.0 / 3.0 * z[s];
  }
}

class Lorenz : public VectorField {
 public:
  explicit Lorenz(bool columns) : columns_(columns) {}

  FieldInfo info() const override { return {3, 0, columns_, false, true, false}; }

  dk_status eval(const dk_points& p, const dk_output& out, dk_error*) override {
    if (p.layout == DK_COLUMNS) {
      lorenz_columns(p.count, p.x.data, p.x.stride, out.data, out.stride);
      return DK_OK;
    }
    for (std::int64_t s = 0; s < p.count; ++s) {
      lorenz_at(p.x.data + s * p.x.stride, out.data + s * out.stride, 1);
    }
    return DK_OK;
  }

  dk_status jacobian(const dk_points& p, const dk_matrices& J, dk_error*) override {
    for (std::int64_t s = 0; s < p.count; ++s) {
      const double* x = p.x.data + s * p.x.stride;
      double* j = J.data + s * J.sample_stride;
      j[0] = -10.0, j[1] = 10.0, j[2] = 0.0;
      j[3] = 28.0 - x[2], j[4] = -1.0, j[5] = -x[0];
      j[6] = x[1], j[7] = x[0], j[8] = -8.0 / 3.0;
    }
    return DK_OK;
  }

 private:
  bool columns_;
};

// Lorenz 96, dx_i/dt = (x_i+1 - x_i-2) x_i-1 - x_i + F, with n = 40 and F = 8.
class Lorenz96 : public VectorField {
 public:
  explicit Lorenz96(bool jvp) : jvp_(jvp) {}

  FieldInfo info() const override { return {kSize, 0, false, false, !jvp_, jvp_}; }

  dk_status eval(const dk_points& p, const dk_output& out, dk_error*) override {
    for (std::int64_t s = 0; s < p.count; ++s) {
      double x[kSize + 3];
      wrap(p.x.data + s * p.x.stride, x);
      double* dx = out.data + s * out.stride;
      for (int i = 0; i < kSize; ++i) dx[i] = (x[i + 3] - x[i]) * x[i + 1] - x[i + 2] + 8.0;
    }
    return DK_OK;
  }

  dk_status jvp(const dk_points& p, const dk_tangents& tangents, const dk_output& out,
                dk_error*) override {
    double x[kSize + 3], v[kSize + 3];
    wrap(p.x.data, x);
    for (std::int64_t k = 0; k < tangents.count; ++k) {
      wrap(tangents.x.data + k * kSize, v);
      double* dv = out.data + k * kSize;
      for (int i = 0; i < kSize; ++i) {
        dv[i] = (v[i + 3] - v[i]) * x[i + 1] + (x[i + 3] - x[i]) * v[i + 1] - v[i + 2];
      }
    }
    return DK_OK;
  }

  dk_status jacobian(const dk_points& p, const dk_matrices& J, dk_error*) override {
    double x[kSize + 3];
    wrap(p.x.data, x);
    std::fill(J.data, J.data + kSize * kSize, 0.0);
    for (int i = 0; i < kSize; ++i) {
      double* row = J.data + i * kSize;
      row[(i + 1) % kSize] = x[i + 1];
      row[(i + kSize - 2) % kSize] = -x[i + 1];
      row[(i + kSize - 1) % kSize] = x[i + 3] - x[i];
      row[i] = -1.0;
    }
    return DK_OK;
  }

  static constexpr int kSize = 40;

 private:
  // x_-2, x_-1, x_0 .. x_n-1, x_n
  static void wrap(const double* x, double* wrapped) {
    wrapped[0] = x[kSize - 2];
    wrapped[1] = x[kSize - 1];
    std::copy(x, x + kSize, wrapped + 2);
    wrapped[kSize + 2] = x[0];
  }

  bool jvp_;
};

std::vector<double> starts() {
  std::vector<double> x0;
  for (std::int64_t s = 0; s < kTrajectories; ++s) {
    const double shift = 1e-3 * static_cast<double>(s);
    x0.insert(x0.end(), {1.0 + shift, 1.0 - 0.5 * shift, 1.0 + 2.0 * shift});
  }
  return x0;
}

struct Ensemble {
  explicit Ensemble(std::vector<double> at) : times(std::move(at)) {
    request.S = kTrajectories;
    request.T = static_cast<std::int64_t>(times.size());
    states.resize(static_cast<std::size_t>(request.S * request.T * 3));
    outcomes.resize(static_cast<std::size_t>(kTrajectories));
    request.times = times.data();
    request.x0 = {x0.data(), 3};
    request.states = states.data();
    request.outcomes = outcomes.data();
  }

  std::vector<double> x0 = starts(), times, states;
  std::vector<std::int32_t> outcomes;
  Trajectories request;
};

IntegrationOptions options(Method method, double tolerance) {
  IntegrationOptions result;
  result.method = method;
  result.rtol = result.atol = tolerance;
  return result;
}

// States at t = 5.
const std::vector<double>& reference() {
  static const std::vector<double> states = [] {
    Ensemble ensemble({0.0, 5.0});
    Lorenz field(true);
    simulate_flow(field, options(Method::dop853, 1e-13), ensemble.request);
    return ensemble.states;
  }();
  return states;
}

double error_of(const double* states, std::int64_t stride, std::int64_t offset) {
  double worst = 0.0;
  for (std::int64_t s = 0; s < kTrajectories; ++s) {
    for (std::int64_t i = 0; i < 3; ++i) {
      const double expected = reference()[static_cast<std::size_t>(s * 6 + 3 + i)];
      worst = std::max(worst, std::abs(states[s * stride + offset + i] - expected));
    }
  }
  return worst;
}

using State = std::array<double, 3>;

template <class Stepper>
void odeint_ensemble(benchmark::State& state) {
  const auto field = [](const State& x, State& dx, double) { lorenz_at(x.data(), dx.data(), 1); };
  const std::vector<double> x0 = starts();
  std::vector<double> at5(static_cast<std::size_t>(3 * kTrajectories));
  const auto run = [&](double end) {
    for (std::int64_t s = 0; s < kTrajectories; ++s) {
      State x{};
      std::copy_n(x0.data() + 3 * s, 3, x.begin());
      auto stepper = odeint::make_controlled<Stepper>(kTolerance, kTolerance);
      odeint::integrate_adaptive(stepper, field, x, 0.0, end, 1e-3);
      std::copy(x.begin(), x.end(), at5.begin() + 3 * s);
    }
  };
  for (auto _ : state) {
    run(kEnd);
    benchmark::DoNotOptimize(at5.data());
  }
  run(5.0);
  state.counters["error"] = error_of(at5.data(), 3, 0);
}

// outputs: times after the first one.
void ours_ensemble(benchmark::State& state, Method method, bool columns, int outputs) {
  std::vector<double> times;
  for (int k = 0; k <= outputs; ++k) times.push_back(kEnd * k / outputs);
  Ensemble ensemble(times), short_run({0.0, 5.0});
  Lorenz field(columns);
  IntegrationCounts counts;
  for (auto _ : state) {
    counts = simulate_flow(field, options(method, kTolerance), ensemble.request);
    benchmark::DoNotOptimize(ensemble.states.data());
  }
  simulate_flow(field, options(method, kTolerance), short_run.request);
  state.counters["error"] = error_of(short_run.states.data(), 6, 3);
  state.counters["evaluations"] = static_cast<double>(counts.evaluations);
  state.counters["rejected"] =
      static_cast<double>(counts.rejected) / static_cast<double>(counts.accepted);
}

// Modified Gram-Schmidt on the rows of V [K,n].
void orthonormalize(std::vector<double>& V, std::int64_t n, std::int64_t K) {
  for (std::int64_t k = 0; k < K; ++k) {
    double* v = V.data() + k * n;
    for (std::int64_t j = 0; j < k; ++j) {
      const double* w = V.data() + j * n;
      double along = 0.0;
      for (std::int64_t i = 0; i < n; ++i) along += v[i] * w[i];
      for (std::int64_t i = 0; i < n; ++i) v[i] -= along * w[i];
    }
    double square = 0.0;
    for (std::int64_t i = 0; i < n; ++i) square += v[i] * v[i];
    for (std::int64_t i = 0; i < n; ++i) v[i] /= std::sqrt(square);
  }
}

// T = 1000 with n tangents, orthonormalized every `interval`.
void tangents(benchmark::State& state, VectorField& field, Method method, double interval) {
  const std::int64_t n = field.info().n;
  for (auto _ : state) {
    TangentPropagator propagator(field, n, options(method, 1e-6));
    std::vector<double> x(static_cast<std::size_t>(n), 1.0), V(static_cast<std::size_t>(n * n));
    x[0] = 1.1;
    for (std::int64_t k = 0; k < n; ++k) V[static_cast<std::size_t>(k * n + k)] = 1.0;
    for (int i = 0; i < static_cast<int>(1000.0 / interval); ++i) {
      propagator.advance(interval * i, interval * (i + 1), nullptr, x.data(), V.data());
      orthonormalize(V, n, n);
    }
    benchmark::DoNotOptimize(x.data());
  }
}

void BM_OdeintDopri5(benchmark::State& state) {
  odeint_ensemble<odeint::runge_kutta_dopri5<State>>(state);
}
void BM_OdeintFehlberg78(benchmark::State& state) {
  odeint_ensemble<odeint::runge_kutta_fehlberg78<State>>(state);
}
void BM_Tsit5(benchmark::State& state) {
  ours_ensemble(state, Method::tsit5, true, 1);
}
void BM_Dop853(benchmark::State& state) {
  ours_ensemble(state, Method::dop853, true, 1);
}
void BM_Dop853Rows(benchmark::State& state) {
  ours_ensemble(state, Method::dop853, false, 1);
}
void BM_Dop853Outputs(benchmark::State& state) {
  ours_ensemble(state, Method::dop853, true, static_cast<int>(state.range(0)));
}
BENCHMARK(BM_OdeintDopri5)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OdeintFehlberg78)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Tsit5)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Dop853)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Dop853Rows)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Dop853Outputs)->Arg(50)->Arg(500)->Arg(5000)->Unit(benchmark::kMillisecond);

void BM_LorenzTangents(benchmark::State& state, Method method) {
  Lorenz field(true);
  tangents(state, field, method, 0.01 * static_cast<double>(state.range(0)));
}
void BM_Lorenz96Tangents(benchmark::State& state, Method method, bool jvp) {
  Lorenz96 field(jvp);
  tangents(state, field, method, 0.01 * static_cast<double>(state.range(0)));
}
BENCHMARK_CAPTURE(BM_LorenzTangents, tsit5, Method::tsit5)
    ->Arg(10)
    ->Arg(50)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_LorenzTangents, dop853, Method::dop853)
    ->Arg(10)
    ->Arg(50)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz96Tangents, jvp, Method::tsit5, true)
    ->Arg(10)
    ->Arg(50)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz96Tangents, jacobian, Method::tsit5, false)
    ->Arg(10)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz96Tangents, dop853, Method::dop853, true)
    ->Arg(50)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dynkit
