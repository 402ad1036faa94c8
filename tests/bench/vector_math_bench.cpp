// Nanoseconds per element of the functions in dynkit/vector_math.hpp, against libm.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "dynkit/vector_math.hpp"

namespace {

namespace vm = dynkit::vector_math;

// Fits the first-level cache; magnitudes as they occur in networks.
template <class Function>
void measure(benchmark::State& state, Function function) {
  constexpr std::int64_t kCount = 1024;
  std::mt19937_64 engine(7);
  std::normal_distribution<double> normal(0.0, 2.0);
  std::vector<double> x(kCount), y(kCount);
  for (double& value : x) value = normal(engine);
  for (auto _ : state) {
    function(x.data(), y.data(), kCount);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  using Counter = benchmark::Counter;
  state.counters["per_element"] =
      Counter(static_cast<double>(kCount), Counter::kIsIterationInvariantRate | Counter::kInvert);
}

template <double (*function)(double)>
void each(const double* x, double* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = function(x[i]);
}

using ArrayFunction = void (*)(const double*, double*, std::int64_t);

BENCHMARK_CAPTURE(measure, libm_exp, each<std::exp>);
BENCHMARK_CAPTURE(measure, exp, ArrayFunction{vm::exp});
BENCHMARK_CAPTURE(measure, libm_tanh, each<std::tanh>);
BENCHMARK_CAPTURE(measure, tanh, ArrayFunction{vm::tanh});
BENCHMARK_CAPTURE(measure, sigmoid, ArrayFunction{vm::sigmoid});
BENCHMARK_CAPTURE(measure, softplus, ArrayFunction{vm::softplus});

}  // namespace
