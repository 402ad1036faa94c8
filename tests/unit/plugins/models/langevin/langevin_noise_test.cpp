// The Langevin model with its noise: what it tells of it, and the densities that it samples.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/core/random.hpp"
#include "dynkit/noise.h"
#include "dynkit/second_order.h"
#include "kinds.hpp"
#include "support/initial_parameters.hpp"
#include "support/model_checks.hpp"
#include "support/plugin_system.hpp"

namespace dynkit::testing {
namespace {

class LangevinNoiseTest : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Levels, LangevinNoiseTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_LANGEVIN_LIBRARY)), level_name);

// A problem with gamma and T >= 0.
Problem warm_problem(const PluginModel& model) {
  Problem problem(model, 5);
  problem.theta[static_cast<std::size_t>(friction(model))] = 0.7;
  problem.theta[static_cast<std::size_t>(temperature(model))] = 1.3;
  return problem;
}

TEST_P(LangevinNoiseTest, DrivesVelocitiesAlone) {
  for (const Kind& kind : kinds()) {
    const PluginModel model(GetParam(), kind.settings());
    const auto& noise = *model.extension<dk_noise_v1>(DK_NOISE_V1);
    EXPECT_EQ(noise.info(model.handle())->kind, DK_DIAGONAL);
    EXPECT_EQ(noise.info(model.handle())->calculus, DK_ITO);
    EXPECT_EQ(noise.info(model.handle())->w, 2 * kind.k);
    const Problem problem = warm_problem(model);
    const dk_points points = problem.points();
    Numbers G(static_cast<std::size_t>(5 * problem.n), -99.0), expected;
    const dk_output output{G.data(), problem.n};
    call(noise.amplitude, model.handle(), &points, &output);
    for (std::int64_t i = 0; i < 5 * problem.n; ++i) {
      expected.push_back(i % problem.n < kind.k ? 0.0 : std::sqrt(2.0 * 0.7 * 1.3));
    }
    EXPECT_EQ(G, expected);  // of the map too: no step in it
  }
}

TEST_P(LangevinNoiseTest, OfAFlowHasAForceAndABath) {
  for (const Kind& kind : kinds()) {
    const PluginModel model(GetParam(), kind.settings());
    const auto* table = model.extension<dk_second_order_v1>(DK_SECOND_ORDER_V1);
    ASSERT_EQ(table != nullptr, !kind.map);
    if (kind.map) continue;
    EXPECT_EQ(table->info(model.handle())->k, kind.k);
    const Problem problem = warm_problem(model);
    const GuardedBuffer scratch = model.scratch(DK_EVAL, 5, 1);
    dk_points points = problem.points();
    points.scratch = scratch.data();
    Numbers F(static_cast<std::size_t>(5 * kind.k)), bath[3] = {F, F, F};
    const dk_output output{F.data(), kind.k};
    call(table->force, model.handle(), &points, &output);
    EXPECT_TRUE(scratch.intact());
    const dk_output to[] = {
        {bath[0].data(), kind.k}, {bath[1].data(), kind.k}, {bath[2].data(), kind.k}};
    call(table->bath, model.handle(), &points, &to[0], &to[1], &to[2]);
    EXPECT_EQ(bath[0], Numbers(F.size(), 0.7));
    EXPECT_EQ(bath[1], Numbers(F.size(), 1.3));
    EXPECT_EQ(bath[2], Numbers(F.size(), 1.0));
    const Numbers drift = model.eval(problem.points());
    for (std::int64_t i = 0; i < 5 * kind.k; ++i) {
      const auto at = static_cast<std::size_t>(i / kind.k * problem.n + kind.k + i % kind.k);
      EXPECT_NEAR(F[static_cast<std::size_t>(i)], drift[at] + 0.7 * problem.x[at],
                  1e-14 * largest_magnitude(drift));
    }
  }
}

double determinant(Numbers A, std::size_t n) {
  double product = 1.0;
  for (std::size_t i = 0; i < n; ++i) {
    product *= A[i * n + i];
    for (std::size_t r = i + 1; r < n; ++r) {
      const double factor = A[r * n + i] / A[i * n + i];
      for (std::size_t c = i; c < n; ++c) A[r * n + c] -= factor * A[i * n + c];
    }
  }
  return product;
}

// All leading minors of the Hessian are positive (Sylvester): a minimum.
TEST_P(LangevinNoiseTest, QuadraticPotentialsBeginWithAMinimum) {
  const PluginModel model(GetParam(), Kind{"quadratic", 9}.settings());
  const Numbers theta = initial_parameters(model, 4);
  Problem problem(model, 1);
  problem.theta = theta;
  const Numbers J = model.jacobian(problem.points(), DK_WRT_STATE);
  for (std::size_t size = 1; size <= 9; ++size) {
    Numbers minor(size * size);
    for (std::size_t i = 0; i < size * size; ++i) {
      minor[i] = -J[(9 + i / size) * 18 + i % size];
    }
    EXPECT_GT(determinant(minor, size), 0.0);
  }
}

TEST_P(LangevinNoiseTest, NetworksBeginAsPyTorchsLinear) {
  const PluginModel model(GetParam(), Kind{"mlp", 37, 4, {61, 52}}.settings());
  const Numbers theta = initial_parameters(model, 5);
  const double inputs[] = {37.0, 37.0, 61.0, 61.0};
  for (std::size_t b = 0; b < 4; ++b) {
    expect_uniform(theta, model.info().blocks[b], 1.0 / std::sqrt(inputs[b]));
  }
  const dk_block* blocks = model.info().blocks;
  const auto first = [&](std::int64_t block) {
    return theta[static_cast<std::size_t>(blocks[block].offset)];
  };
  EXPECT_STREQ(blocks[6].name, "confinement");
  EXPECT_EQ(first(6), 1.0);
  expect_uniform(theta, blocks[7], 1.0 / std::sqrt(3.0));
  EXPECT_STREQ(blocks[8].name, "friction");
  EXPECT_EQ(first(8), 1.0);
  EXPECT_STREQ(blocks[9].name, "temperature");
  EXPECT_EQ(first(9), 1.0);
}

TEST_P(LangevinNoiseTest, RefusesSettingsThatDoNotFit) {
  EXPECT_EQ(refusal_of(GetParam(), {{"step", "0.5"}}), "setting 'step' is for time = \"map\" only");
  EXPECT_EQ(refusal_of(GetParam(), {{"time", "map"}, {"step", "0"}}),
            "setting 'step': 0.000000 is not > 0");
  EXPECT_EQ(refusal_of(GetParam(), {{"potential", "oscillators"}, {"k", "6"}}),
            "setting 'groups': 4 does not divide k = 6, which the potential 'oscillators' needs");
}

TEST_P(LangevinNoiseTest, RefusesSettingsOfAnotherPotential) {
  const std::map<std::string, std::pair<std::string, std::string>> owners = {
      {"hidden", {"mlp", "[32]"}},
      {"activation", {"mlp", "sin"}},
      {"groups", {"oscillators", "2"}}};
  for (const std::string chosen : {"mlp", "quadratic", "oscillators", "double_well"}) {
    for (const auto& [name, owner] : owners) {
      const std::string sentence = chosen == owner.first
                                       ? "no refusal"
                                       : "setting '" + name + "' is for potential = \"" +
                                             owner.first + "\" only, not for \"" + chosen + "\"";
      EXPECT_EQ(refusal_of(GetParam(), {{"potential", chosen}, {"k", "8"}, {name, owner.second}}),
                sentence);
    }
  }
}

// A system of the host, with the parameters given.
class Simulation {
 public:
  Simulation(const Config::Table& settings, std::vector<double> theta)
      : model_(std::make_shared<Model>(
            plugins_in(DYNKIT_PLUGIN_FOLDER).find("org.dynkit.langevin", DK_MODEL_V1), settings,
            files_, host_.table())),
        system_(model_, std::move(theta), host_.table()) {}

  /// states [S,T,n] at times 0, spacing, ..., from x0.
  std::vector<double> run(const std::vector<double>& x0, std::int64_t T, double spacing,
                          const char* method, double step) {
    const std::int64_t n = model_->info().n, S = static_cast<std::int64_t>(x0.size()) / n;
    std::vector<double> times, states(static_cast<std::size_t>(S * T * n));
    for (std::int64_t k = 0; k < T; ++k) times.push_back(static_cast<double>(k) * spacing);
    std::vector<std::int32_t> outcomes(static_cast<std::size_t>(S));
    const dk_stream stream = make_stream(3, "noise");
    dk_simulation request{};
    request.S = S;
    request.T = T;
    request.times = times.data();
    request.x0 = {x0.data(), n};
    request.noise = 1;
    request.method = method;
    request.step = step;
    request.stream = &stream;
    request.states = states.data();
    request.outcomes = outcomes.data();
    call(system_.table().simulate, &system_.table(), &request);
    EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), DK_REACHED_END), S);
    return states;
  }

 private:
  ListsOnly files_;
  Services services_;
  HostTable host_{services_, "."};
  std::shared_ptr<const Model> model_;
  System system_;
};

Config::Table double_well_settings(const char* time) {
  return {{"k", {std::int64_t{1}, 0}},
          {"potential", {std::string("double_well"), 0}},
          {"time", {std::string(time), 0}}};
}

// With U = 0 the map is v' = (1 - gamma) v + sqrt(2 gamma) xi: its variance V solves
// V = (1 - gamma)^2 V + 2 gamma, V = 2 / (2 - gamma) = 1.379.
TEST(LangevinMap, WithoutPotentialHasTheVarianceOfItsRecursion) {
  constexpr double kGamma = 0.55;
  constexpr std::int64_t kTrajectories = 20000, kSteps = 40;  // (1 - gamma)^80 is forgotten
  Simulation map(double_well_settings("map"), {0.0, 1.0, 0.0, kGamma, 1.0});
  const std::vector<double> states =
      map.run(std::vector<double>(2 * kTrajectories), kSteps + 1, 0.01, nullptr, 0.0);
  double square = 0.0;
  for (std::int64_t s = 0; s < kTrajectories; ++s) {
    const double v = states[static_cast<std::size_t>((s * (kSteps + 1) + kSteps) * 2 + 1)];
    square += v * v / static_cast<double>(kTrajectories);
  }
  const double expected = 2.0 / (2.0 - kGamma);
  // The variance of a normal sample of N has the standard error variance * sqrt(2 / N) = 1 percent.
  EXPECT_NEAR(square, expected, 5.0 * expected * std::sqrt(2.0 / kTrajectories));
}

struct Estimate {
  double value = 0.0, standard_error = 0.0;
};

Estimate mean(const std::vector<double>& sample) {
  const auto count = static_cast<double>(sample.size());
  double sum = 0.0, squares = 0.0;
  for (const double x : sample) sum += x;
  for (const double x : sample) squares += (x - sum / count) * (x - sum / count);
  return {sum / count, std::sqrt(squares) / count};
}

constexpr double kBarrier = 1.5, kWidth = 1.2, kTilt = 0.2, kTemperature = 0.8;

// Mean of f over exp(-U/T), by the trapezoidal rule.
template <class Function>
double boltzmann(Function f) {
  double sum = 0.0, total = 0.0;
  for (int i = -4000; i <= 4000; ++i) {
    const double z = 1e-3 * i, r = z / kWidth;
    const double U = kBarrier * (r * r - 1.0) * (r * r - 1.0) + kTilt * z;
    const double weight = std::exp(-U / kTemperature);
    sum += weight * f(z);
    total += weight;
  }
  return sum / total;
}

// <f> along the trajectories of BAOAB, after a burn-in. All begin in the left well.
template <class Function>
Estimate sampled(const std::vector<double>& states, std::int64_t S, std::int64_t T, Function f) {
  constexpr std::int64_t kBurnIn = 100;
  std::vector<double> means;
  for (std::int64_t s = 0; s < S; ++s) {
    double sum = 0.0;
    for (std::int64_t k = kBurnIn; k < T; ++k) {
      sum += f(states[static_cast<std::size_t>((s * T + k) * 2)]);
    }
    means.push_back(sum / static_cast<double>(T - kBurnIn));
  }
  return mean(means);
}

// At h = 0.05 the bias of BAOAB is below one standard error: that of <v^2> is about h^2 U''/4, here
// 0.004, and that of positions smaller (splitting_density_test.cpp).
TEST(LangevinFlow, SamplesTheBoltzmannDensityOfATiltedDoubleWell) {
  constexpr std::int64_t kTrajectories = 300, kTimes = 900;
  Simulation flow(double_well_settings("flow"), {kBarrier, kWidth, kTilt, 1.0, kTemperature});
  std::vector<double> x0;
  for (std::int64_t s = 0; s < kTrajectories; ++s) x0.insert(x0.end(), {-kWidth, 0.0});
  const std::vector<double> states = flow.run(x0, kTimes, 0.5, "baoab", 0.05);
  const auto expect = [&](auto f, const char* what) {
    const Estimate found = sampled(states, kTrajectories, kTimes, f);
    EXPECT_NEAR(found.value, boltzmann(f), 5.0 * found.standard_error) << what;
    EXPECT_LT(found.standard_error, 0.02) << what;
  };
  expect([](double z) { return z; }, "z");
  expect([](double z) { return z * z; }, "z^2");
  for (double edge = -1.6; edge < 1.6; edge += 0.4) {
    expect([edge](double z) { return z >= edge && z < edge + 0.4 ? 1.0 : 0.0; }, "a bin");
  }
}

// One step of Euler and Maruyama is x + f h + G sqrt(h) xi; of the two numbers of a step the second
// drives the velocity.
TEST(LangevinFlow, TakesEulerMaruyamaToo) {
  constexpr double h = 0.05, kGamma = 0.7;
  Simulation flow(double_well_settings("flow"), {kBarrier, kWidth, kTilt, kGamma, kTemperature});
  const std::vector<double> states = flow.run({0.4, -0.9, 0.5, 0.8}, 2, h, "euler_maruyama", h);
  for (std::int64_t s = 0; s < 2; ++s) {
    dk_stream stream = split(make_stream(3, "noise"), s);
    double xi[2];
    draw_normal(stream, xi);
    const double *x = states.data() + 4 * s, *next = x + 2, r = x[0] / kWidth;
    const double F = -4.0 * kBarrier / kWidth * (r * r * r - r) - kTilt;
    const double kick = std::sqrt(2.0 * kGamma * kTemperature * h) * xi[1];
    EXPECT_NEAR(next[0], x[0] + h * x[1], 1e-15);
    EXPECT_NEAR(next[1], x[1] + h * (F - kGamma * x[1]) + kick, 1e-14);
  }
}

}  // namespace
}  // namespace dynkit::testing
