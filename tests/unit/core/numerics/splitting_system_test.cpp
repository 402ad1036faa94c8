// Method "baoab" as a system is asked for it.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/second_order.h"
#include "support/no_files.hpp"

namespace dynkit {
namespace {

constexpr double kMass = 2.0;

// m dv = (t + u - q) dt - m gamma v dt + sqrt(2 m gamma T) dW,   x = (q, v),   theta = (gamma, T)
template <bool kSplits>
class Pendulum {
 public:
  static constexpr std::span<const dk_setting> kSettings = kNoSettings;

  Pendulum(const dk_host&, const Settings&) {
    static constexpr dk_block kBlocks[] = {
        {"bath", nullptr, 0, 1, 1, {2}, 0.0, kUnbounded, "friction and temperature"}};
    info_.time_kind = DK_FLOW;
    info_.threading = DK_REENTRANT;
    info_.flags = DK_BATCH_EXACT | DK_USES_TIME;
    info_.n = 2;
    info_.m = 1;
    info_.p = 2;
    info_.block_count = 1;
    info_.blocks = kBlocks;
  }

  const dk_model_info& info() const { return info_; }

  static double force(const dk_points& points, std::int64_t s) {
    const double u = points.u.data != nullptr ? points.u.data[s * points.u.stride] : 0.0;
    return points.t.data[s * points.t.stride] + u - points.x.data[s * points.x.stride];
  }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double v = points.x.data[s * points.x.stride + 1];
      out.data[s * out.stride] = v;
      out.data[s * out.stride + 1] = force(points, s) / kMass - points.theta.data[0] * v;
    }
  }

  const void* extension(std::string_view id) const {
    static constexpr dk_second_order_info kInfo = {1, nullptr, nullptr};
    static constexpr dk_second_order_v1 kTable = {
        [](const dk_model*) { return &kInfo; },
        [](const dk_model*, const dk_points* points, const dk_output* F, dk_error*) -> dk_status {
          for (std::int64_t s = 0; s < points->count; ++s) {
            F->data[s * F->stride] = force(*points, s);
          }
          return DK_OK;
        },
        [](const dk_model*, const dk_points* points, const dk_output* gamma, const dk_output* T,
           const dk_output* m, dk_error*) -> dk_status {
          gamma->data[0] = points->theta.data[0];
          T->data[0] = points->theta.data[1];
          m->data[0] = kMass;
          return DK_OK;
        }};
    return kSplits && id == DK_SECOND_ORDER_V1 ? &kTable : nullptr;
  }

 private:
  dk_model_info info_{};
};

template <bool kSplits>
constexpr dk_component kComponent =
    model_component<Pendulum<kSplits>>({"org.test.pendulum", "1.0.0", "m v' = t + u - q"});

struct Run {
  std::vector<double> states;
  std::string refusal;
};

// 200 trajectories, several tasks, with an input of their own on each of two intervals.
template <bool kSplits = true>
Run simulate(const char* method, bool noise, int threads = 1) {
  constexpr std::int64_t S = 200, T = 3;
  testing::NoFiles none;
  ServicesOptions options;
  options.threads = threads;
  Services services(options);
  HostTable host(services, ".");
  const System system(std::make_shared<Model>(LoadedComponent{&kComponent<kSplits>, {}, {}, {}},
                                              Config::Table{}, none, host.table()),
                      {0.8, 1.5}, host.table());
  const double times[T] = {0.5, 0.75, 1.0};
  std::vector<double> x0, u;
  for (std::int64_t s = 0; s < S; ++s) {
    x0.insert(x0.end(), {0.01 * static_cast<double>(s), 0.3});
    u.insert(u.end(), {0.2, -0.1 * static_cast<double>(s), 9.0});
  }
  const dk_stream stream = make_stream(7, "noise");
  Run run;
  run.states.resize(S * T * 2);
  std::vector<std::int32_t> outcomes(S);
  dk_simulation request{};
  request.S = S;
  request.T = T;
  request.times = times;
  request.x0 = {x0.data(), 2};
  request.u = {u.data(), T};
  request.noise = noise ? 1 : 0;
  request.method = method;
  request.stream = noise ? &stream : nullptr;
  request.states = run.states.data();
  request.outcomes = outcomes.data();
  dk_error error{};
  if (system.table().simulate(&system.table(), &request, &error) != DK_OK) {
    run.refusal = error.message;
  }
  return run;
}

// The last trajectory, from the random numbers of its branch; NULL: none.
std::vector<double> by_hand(dk_stream* stream) {
  constexpr double h = 0.25, gamma = 0.8, T = 1.5;
  double q = 1.99, v = 0.3, t = 0.5;
  for (const double u : {0.2, -19.9}) {
    double xi = 0.0;
    if (stream != nullptr) draw_normal(*stream, {&xi, 1});
    const double c = std::exp(-gamma * h);
    v += 0.5 * h * (t + u - q) / kMass;
    q += 0.5 * h * v;
    v = c * v + std::sqrt((1.0 - c * c) * T / kMass) * xi;
    q += 0.5 * h * v;
    t += h;
    v += 0.5 * h * (t + u - q) / kMass;
  }
  return {q, v};
}

TEST(SplitSystem, TakesForceAndBathFromTheModel) {
  dk_stream stream = split(make_stream(7, "noise"), 199);
  for (const bool noise : {false, true}) {
    const std::vector<double> states = simulate("baoab", noise).states;
    const std::vector<double> expected = by_hand(noise ? &stream : nullptr);
    EXPECT_NEAR(states[states.size() - 2], expected[0], 1e-14);
    EXPECT_NEAR(states[states.size() - 1], expected[1], 1e-14);
  }
}

TEST(SplitSystem, IsTheHostsChoiceWithNoiseOnly) {
  EXPECT_EQ(simulate(nullptr, true).states, simulate("baoab", true).states);
  EXPECT_EQ(simulate(nullptr, false).states, simulate("tsit5", false).states);
}

TEST(SplitSystem, HasTheSameBitsOnEveryNumberOfThreads) {
  EXPECT_EQ(simulate("baoab", true, 3).states, simulate("baoab", true, 1).states);
}

TEST(SplitSystem, NeedsTheInterface) {
  for (const bool noise : {false, true}) {
    EXPECT_EQ(simulate<false>("baoab", noise).refusal,
              "method 'baoab' needs positions, velocities and a force (dynkit.second_order/1), "
              "which org.test.pendulum does not offer");
  }
  EXPECT_EQ(simulate("baoab", true).refusal, "");
}

TEST(SplitSystem, NeedsNoAmplitudeOfItsNoise) {
  EXPECT_EQ(simulate("euler_maruyama", true).refusal,
            "org.test.pendulum has no noise to simulate with");
  EXPECT_EQ(simulate<false>(nullptr, true).refusal,
            "org.test.pendulum has no noise to simulate with");
}

}  // namespace
}  // namespace dynkit
