// Lyapunov spectra through the real host: model and analysis are plugins, the analysis has its
// default settings unless named, burn-in (a tenth of the length) and standard errors are included.
//
// The counters say how good the answer is that the time buys: `largest` (Lorenz 0.9056, Lorenz-96
// about 1.69), `error` its standard error's share in the dimension, `sum_check` the integrator's
// error in the sum of all exponents. Boost's classical Runge-Kutta with fixed steps and modified
// Gram-Schmidt, equations and tangents inlined in one right-hand side, stands beside it: what a
// careful user would write for this one system.
#include <benchmark/benchmark.h>

#include <array>

// Odeint copies steppers before their buffers have values.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <boost/numeric/odeint.hpp>
#include <cmath>

#include "plugin_host.hpp"

namespace dynkit::bench {
namespace {

constexpr double kLength = 1000.0;

void analyze(benchmark::State& state, const char* model, const Config::Table& settings,
             double length = kLength) {
  const PluginHost host(PLUGIN_FOLDER);
  const auto system = host.system(host.find("dynkit_analytic", model));
  Config::Table all = {{"length", {length}}};
  all.insert(all.end(), settings.begin(), settings.end());
  AnalysisRun run(host, host.find("dynkit_lyapunov", "org.dynkit.lyapunov"), all, *system);
  std::map<std::string, double> values;
  for (auto _ : state) values = run();
  for (const char* name : {"largest", "sum_check", "kaplan_yorke_error", "qr_steps"}) {
    state.counters[name] = values.at(name);
  }
}

Config text(const char* value) {
  return {std::string(value)};
}

void BM_Lorenz(benchmark::State& state, const char* method) {
  analyze(state, "org.dynkit.lorenz63", {{"method", text(method)}});
}
void BM_Lorenz96(benchmark::State& state, const char* method) {
  analyze(state, "org.dynkit.lorenz96", {{"method", text(method)}});
}
void BM_Henon(benchmark::State& state) {
  analyze(state, "org.dynkit.henon", {}, 1e5);
}

// x and three tangents, v' = J v.
using State = std::array<double, 12>;

void lorenz_with_tangents(const State& s, State& ds, double) {
  ds[0] = 10.0 * (s[1] - s[0]);
  ds[1] = s[0] * (28.0 - s[2]) - s[1];
  ds[2] = s[0] * s[1] - 8.0 / 3.0 * s[2];
  for (std::size_t v = 3; v < 12; v += 3) {
    ds[v] = 10.0 * (s[v + 1] - s[v]);
    ds[v + 1] = (28.0 - s[2]) * s[v] - s[v + 1] - s[0] * s[v + 2];
    ds[v + 2] = s[1] * s[v] + s[0] * s[v + 1] - 8.0 / 3.0 * s[v + 2];
  }
}

void orthonormalize(State& s, double* sums) {
  for (std::size_t k = 0; k < 3; ++k) {
    double* v = s.data() + 3 + 3 * k;
    for (std::size_t j = 0; j < k; ++j) {
      const double* w = s.data() + 3 + 3 * j;
      const double along = v[0] * w[0] + v[1] * w[1] + v[2] * w[2];
      for (int i = 0; i < 3; ++i) v[i] -= along * w[i];
    }
    const double r = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    sums[k] += std::log(r);
    for (int i = 0; i < 3; ++i) v[i] /= r;
  }
}

// Steps of 0.01, tangents made orthonormal every tenth.
void BM_LorenzByHand(benchmark::State& state) {
  constexpr double kStep = 0.01;
  constexpr int kEvery = 10;
  double sums[3] = {};
  for (auto _ : state) {
    State s = {1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0};
    boost::numeric::odeint::runge_kutta4<State> stepper;
    const int burn_in = static_cast<int>(0.1 * kLength / kStep / kEvery);
    const int pieces = static_cast<int>(1.1 * kLength / kStep / kEvery);
    for (int i = 0; i < pieces; ++i) {
      if (i == burn_in) sums[0] = sums[1] = sums[2] = 0.0;
      for (int j = 0; j < kEvery; ++j) stepper.do_step(lorenz_with_tangents, s, 0.0, kStep);
      orthonormalize(s, sums);
    }
    benchmark::DoNotOptimize(sums);
  }
  state.counters["largest"] = sums[0] / kLength;
  state.counters["sum_check"] = (sums[0] + sums[1] + sums[2]) / kLength + 41.0 / 3.0;
}

BENCHMARK(BM_LorenzByHand)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz, default_method, "auto")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz, tsit5, "tsit5")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz, dop853, "dop853")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz96, default_method, "auto")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz96, tsit5, "tsit5")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Lorenz96, dop853, "dop853")->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Henon)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dynkit::bench
