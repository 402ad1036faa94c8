// What a call across the boundary costs beyond the arithmetic: the right-hand side of Lorenz (9
// operations, 3 numbers in and out) at S points,
//
//   inlined   compiled into this file, for scale
//   table     written by hand behind the model's C table: the boundary alone
//   plugin    made by dynkit/differentiable_model.hpp, in a library of its own
//   system    the same through dk_system, which fills in parameters and scratch
//
// `per_point` is what to compare. A solver of one trajectory pays the time at S = 1 for each
// stage; with many, the boundary is paid once for all.
#include <benchmark/benchmark.h>

#include "plugin_host.hpp"

namespace dynkit::bench {
namespace {

inline void lorenz(const double* x, const double* theta, double* dx) {
  dx[0] = theta[0] * (x[1] - x[0]);
  dx[1] = x[0] * (theta[1] - x[2]) - x[1];
  dx[2] = x[0] * x[1] - theta[2] * x[2];
}

dk_status by_hand(const dk_model*, const dk_points* points, const dk_output* out, dk_error*) {
  for (std::int64_t s = 0; s < points->count; ++s) {
    lorenz(points->x.data + s * points->x.stride, points->theta.data, out->data + s * out->stride);
  }
  return DK_OK;
}

struct Points {
  explicit Points(std::int64_t count)
      : x(static_cast<std::size_t>(3 * count), 1.5), out(x.size()), points{} {
    points.count = count;
    points.x = {x.data(), 3};
    points.theta = {theta, 0};
  }
  const double theta[3] = {10.0, 28.0, 8.0 / 3.0};
  std::vector<double> x, out;
  dk_points points;
  dk_output output() { return {out.data(), 3}; }
};

// The first number of the result goes into the next call, as in a solver.
template <class Call>
void measure(benchmark::State& state, Points& at, Call call_once) {
  for (auto _ : state) {
    call_once();
    at.x[0] = 1.0 + 1e-3 * at.out[0];
    benchmark::ClobberMemory();
  }
  const auto points = static_cast<double>(state.iterations() * at.points.count);
  state.counters["per_point"] =
      benchmark::Counter(points, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_Inlined(benchmark::State& state) {
  Points at(state.range(0));
  measure(state, at, [&] {
    for (std::int64_t s = 0; s < at.points.count; ++s) {
      lorenz(at.x.data() + 3 * s, at.theta, at.out.data() + 3 * s);
    }
  });
}

void BM_Table(benchmark::State& state) {
  Points at(state.range(0));
  dk_model_v1 table{};
  table.eval = by_hand;
  benchmark::DoNotOptimize(table);
  const dk_output output = at.output();
  dk_error error;
  measure(state, at, [&] { table.eval(nullptr, &at.points, &output, &error); });
}

void BM_Plugin(benchmark::State& state) {
  const PluginHost host(PLUGIN_FOLDER);
  const auto model = host.model(host.find("dynkit_analytic", "org.dynkit.lorenz63"));
  const Model::Lease instance(*model);
  Points at(state.range(0));
  const dk_output output = at.output();
  dk_error error;
  measure(state, at, [&] { model->table().eval(instance, &at.points, &output, &error); });
}

void BM_System(benchmark::State& state) {
  const PluginHost host(PLUGIN_FOLDER);
  const auto system = host.system(host.find("dynkit_analytic", "org.dynkit.lorenz63"));
  Points at(state.range(0));
  at.points.theta = {};
  const dk_system& table = system->table();
  const dk_output output = at.output();
  dk_error error;
  measure(state, at, [&] { table.eval(&table, &at.points, &output, &error); });
}

BENCHMARK(BM_Inlined)->Arg(1)->Arg(64)->Arg(1024);
BENCHMARK(BM_Table)->Arg(1)->Arg(64)->Arg(1024);
BENCHMARK(BM_Plugin)->Arg(1)->Arg(64)->Arg(1024);
BENCHMARK(BM_System)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace dynkit::bench
