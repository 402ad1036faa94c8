// Searches for all fixed points of trained networks, one thread, from the states that come with
// them. All three networks have 27.
//
// `search` is the analysis with its default settings, slow points included. `newton` and `ceres`
// leave the slow points out; Ceres, for every start, is limited to 64 of them: compare
// `per_start`.
#include <benchmark/benchmark.h>

#include "plugin_host.hpp"

namespace dynkit::bench {
namespace {

struct Network {
  const char* library;
  const char* component;
  std::int64_t n;
  const char* weights;
  const char* prefix;
  const char* states;
};

constexpr Network kGru64 = {"dynkit_gru", "org.dynkit.gru",
                            64,           "/examples/data/flip_flop_gru/weights.npz",
                            "rnn.",       "/examples/data/flip_flop_gru/states.npy"};
constexpr Network kTanh128 = {
    "dynkit_rnn", "org.dynkit.rnn",
    128,          "/tests/golden/networks_flip_flop/tanh_128_0.npz",
    "",           "/tests/golden/networks_flip_flop/tanh_128_0.npz:states"};
constexpr Network kTanh16 = {"dynkit_rnn", "org.dynkit.rnn",
                             16,           "/tests/golden/networks_flip_flop/tanh_16_0.npz",
                             "",           "/tests/golden/networks_flip_flop/tanh_16_0.npz:states"};

void run(benchmark::State& state, const Network& network, const Config::Table& settings) {
  const std::string root = SOURCE_FOLDER;
  const PluginHost host(PLUGIN_FOLDER);
  const auto system = host.trained(host.find(network.library, network.component),
                                   {{"n", {network.n}}, {"m", {std::int64_t{3}}}},
                                   root + network.weights, network.prefix);
  Config::Table all;
  all.emplace_back("starts", Config{root + network.states});
  all.insert(all.end(), settings.begin(), settings.end());
  AnalysisRun analysis(host, host.find("dynkit_fixed_points", "org.dynkit.fixed_points"), all,
                       *system);
  std::map<std::string, double> values;
  double starts = 0.0;
  for (auto _ : state) {
    values = analysis();
    starts += values.at("starts");
  }
  state.counters["found"] = values.at("found");
  state.counters["starts"] = values.at("starts");
  state.counters["per_start"] =
      benchmark::Counter(starts, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void search(benchmark::State& state, const Network& network) {
  run(state, network, {});
}
void newton(benchmark::State& state, const Network& network) {
  run(state, network, {{"slow_points", {false}}});
}
void ceres(benchmark::State& state, const Network& network) {
  run(state, network,
      {{"slow_points", {false}},
       {"solver", {std::string("ceres")}},
       {"max_starts", {std::int64_t{64}}}});
}

BENCHMARK_CAPTURE(search, gru64, kGru64)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(newton, gru64, kGru64)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ceres, gru64, kGru64)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, tanh128, kTanh128)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(newton, tanh128, kTanh128)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ceres, tanh128, kTanh128)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, tanh16, kTanh16)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(newton, tanh16, kTanh16)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ceres, tanh16, kTanh16)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dynkit::bench
