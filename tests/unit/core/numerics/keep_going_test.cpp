// What a run tells its caller, and how soon it stops.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "dynkit/core/integrate.hpp"
#include "fields.hpp"

namespace dynkit::test {
namespace {

// Notes what it is told.
struct Listener {
  std::vector<double> told;
  KeepGoing keep_going = [this](double done) {
    told.push_back(done);
    return true;
  };
};

// A caller is asked after 1024 evaluations at the latest: all runs below are 20 times longer.
void expect_told_to_the_end(const Listener& listener, double S, const char* what) {
  ASSERT_GT(listener.told.size(), 10u) << what;
  EXPECT_GE(listener.told.front(), 0.0) << what;
  EXPECT_TRUE(std::is_sorted(listener.told.begin(), listener.told.end())) << what;
  EXPECT_GT(listener.told.back(), 0.95 * S) << what;
  EXPECT_LE(listener.told.back(), S) << what;
}

std::vector<double> starts(std::int64_t S) {
  std::vector<double> x0;
  for (std::int64_t s = 0; s < S; ++s) {
    x0.insert(x0.end(), {1.0 + 0.01 * static_cast<double>(s), 1.0, 20.0});
  }
  return x0;
}

// 70 trajectories are more than the lanes of a block.
TEST(KeepGoing, IsToldWhatIsDoneByMethodsThatAdvanceManyTrajectories) {
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853}) {
    PointField field = lorenz();
    Request run(starts(70), 3, {0.0, 1.0, 40.0});
    Listener listener;
    IntegrationOptions options = with(method, 1e-9, 1e-9);
    if (method == Method::rk4) options = fixed(method, 0.004);
    options.keep_going = listener.keep_going;
    simulate_flow(field, options, run.request);
    expect_told_to_the_end(listener, 70.0, method_name(method));
  }
}

TEST(KeepGoing, IsToldWhatIsDoneBySundials) {
  for (const Method method : {Method::adams, Method::bdf, Method::erk, Method::dirk}) {
    PointField field = lorenz();
    field.with_jacobian(lorenz_jacobian);
    Request run(starts(4), 3, {0.0, 1.0, 100.0});
    Listener listener;
    IntegrationOptions options = with(method, 1e-7, 1e-7);
    options.keep_going = listener.keep_going;
    simulate_flow(field, options, run.request);
    expect_told_to_the_end(listener, 4.0, method_name(method));
  }
}

std::vector<double> whole_numbers(int count) {
  std::vector<double> times;
  for (int k = 0; k < count; ++k) times.push_back(k);
  return times;
}

TEST(KeepGoing, IsToldWhatIsDoneByMaps) {
  PointField field(3, 0, [](const Point& p, double* next) {
    for (int i = 0; i < 3; ++i) next[i] = 0.5 * p.x[i];
  });
  Request run(starts(70), 3, whole_numbers(11000));
  Listener listener;
  simulate_map(field, run.request, listener.keep_going);
  expect_told_to_the_end(listener, 70.0, "map");
}

// dW in each component.
class Additive : public NoiseField {
 public:
  dk_noise_info info() const override { return {DK_DIAGONAL, DK_ITO, 3}; }
  dk_status amplitude(const dk_points& p, const dk_output& G, dk_error*) override {
    for (std::int64_t s = 0; s < p.count; ++s) std::fill_n(G.data + s * G.stride, 3, 0.1);
    return DK_OK;
  }
};

class NoNumbers : public NormalSource {
 public:
  void draw(std::int64_t, std::int64_t count, double* out) override {
    std::fill_n(out, count, 0.0);
  }
};

TEST(KeepGoing, IsToldWhatIsDoneWithNoise) {
  PointField field = lorenz();
  Additive noise;
  NoNumbers numbers;
  Request run(starts(70), 3, {0.0, 1.0, 55.0});
  Listener flow, map;
  IntegrationOptions options = fixed(Method::euler_maruyama, 0.005);
  options.keep_going = flow.keep_going;
  simulate_noisy_flow(field, noise, numbers, options, run.request);
  expect_told_to_the_end(flow, 70.0, "flow");
  PointField half(3, 0, [](const Point& p, double* next) {
    for (int i = 0; i < 3; ++i) next[i] = 0.5 * p.x[i];
  });
  Request steps(starts(70), 3, whole_numbers(11000));
  simulate_noisy_map(half, noise, numbers, steps.request, map.keep_going);
  expect_told_to_the_end(map, 70.0, "map");
}

TEST(KeepGoing, CountsTrajectoriesThatFailedAsDone) {
  PointField field(1, 0, [](const Point& p, double* next) { next[0] = p.x[0] * p.x[0]; });
  Request run({1.0, 1e200, 1.0}, 1, {0.0, 1.0, 2.0, 3.0, 4.0});
  Listener listener;
  simulate_map(field, run.request, listener.keep_going);
  EXPECT_EQ(listener.told.front(), 1.0 + 2.0 * 0.25);  // asked after the first of four steps
}

// The caller is asked for the first time after the first evaluation.
TEST(KeepGoing, StopsWithinAStep) {
  for (const Method method : {Method::rk4, Method::tsit5, Method::dop853}) {
    PointField field = lorenz();
    Request run(starts(5), 3, {0.0, 1.0});
    IntegrationOptions options = with(method, 1e-6, 1e-6);
    if (method == Method::rk4) options.step = 0.01;
    options.keep_going = [](double) { return false; };
    const IntegrationCounts counts = simulate_flow(field, options, run.request);
    EXPECT_EQ(counts.evaluations, 5) << method_name(method);
    EXPECT_EQ(run.outcomes, std::vector<std::int32_t>(5, DK_STOPPED)) << method_name(method);
    EXPECT_EQ(run.last, std::vector<double>(5, 0.0)) << method_name(method);
  }
}

// However few evaluations that is: each takes longer than the 5 ms between two questions.
TEST(KeepGoing, IsAskedAfterEveryEvaluationThatLastsLong) {
  PointField field(1, 0, [](const Point& p, double* dx) {
    std::this_thread::sleep_for(std::chrono::milliseconds(6));
    dx[0] = -p.x[0];
  });
  Request run({1.0}, 1, {0.0, 0.5, 1.0});
  Listener listener;
  IntegrationOptions options = fixed(Method::rk4, 0.25);
  options.keep_going = listener.keep_going;
  simulate_flow(field, options, run.request);
  std::vector<double> told;  // by each of the four stages of four steps
  for (const double t : {0.0, 0.25, 0.5, 0.75}) told.insert(told.end(), 4, t);
  EXPECT_EQ(listener.told, told);
}

}  // namespace
}  // namespace dynkit::test
