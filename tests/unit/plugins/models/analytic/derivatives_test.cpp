// What holds for every model of the plugin.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "analytic_model.hpp"
#include "support/differences.hpp"

namespace dynkit::testing {
namespace {

std::size_t index(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

Numbers counting(std::int64_t count, double phase) {
  Numbers numbers(index(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = std::sin(phase + static_cast<double>(i));
  }
  return numbers;
}

class EveryModel : public ::testing::TestWithParam<const char*> {
 protected:
  AnalyticModel model{GetParam()};
  Batch batch = model.random_batch(7, 11);
};

INSTANTIATE_TEST_SUITE_P(Analytic, EveryModel,
                         ::testing::Values("lorenz63", "rossler", "arneodo", "lorenz96",
                                           "van_der_pol", "fitzhugh_nagumo", "duffing",
                                           "predator_prey", "henon", "logistic", "linear_map",
                                           "linear_flow", "ornstein_uhlenbeck",
                                           "geometric_brownian_motion", "double_well"),
                         [](const auto& one) { return std::string(one.param); });

TEST(AnalyticPlugin, OffersExactlyTheModelsTestedHere) {
  EXPECT_EQ(dynkit_plugin_v1()->component_count, 15);
}

TEST_P(EveryModel, HasTheJacobiansOfDifferences) {
  // The seventh derivative of exp(-5 x), at most 5^7 exp(5), leaves 5^7 exp(5) h^6 / 140 = 5e-12.
  const double h = std::string(GetParam()) == "predator_prey" ? 0.002 : 0.05;
  for (const std::int32_t wrt : {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS}) {
    const std::int64_t k = model.size(wrt), n = model.n();
    const Numbers J = model.jacobian(batch, wrt);
    for (std::int64_t j = 0; j < k; ++j) {
      for (std::int64_t e = 0; e < batch.S * n; ++e) {
        const double slope = slope_at_zero(
            [&](double step) {
              Batch moved = batch;
              Numbers& part = wrt == DK_WRT_STATE   ? moved.x
                              : wrt == DK_WRT_INPUT ? moved.u
                                                    : moved.theta;
              for (std::int64_t s = 0; s < batch.S; ++s) part[index(s * k + j)] += step;
              return model.eval(moved)[index(e)];
            },
            h);
        // Exact for cubic fields; values up to 30 round to 5 eps 30 / h = 7e-13, cos gives h^6.
        // exp(-5 x) is as large as its slope and rounds to 5 eps exp(5) / h = 8e-11.
        const double tolerance = 1e-10 * std::max(1.0, 0.1 * std::fabs(slope));
        EXPECT_NEAR(J[index(e * k + j)], slope, tolerance) << "wrt " << wrt << ", column " << j;
      }
    }
  }
}

double dot(const Numbers& a, const Numbers& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Three tangents at once against three cotangents: <out_bar, J v_dot> = <J^T out_bar, v_dot>.
TEST_P(EveryModel, PullsBackTheAdjointOfWhatItCarries) {
  constexpr std::int64_t K = 3;
  const std::int64_t S = batch.S, n = model.n(), m = model.m(), p = model.p();
  const Numbers x_dot = counting(S * K * n, 0.1), u_dot = counting(S * K * m, 0.2),
                theta_dot = counting(S * K * p, 0.3), out_bar = counting(S * K * n, 0.4);
  Numbers out(index(S * K * n));
  model.jvp(model.points(batch),
            {K, {x_dot.data(), K * n}, {u_dot.data(), K * m}, {theta_dot.data(), K * p}},
            {out.data(), K * n});
  Numbers x_bar(index(S * K * n)), u_bar(index(S * K * m)), theta_bar(index(S * K * p));
  model.vjp(model.points(batch), {K,
                                  {out_bar.data(), K * n},
                                  {x_bar.data(), K * n},
                                  {m > 0 ? u_bar.data() : nullptr, K * m},
                                  {theta_bar.data(), K * p}});
  const double forward = dot(out_bar, out);
  const double backward = dot(x_bar, x_dot) + dot(u_bar, u_dot) + dot(theta_bar, theta_dot);
  EXPECT_GT(std::fabs(forward), 1e-3);
  EXPECT_NEAR(forward, backward, 1e-11 * std::max(1.0, std::fabs(forward)));
}

TEST_P(EveryModel, CarriesThreeTangentsAsTheJacobianDoes) {
  constexpr std::int64_t K = 3;
  const std::int64_t S = batch.S, n = model.n();
  const Numbers x_dot = counting(S * K * n, 0.1), J = model.jacobian(batch, DK_WRT_STATE);
  Numbers out(index(S * K * n));
  model.jvp(model.points(batch), {K, {x_dot.data(), K * n}, {}, {}}, {out.data(), K * n});
  for (std::int64_t row = 0; row < S * K; ++row) {
    for (std::int64_t i = 0; i < n; ++i) {
      double expected = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        expected += J[index((row / K * n + i) * n + j)] * x_dot[index(row * n + j)];
      }
      EXPECT_NEAR(out[index(row * n + i)], expected, 1e-13 * 30);
    }
  }
}

TEST_P(EveryModel, EvaluatesColumnsToTheSameBits) {
  const std::int64_t S = batch.S, n = model.n();
  Numbers x(index(n * S)), out(index(n * S));
  for (std::int64_t e = 0; e < S * n; ++e) x[index(e % n * S + e / n)] = batch.x[index(e)];
  dk_points points = model.points(batch);
  points.theta.stride = points.u.stride = 0;
  Numbers rows(index(S * n));
  model.eval(points, {rows.data(), n});
  points.layout = DK_COLUMNS;
  points.x = {x.data(), S};
  model.eval(points, {out.data(), S});
  for (std::int64_t e = 0; e < S * n; ++e) {
    EXPECT_EQ(out[index(e % n * S + e / n)], rows[index(e)]);
  }
}

TEST_P(EveryModel, StartsWithParametersWithinItsBounds) {
  const Numbers theta = model.initial_theta();
  for (std::int64_t b = 0; b < model.info().block_count; ++b) {
    const dk_block& block = model.info().blocks[b];
    EXPECT_GE(theta[index(block.offset)], block.lower);
    EXPECT_LE(theta[index(block.offset)], block.upper);
    EXPECT_NE(*block.help, '\0');
  }
}

// Classical Runge-Kutta with h = 0.01, or the map itself, for all samples.
void advance(const AnalyticModel& model, Batch& batch) {
  const double h = 0.01;
  if (model.info().time_kind == DK_MAP) {
    batch.x = model.eval(batch);
    return;
  }
  const auto slope = [&](double after, const Numbers& k) {
    Batch moved = batch;
    for (double& t : moved.t) t += after;
    for (std::size_t i = 0; i < k.size(); ++i) moved.x[i] += after * k[i];
    return model.eval(moved);
  };
  const Numbers k1 = slope(0, {}), k2 = slope(h / 2, k1), k3 = slope(h / 2, k2), k4 = slope(h, k3);
  for (std::size_t i = 0; i < k1.size(); ++i) {
    batch.x[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  }
  for (double& t : batch.t) t += h;
}

// A range of starts that runs away is not typical. Twenty starts, 20 time units or 2000 steps.
TEST_P(EveryModel, StaysBoundedFromTypicalStates) {
  const auto* initial = model.extension<dk_initial_v1>(DK_INITIAL_V1);
  const std::int64_t n = model.n();
  const Numbers theta = model.initial_theta();
  dk_stream stream = FakeHost::stream(3);
  Batch starts{20, Numbers(20), Numbers(index(20 * n)), Numbers(index(20 * model.m())), {}};
  for (std::int64_t s = 0; s < 20; ++s) {
    starts.theta.insert(starts.theta.end(), theta.begin(), theta.end());
    ASSERT_EQ(initial->state(model.handle(), &model.host(), &stream, theta.data(),
                             &starts.x[index(s * n)], nullptr),
              DK_OK);
  }
  for (int step = 0; step < 2000; ++step) advance(model, starts);
  for (const double value : starts.x) EXPECT_LT(std::fabs(value), 60);
}

}  // namespace
}  // namespace dynkit::testing
