// Systems for analyses to work on, as components like any other. Sizes are pairwise different.
#include <memory>

#include "builtin_source.hpp"
#include "dynkit/core/model.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/differentiable_model.hpp"

namespace dynkit::conformance {
namespace {

// A contraction towards a point that the input moves: x' = A x + B u + c.
struct LinearMap {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x0", -1, 1}, {"x1", -1, 1}, {"x2", -1, 1}};
  static constexpr const char* kInputs[] = {"u0", "u1"};
  static constexpr Parameter kParameters[] = {{"a", 0.5, "rate"}, {"b", 0.25, "coupling"}};

  template <class S>
  void dynamics(const S* x, const S* u, const S* theta, S* next) const {
    next[0] = theta[0] * x[0] + theta[1] * x[1] + u[0];
    next[1] = theta[0] * x[1] - theta[1] * x[0] + 0.5 * u[1] + 0.25;
    next[2] = 0.75 * x[2] + theta[1] * x[0] - 0.5;
  }
};

// A self-sustained oscillation around one unstable point.
struct Oscillator {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -2, 2}, {"v", -2, 2}};
  static constexpr Parameter kParameters[] = {{"mu", 0.5, "strength of the damping"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    dx[0] = x[1];
    dx[1] = theta[0] * (1 - x[0] * x[0]) * x[1] - x[0];
  }
};

// Four decaying variables in a row, the first driven in time.
struct DrivenFlow {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {
      {"x0", -1, 1}, {"x1", -1, 1}, {"x2", -1, 1}, {"x3", -1, 1}};
  static constexpr Parameter kParameters[] = {{"rate", 1, "rate of decay"}};

  template <class S>
  void dynamics(const S& t, const S* x, const S*, const S* theta, S* dx) const {
    using namespace math;
    dx[0] = sin(t) - theta[0] * x[0];
    for (int i = 1; i < 4; ++i) dx[i] = x[i - 1] - theta[0] * x[i];
  }
};

// A map of one state with two fixed points.
struct QuadraticMap {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", 0, 1}};
  static constexpr Parameter kParameters[] = {{"r", 2.5, "rate of growth"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* next) const {
    next[0] = theta[0] * x[0] * (1 - x[0]);
  }
};

// Five independent decays, each with noise of its own.
struct NoisyFlow {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {
      {"x0", -1, 1}, {"x1", -1, 1}, {"x2", -1, 1}, {"x3", -1, 1}, {"x4", -1, 1}};
  static constexpr Parameter kParameters[] = {{"sigma", 0.1, "amplitude of the noise", 0}};
  static constexpr dk_noise_info kNoise = {DK_DIAGONAL, DK_ITO, 5};

  template <class S>
  void dynamics(const S* x, const S*, S* dx) const {
    for (int i = 0; i < 5; ++i) dx[i] = -0.25 * (i + 1) * x[i];
  }
  void noise(const double*, const double* theta, double* G) const {
    for (int i = 0; i < 5; ++i) G[i] = theta[0];
  }
};

template <class Author>
BuiltinSystem make_system(const char* name, const dk_host& host) {
  static constexpr dk_component component =
      differentiable_component<Author>({"builtin.check.system", DK_VERSION, "a test system"});
  BuiltinSource none(host);
  auto model =
      std::make_shared<Model>(LoadedComponent{&component, {}, {}, {}}, Config::Table{}, none, host);
  dk_stream stream = make_stream(1, "builtin");
  auto theta = initial_parameters(*model, host, stream);
  return {name, std::make_unique<System>(std::move(model), std::move(theta), host)};
}

}  // namespace

std::vector<BuiltinSystem> builtin_systems(const dk_host& host) {
  std::vector<BuiltinSystem> systems;
  systems.push_back(make_system<LinearMap>("a linear map, n = 3, m = 2", host));
  systems.push_back(make_system<Oscillator>("a nonlinear flow, n = 2, m = 0", host));
  systems.push_back(make_system<DrivenFlow>("a flow that depends on time, n = 4, m = 0", host));
  systems.push_back(make_system<QuadraticMap>("a map of one state, m = 0", host));
  systems.push_back(make_system<NoisyFlow>("a flow with noise, n = 5, m = 0", host));
  return systems;
}

}  // namespace dynkit::conformance
