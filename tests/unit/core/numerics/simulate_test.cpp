// Simulations in which the caller leaves the step to the host.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "dynkit/component.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

// dx = -x dt + dW
class OrnsteinUhlenbeck {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  OrnsteinUhlenbeck(const dk_host&, const Settings&) {
    info_.time_kind = DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT;
    info_.n = 1;
  }

  const dk_model_info& info() const { return info_; }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      out.data[s * out.stride] = -points.x.data[s * points.x.stride];
    }
  }

  const void* extension(std::string_view id) const {
    static constexpr dk_noise_info kInfo = {DK_ADDITIVE, DK_ITO, 1};
    static constexpr dk_noise_v1 kNoise = {
        [](const dk_model*) { return &kInfo; },
        [](const dk_model*, const dk_points* points, const dk_output* G, dk_error*) -> dk_status {
          for (std::int64_t s = 0; s < points->count; ++s) G->data[s * G->stride] = 1.0;
          return DK_OK;
        }};
    return id == DK_NOISE_V1 ? &kNoise : nullptr;
  }

 private:
  dk_model_info info_{};
};

using testing::NoFiles;

constexpr dk_component kComponent =
    model_component<OrnsteinUhlenbeck>({"org.test.ou", "1.0.0", "dx = -x dt + dW"});

struct Process {
  NoFiles none;
  Services services;
  HostTable host{services, "."};
  System system{std::make_shared<Model>(LoadedComponent{&kComponent, {}, {}, {}}, Config::Table{},
                                        none, host.table()),
                {},
                host.table()};
};

// The shortest spacing is 1/4, and 1 is four of them.
constexpr std::array kTimes = {0.0, 0.5, 0.75, 1.75};

std::array<double, 4> states(const char* method, double step, bool noise, std::int64_t T = 4) {
  const Process process;
  const double x0 = 2.0;
  const dk_stream stream{};
  std::array<double, 4> x{};
  std::int32_t outcome = -1;
  dk_simulation request{};
  request.S = 1;
  request.T = T;
  request.times = kTimes.data();
  request.x0 = {&x0, 1};
  request.noise = noise ? 1 : 0;
  request.method = method;
  request.step = step;
  request.stream = &stream;
  request.states = x.data();
  request.outcomes = &outcome;
  call(process.system.table().simulate, &process.system.table(), &request);
  EXPECT_EQ(outcome, DK_REACHED_END);
  return x;
}

TEST(SimulationStep, IsTheShortestSpacingOfTheTimes) {
  EXPECT_EQ(states("rk4", 0.0, false), states("rk4", 0.25, false));
  EXPECT_NE(states("rk4", 0.0, false), states("rk4", 0.5, false));
  EXPECT_EQ(states("heun", 0.0, true), states("heun", 0.25, true));
}

TEST(SimulationStep, IsTheShortestSpacingForTheHostsChoiceWithNoise) {
  const std::array<double, 4> x = states(nullptr, 0.0, true);
  EXPECT_EQ(x, states("euler_maruyama", 0.25, true));
  for (const double value : x) EXPECT_TRUE(std::isfinite(value));
}

TEST(SimulationStep, IsNotNeededForASingleTime) {
  EXPECT_EQ(states("rk4", 0.0, false, 1)[0], 2.0);
}

TEST(TangentStep, MustBeGivenForRk4) {
  const Process process;
  double x = 2.0, V = 1.0;
  dk_simulation options{};
  options.method = "rk4";
  const dk_system& table = process.system.table();
  dk_error error{};
  EXPECT_EQ(table.propagate_tangent(&table, 0.0, 1.0, nullptr, &options, &x, 1, &V, &error),
            DK_SETTINGS);
  EXPECT_STREQ(error.message, "method 'rk4' needs a step: give 'step'");
}

}  // namespace
}  // namespace dynkit
