#include "simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/tangent.hpp"
#include "dynkit/error.hpp"
#include "dynkit/job.hpp"
#include "dynkit/noise.h"
#include "dynkit/second_order.h"
#include "simulation_progress.hpp"
#include "system_field.hpp"

namespace dynkit {
namespace {

// Trajectories that one task advances together: as many as there are lanes, few enough that two
// threads have work. 256 and 1024, where lanes are filled again, were no faster: lanes that end are
// closed up. Fixed, so that results do not depend on the machine.
constexpr std::int64_t kTrajectoriesPerTask = 64;
constexpr double kDefaultRtol = 1e-6;
constexpr double kDefaultAtol = 1e-9;
// From here on the higher order costs less than its extra stages.
constexpr double kHighOrderRtol = 1e-8;

class BranchedNormals : public NormalSource {
 public:
  explicit BranchedNormals(const Trajectories& part, const dk_stream& stream) : first_(part.first) {
    for (std::int64_t s = 0; s < part.S; ++s) streams_.push_back(split(stream, part.first + s));
  }
  void draw(std::int64_t trajectory, std::int64_t count, double* out) override {
    draw_normal(streams_[static_cast<std::size_t>(trajectory - first_)],
                {out, static_cast<std::size_t>(count)});
  }

 private:
  std::int64_t first_;
  std::vector<dk_stream> streams_;
};

// Of a flow, or nullptr.
const dk_second_order_v1* second_order_of(const System& system) {
  if (system.model().info().time_kind != DK_FLOW) return nullptr;
  return system.model().extension<dk_second_order_v1>(DK_SECOND_ORDER_V1);
}

Method chosen_method(const System& system, const dk_simulation& request) {
  if (request.method != nullptr) return method_named(request.method);
  if (request.noise != 0) {
    if (second_order_of(system) != nullptr) return Method::baoab;
    const bool stratonovich = system.table().noise->calculus == DK_STRATONOVICH;
    return stratonovich ? Method::heun : Method::euler_maruyama;
  }
  const double rtol = request.rtol > 0.0 ? request.rtol : kDefaultRtol;
  return rtol <= kHighOrderRtol ? Method::dop853 : Method::tsit5;
}

IntegrationOptions options_of(const System& system, const dk_simulation& request) {
  IntegrationOptions options;
  options.method = chosen_method(system, request);
  options.rtol = request.rtol > 0.0 ? request.rtol : kDefaultRtol;
  options.atol = request.atol > 0.0 ? request.atol : kDefaultAtol;
  options.step = request.step;
  const dk_host& host = system.host();
  options.keep_going = [&host](double) { return host.cancelled(&host) == 0; };
  return options;
}

bool has_fixed_step(Method method) {
  return method == Method::rk4 || method == Method::euler_maruyama || method == Method::heun ||
         method == Method::baoab;
}

// The shortest spacing of the times, as torchdiffeq and torchsde have it. The rounding of the times
// is added, so that of equal spacings none is cut in two. Times that do not increase are refused
// later.
double shortest_spacing(const dk_simulation& request) {
  if (request.times == nullptr || request.T < 2) return 1.0;  // nothing to integrate
  double shortest = std::numeric_limits<double>::infinity(), farthest = 0.0;
  for (std::int64_t k = 0; k < request.T; ++k) {
    farthest = std::max(farthest, std::abs(request.times[k]));
    if (k > 0) shortest = std::min(shortest, request.times[k] - request.times[k - 1]);
  }
  return shortest + 4.0 * std::numeric_limits<double>::epsilon() * farthest;
}

void simulate_part(const System& system, const dk_simulation& request,
                   const IntegrationOptions& options, const Trajectories& part) {
  std::optional<BranchedNormals> normals;
  if (request.noise != 0) normals.emplace(part, *request.stream);
  const bool is_map = system.model().info().time_kind == DK_MAP;
  if (!is_map && options.method == Method::baoab) {
    SystemSecondOrder field(system, *second_order_of(system));
    simulate_second_order(field, normals ? &*normals : nullptr, options, part);
    return;
  }
  SystemField field(system);
  const KeepGoing& keep_going = options.keep_going;
  if (normals) {
    SystemNoise noise(system, *system.model().extension<dk_noise_v1>(DK_NOISE_V1));
    if (is_map) {
      simulate_noisy_map(field, noise, *normals, part, keep_going);
    } else {
      simulate_noisy_flow(field, noise, *normals, options, part);
    }
  } else if (is_map) {
    simulate_map(field, part, keep_going);
  } else {
    simulate_flow(field, options, part);
  }
}

void check_request(const System& system, const dk_simulation& request) {
  const bool asks_to_split = request.method != nullptr &&
                             method_named(request.method) == Method::baoab &&
                             system.model().info().time_kind == DK_FLOW;
  if (request.noise == 0 && !asks_to_split) return;
  const bool splits = second_order_of(system) != nullptr;
  if (asks_to_split && !splits) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("method 'baoab' needs positions, velocities and a force ({}), which {} "
                            "does not offer",
                            DK_SECOND_ORDER_V1, system.table().component));
  }
  if (request.noise == 0) return;
  const bool needs_no_amplitude = splits && (request.method == nullptr || asks_to_split);
  if (system.table().noise == nullptr && !needs_no_amplitude) {
    throw Error(DK_UNSUPPORTED,
                fmt::format("{} has no noise to simulate with", system.table().component));
  }
  if (request.stream == nullptr) {
    throw Error(DK_INVALID_ARGUMENT, "a simulation with noise needs a random stream");
  }
}

using Propagator = TangentPropagators::Propagator;

}  // namespace

struct TangentPropagators::Propagator {
  using Key = std::tuple<std::int64_t, Method, double, double, double>;

  Key key;
  std::unique_ptr<SystemField> field;
  std::unique_ptr<TangentPropagator> flow;
  std::unique_ptr<MapTangentPropagator> map;
};

TangentPropagators::TangentPropagators() = default;
TangentPropagators::~TangentPropagators() = default;

Propagator& TangentPropagators::of_this_thread() {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Propagator>& mine = propagators_[std::this_thread::get_id()];
  if (mine == nullptr) mine = std::make_unique<Propagator>();
  return *mine;
}

namespace {

Propagator& propagator(const System& system, const dk_simulation& request, std::int64_t K) {
  Propagator& cached = system.propagators().of_this_thread();
  const IntegrationOptions options = options_of(system, request);
  const Propagator::Key key = {K, options.method, options.rtol, options.atol, options.step};
  if (cached.field == nullptr || key != cached.key) {
    cached.flow.reset();
    cached.map.reset();
    cached.field = std::make_unique<SystemField>(system);
    if (system.model().info().time_kind == DK_MAP) {
      cached.map = std::make_unique<MapTangentPropagator>(*cached.field, K);
    } else {
      if (options.method == Method::rk4 && options.step == 0.0) {
        cached.field.reset();
        throw Error(DK_SETTINGS, "method 'rk4' needs a step: give 'step'");
      }
      cached.flow = std::make_unique<TangentPropagator>(*cached.field, K, options);
    }
    cached.key = key;
  }
  return cached;
}

}  // namespace

void simulate(const System& system, const dk_simulation& request) {
  check_request(system, request);
  IntegrationOptions options = options_of(system, request);
  if (options.step == 0.0 && has_fixed_step(options.method)) {
    options.step = shortest_spacing(request);
  }
  Trajectories all;
  all.S = request.S;
  all.T = request.T;
  all.times = request.times;
  all.x0 = request.x0;
  all.u = request.u;
  all.u_constant = request.u_constant != 0;
  all.states = request.states;
  all.outcomes = request.outcomes;
  all.last_times = request.last_times;
  const std::int64_t n = system.model().info().n;
  SimulationProgress progress(system.host(), all.S);
  parallel_for(system.host(), all.S, kTrajectoriesPerTask,
               [&](std::int64_t begin, std::int64_t end, std::int32_t) {
                 SimulationProgress::Share share(progress);
                 IntegrationOptions own = options;
                 own.keep_going = [&share](double done) { return share.keep_going(done); };
                 simulate_part(system, request, own, all.part(begin, end, n));
                 share.keep_going(static_cast<double>(end - begin));
               });
  progress.end();
}

namespace {

const char* reason_of(std::int32_t outcome) {
  switch (outcome) {
    case DK_NOT_FINITE:
      return "it is not finite";
    case DK_TOO_MANY_STEPS:
      return "too many steps are needed";
    default:
      return "the step became too small";
  }
}

}  // namespace

void propagate_tangent(const System& system, double t0, double t1, const double* u,
                       const dk_simulation& options, double* x, std::int64_t K, double* V) {
  const Propagator& cached = propagator(system, options, K);
  TangentOutcome outcome;
  if (cached.map != nullptr) {
    const auto steps = static_cast<std::int64_t>(std::llround(t1 - t0));
    outcome = cached.map->iterate(t0 * system.step(), system.step(), steps, u, x, V);
  } else {
    outcome = cached.flow->advance(t0, t1, u, x, V);
  }
  if (outcome.outcome == DK_STOPPED) throw Error(DK_CANCELLED, "stopped on request");
  if (outcome.outcome != DK_REACHED_END) {
    throw Error(DK_NUMERIC, fmt::format("the trajectory cannot be continued beyond t = {} ({})",
                                        outcome.last_time, reason_of(outcome.outcome)));
  }
}

}  // namespace dynkit
