#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "dynkit/balance.h"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "support/recurrent_golden.hpp"

namespace dynkit::testing {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr const char* kActivations[] = {"tanh", "relu", "sigmoid", "softplus", "identity"};

double phi(const std::string& activation, double a) {
  if (activation == "tanh") return std::tanh(a);
  if (activation == "relu") return std::max(a, 0.0);
  if (activation == "sigmoid") return 1.0 / (1.0 + std::exp(-a));
  if (activation == "softplus") return std::log1p(std::exp(a));
  return a;
}

class RnnTest : public ::testing::TestWithParam<std::string> {
 protected:
  // n, m, S = 5 and K = 2 all differ.
  PluginModel make(Settings settings) const {
    settings.emplace("n", "4");
    settings.emplace("m", "3");
    return PluginModel(GetParam(), settings);
  }
  // A leaky map and a flow for every activation.
  template <class Check>
  void for_each_kind(Check check) const {
    for (const std::string activation : kActivations) {
      SCOPED_TRACE(activation);
      check(make({{"activation", activation}, {"alpha", "0.3"}}));
      check(make({{"activation", activation}, {"time", "flow"}, {"tau", "2.5"}}));
    }
    // Several vectors and a remainder in a row.
    check(make({{"n", "37"}, {"alpha", "0.3"}}));
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, RnnTest, ::testing::ValuesIn(runnable_levels(DYNKIT_RNN_LIBRARY)),
                         level_name);

// phi(a) of (1) in rnn.hpp, element by element.
Numbers rates_by_loops(const Problem& problem, const std::string& activation) {
  const std::int64_t n = problem.n, m = problem.m;
  const double* W_ih = problem.theta.data();
  const double* W_hh = W_ih + n * m;
  const double* b_ih = W_hh + n * n;
  const double* b_hh = b_ih + n;
  Numbers rates;
  for (std::int64_t s = 0; s < problem.S; ++s) {
    for (std::int64_t i = 0; i < n; ++i) {
      double a = b_ih[i] + b_hh[i];
      for (std::int64_t j = 0; j < n; ++j) {
        a += W_hh[i * n + j] * problem.x[static_cast<std::size_t>(s * n + j)];
      }
      for (std::int64_t j = 0; j < m; ++j) {
        a += W_ih[i * m + j] * problem.u[static_cast<std::size_t>(s * m + j)];
      }
      rates.push_back(phi(activation, a));
    }
  }
  return rates;
}

TEST_P(RnnTest, LeakyMapIsTheEquationElementByElement) {
  for (const std::string activation : kActivations) {
    const PluginModel model = make({{"activation", activation}, {"alpha", "0.3"}});
    const Problem problem(model, 5);
    Numbers expected = rates_by_loops(problem, activation);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] = 0.7 * problem.x[i] + 0.3 * expected[i];
    }
    EXPECT_LT(largest_difference(model.eval(problem.points()), expected), 1e-14) << activation;
    EXPECT_EQ(model.info().time_kind, DK_MAP);
  }
}

TEST_P(RnnTest, FlowIsTheEquationElementByElement) {
  for (const std::string activation : kActivations) {
    const PluginModel model = make({{"activation", activation}, {"time", "flow"}, {"tau", "2.5"}});
    const Problem problem(model, 5);
    Numbers expected = rates_by_loops(problem, activation);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] = (expected[i] - problem.x[i]) / 2.5;
    }
    EXPECT_LT(largest_difference(model.eval(problem.points()), expected), 1e-14) << activation;
    EXPECT_EQ(model.info().time_kind, DK_FLOW);
  }
}

TEST_P(RnnTest, SequencesAndGradientsMatchPyTorch) {
  for (const char* activation : {"tanh", "relu"}) {
    for (const char* n : {"5", "64"}) {
      const PluginModel model = make({{"activation", activation}, {"n", n}});
      const std::string file = std::string("rnn_") + activation + "_" + n + ".npz";
      const std::filesystem::path folder = DYNKIT_SOURCE_FOLDER "/tests/golden/networks";
      expect_sequences_match_pytorch(model, folder / file);
    }
  }
}

TEST_P(RnnTest, JvpMatchesCentralDifferences) {
  for_each_kind(expect_jvp_matches_differences);
}

TEST_P(RnnTest, JacobiansMatchJvp) {
  for_each_kind(expect_jacobians_match_jvp);
}

TEST_P(RnnTest, VjpIsAdjointOfJvp) {
  for_each_kind(expect_vjp_is_adjoint_of_jvp);
}

TEST_P(RnnTest, SharedThetaBarAccumulates) {
  expect_shared_theta_bar_accumulates(make({}));
}

TEST_P(RnnTest, TapeAndPreparedChangeNoBit) {
  for_each_kind(expect_tape_and_prepared_change_no_bit);
}

TEST_P(RnnTest, StridesAreKept) {
  expect_strides_are_kept(make({{"alpha", "0.3"}}), 2);
  expect_strides_are_kept(make({{"alpha", "0.3"}}), 7);  // more directions than samples
  expect_output_strides_are_kept(make({{"alpha", "0.3"}}));
}

TEST_P(RnnTest, SharedArgumentsRepeat) {
  expect_shared_arguments_repeat(make({}));
}

TEST_P(RnnTest, NullInputIsZeroInput) {
  expect_null_input_is_zero_input(make({}));
}

TEST_P(RnnTest, TakesAThetaPerSample) {
  expect_theta_per_sample(make({}));
}

TEST_P(RnnTest, SplittingABatchChangesNoBit) {
  for_each_kind(expect_splitting_changes_no_bit);
}

TEST_P(RnnTest, NanStaysInItsSample) {
  for_each_kind(expect_nan_stays_in_its_sample);
}

TEST_P(RnnTest, NanInTheStateIsNanInTheJacobian) {
  const PluginModel model = make({{"activation", "relu"}});
  Problem problem(model, 1);
  problem.x[2] = std::nan("");
  for (const double element : model.jacobian(problem.points(), DK_WRT_STATE)) {
    EXPECT_TRUE(std::isnan(element));
  }
}

TEST_P(RnnTest, WithoutInputsEqualsZeroInputs) {
  const PluginModel model = make({});
  const PluginModel autonomous = make({{"m", "0"}});
  const Problem with(model, 5);
  Problem without(autonomous, 5);
  without.x = with.x;
  without.theta.assign(with.theta.begin() + with.n * with.m, with.theta.end());
  dk_points zero_input = with.points();
  zero_input.u.data = nullptr;
  EXPECT_EQ(autonomous.eval(without.points()), model.eval(zero_input));
  expect_vjp_is_adjoint_of_jvp(autonomous);
}

Numbers residual_of(const PluginModel& model, dk_points points, Numbers& dr_dx) {
  const std::int64_t n = model.info().n;
  const GuardedBuffer scratch = model.scratch(DK_RESIDUAL, points.count, 1);
  points.scratch = scratch.data();
  Numbers r(static_cast<std::size_t>(points.count * n));
  dr_dx.resize(static_cast<std::size_t>(points.count * n * n));
  const dk_output output{r.data(), n};
  const dk_matrices matrices{dr_dx.data(), n * n, n};
  call(model.extension<dk_balance_v1>(DK_BALANCE_V1)->linearized, model.handle(), &points, &output,
       &matrices);
  EXPECT_TRUE(scratch.intact());
  return r;
}

// x' - x = alpha (phi - x), and dx/dt = (phi - x) / tau: both give the residual by division.
TEST_P(RnnTest, ResidualIsRateMinusState) {
  for_each_kind([](const PluginModel& model) {
    const Problem problem(model, 5);
    const bool flow = model.info().time_kind == DK_FLOW;
    Numbers dr_dx;
    const Numbers r = residual_of(model, problem.points(), dr_dx);
    const Numbers F = model.eval(problem.points());
    const Numbers J = model.jacobian(problem.points(), DK_WRT_STATE);
    const auto n = static_cast<std::size_t>(problem.n);
    for (std::size_t i = 0; i < F.size(); ++i) {
      const double expected = flow ? 2.5 * F[i] : (F[i] - problem.x[i]) / 0.3;
      EXPECT_NEAR(r[i], expected, 1e-13);
    }
    for (std::size_t i = 0; i < J.size(); ++i) {
      const double identity = i / n % n == i % n ? 1.0 : 0.0;
      EXPECT_NEAR(dr_dx[i], flow ? 2.5 * J[i] : (J[i] - identity) / 0.3, 1e-13);
    }
  });
}

TEST_P(RnnTest, OnlyBoundedActivationsHaveABox) {
  const std::map<std::string, double> lower_bounds = {{"tanh", -1.0}, {"sigmoid", 0.0}};
  for (const std::string activation : kActivations) {
    const PluginModel model = make({{"activation", activation}});
    const auto* domain = model.extension<dk_domain_v1>(DK_DOMAIN_V1);
    const auto bound = lower_bounds.find(activation);
    ASSERT_EQ(domain != nullptr, bound != lower_bounds.end()) << activation;
    if (domain == nullptr) continue;
    Numbers lower(4), upper(4);
    call(domain->box, model.handle(), static_cast<const double*>(nullptr), lower.data(),
         upper.data());
    EXPECT_EQ(lower, Numbers(4, bound->second));
    EXPECT_EQ(upper, Numbers(4, 1.0));
  }
}

TEST_P(RnnTest, OnlyReluIsNotSmooth) {
  for (const std::string activation : kActivations) {
    const bool kinked = make({{"activation", activation}}).info().flags & DK_NOT_SMOOTH;
    EXPECT_EQ(kinked, activation == "relu");
  }
}

TEST_P(RnnTest, InitialParametersFillTheIntervalThatPyTorchUses) {
  const PluginModel model = make({{"n", "37"}});
  dk_stream stream = FakeHost::stream(5);
  Numbers theta(static_cast<std::size_t>(model.info().p));
  call(model.extension<dk_initial_v1>(DK_INITIAL_V1)->parameters, model.handle(), &model.host(),
       &stream, theta.data());
  const double bound = 1.0 / std::sqrt(37.0);
  const auto [lowest, highest] = std::minmax_element(theta.begin(), theta.end());
  EXPECT_GE(*lowest, -bound);
  EXPECT_LE(*highest, bound);
  // Of p = 1554 uniform numbers, none in the outer hundredth of the interval: probability 2e-7.
  EXPECT_LT(*lowest, -0.98 * bound);
  EXPECT_GT(*highest, 0.98 * bound);
}

TEST_P(RnnTest, RefusesSettingsThatDoNotFitTheTime) {
  EXPECT_THROW(make({{"time", "flow"}, {"alpha", "0.3"}}), Error);
  EXPECT_THROW(make({{"time", "map"}, {"tau", "2"}}), Error);
  EXPECT_THROW(make({{"alpha", "0"}}), Error);
  EXPECT_THROW(make({{"time", "flow"}, {"tau", "0"}}), Error);
}

}  // namespace
}  // namespace dynkit::testing
