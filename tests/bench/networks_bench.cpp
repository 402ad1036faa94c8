// GFLOP/s of the recurrent networks' calls, beside a product of the same shape by Eigen in the same
// run. The networks come from the libraries that are built, at the newest instruction set that this
// machine runs (x86-64-v4 where it has AVX-512); networks_bench_eigen.cpp is compiled for the same.
//
// Only the matrix products count as operations: 2 S (gates n) (n + m) for eval, twice that for vjp
// with theta_bar. So the rate shows what gates, activations and calls cost on top of Eigen's line.
// An element of a Jacobian is a sum of one product for each gate, 2 operations a gate, and is bound
// by writing it: bytes/s stand beside FLOP/s there.
#include <benchmark/benchmark.h>

#include <string>

#include "dynkit/balance.h"
#include "networks_bench_eigen.hpp"
#include "support/plugin_model.hpp"

namespace {

using dynkit::call;
using dynkit::testing::GuardedBuffer;
using dynkit::testing::Numbers;
using dynkit::testing::PluginModel;
using dynkit::testing::random_numbers;

constexpr std::int64_t kInputs = 3;

struct Network {
  Network(const char* library, std::int64_t gate_count, benchmark::State& state)
      : gates(gate_count),
        n(state.range(0)),
        S(state.range(1)),
        model(dynkit::testing::runnable_levels(library).back(),
              {{"n", std::to_string(n)}, {"m", std::to_string(kInputs)}}),
        x(random_numbers(S * n, 1)),
        u(random_numbers(S * kInputs, 2)),
        theta(random_numbers(model.info().p, 3, 0.1)),
        out(x.size()),
        prepared(model.prepared(theta.data())),
        tape(model.tape(S)) {}

  dk_points points(const GuardedBuffer& scratch) const {
    dk_points points{};
    points.count = S;
    points.x = {x.data(), n};
    points.u = {u.data(), kInputs};
    points.theta = {theta.data(), 0};
    points.scratch = scratch.data();
    points.prepared = prepared.data();
    return points;
  }
  double product_flop() const { return 2.0 * static_cast<double>(S * gates * n * (n + kInputs)); }

  std::int64_t gates, n, S;
  PluginModel model;
  Numbers x, u, theta, out;
  GuardedBuffer prepared, tape;
};

void count_flop(benchmark::State& state, double flop) {
  using Counter = benchmark::Counter;
  state.counters["FLOP/s"] = Counter(flop, Counter::kIsIterationInvariantRate);
}

void eigen(benchmark::State& state, std::int64_t gates) {
  const dynkit::bench::EigenProduct product(state.range(1), gates * state.range(0), state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(product.run());
  count_flop(state, product.flop());
}

void eval(benchmark::State& state, const char* library, std::int64_t gates) {
  Network network(library, gates, state);
  const GuardedBuffer scratch = network.model.scratch(DK_EVAL, network.S, 1);
  const dk_points points = network.points(scratch);
  const dk_output output{network.out.data(), network.n};
  for (auto _ : state) call(network.model.table().eval, network.model.handle(), &points, &output);
  count_flop(state, network.product_flop());
}

// With the tape of an eval, all outputs wanted.
void vjp(benchmark::State& state, const char* library, std::int64_t gates) {
  Network network(library, gates, state);
  const GuardedBuffer scratch = network.model.scratch(DK_VJP, network.S, 1);
  dk_points points = network.points(scratch);
  points.tape = network.tape.data();
  const dk_output output{network.out.data(), network.n};
  call(network.model.table().eval, network.model.handle(), &points, &output);
  Numbers x_bar(network.x.size()), u_bar(network.u.size()), theta_bar(network.theta.size());
  const dk_cotangents cotangents{1,
                                 {network.x.data(), network.n},
                                 {x_bar.data(), network.n},
                                 {u_bar.data(), kInputs},
                                 {theta_bar.data(), 0}};
  for (auto _ : state)
    call(network.model.table().vjp, network.model.handle(), &points, &cotangents);
  count_flop(state, 2.0 * network.product_flop());
}

void count_elements(benchmark::State& state, const Network& network) {
  const std::int64_t elements = network.S * network.n * network.n;
  state.SetBytesProcessed(state.iterations() * elements * std::int64_t{sizeof(double)});
  count_flop(state, 2.0 * static_cast<double>(network.gates * elements));
}

void jacobian(benchmark::State& state, const char* library, std::int64_t gates) {
  Network network(library, gates, state);
  const GuardedBuffer scratch = network.model.scratch(DK_JACOBIAN, network.S, 1);
  const dk_points points = network.points(scratch);
  Numbers J(static_cast<std::size_t>(network.S * network.n * network.n));
  const dk_matrices matrices{J.data(), network.n * network.n, network.n};
  for (auto _ : state) {
    call(network.model.table().jacobian, network.model.handle(), &points,
         std::int32_t{DK_WRT_STATE}, &matrices);
  }
  count_elements(state, network);
}

void linearized_residual(benchmark::State& state, const char* library, std::int64_t gates) {
  Network network(library, gates, state);
  const GuardedBuffer scratch = network.model.scratch(DK_RESIDUAL, network.S, 1);
  const dk_points points = network.points(scratch);
  Numbers J(static_cast<std::size_t>(network.S * network.n * network.n));
  const dk_output output{network.out.data(), network.n};
  const dk_matrices matrices{J.data(), network.n * network.n, network.n};
  const auto* balance = network.model.extension<dk_balance_v1>(DK_BALANCE_V1);
  for (auto _ : state) {
    call(balance->linearized, network.model.handle(), &points, &output, &matrices);
  }
  count_elements(state, network);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "S"})->ArgsProduct({{16, 64, 256}, {1, 64, 1024}});
}
BENCHMARK_CAPTURE(eigen, gru_shape, 3)->Apply(sizes);
BENCHMARK_CAPTURE(eval, gru, DYNKIT_GRU_LIBRARY, 3)->Apply(sizes);
BENCHMARK_CAPTURE(vjp, gru, DYNKIT_GRU_LIBRARY, 3)->Apply(sizes);
BENCHMARK_CAPTURE(jacobian, gru, DYNKIT_GRU_LIBRARY, 3)->Apply(sizes);
BENCHMARK_CAPTURE(linearized_residual, gru, DYNKIT_GRU_LIBRARY, 3)->Apply(sizes);

BENCHMARK_CAPTURE(eigen, rnn_shape, 1)->Apply(sizes);
BENCHMARK_CAPTURE(eval, rnn, DYNKIT_RNN_LIBRARY, 1)->Apply(sizes);
BENCHMARK_CAPTURE(vjp, rnn, DYNKIT_RNN_LIBRARY, 1)->Apply(sizes);
BENCHMARK_CAPTURE(jacobian, rnn, DYNKIT_RNN_LIBRARY, 1)->Apply(sizes);
BENCHMARK_CAPTURE(linearized_residual, rnn, DYNKIT_RNN_LIBRARY, 1)->Apply(sizes);

}  // namespace
