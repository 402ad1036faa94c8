// The equations of the low-rank network, and what it says of itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/balance.h"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "low_rank_network.hpp"

namespace dynkit::testing {
namespace {

class LowRankRnnTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const LowRankKind& kind, const LowRankSettings& more = {}) const {
    LowRankSettings settings = kind.settings();
    for (const auto& [name, value] : more) settings[name] = value;
    return PluginModel(GetParam(), settings);
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, LowRankRnnTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_LOW_RANK_RNN_LIBRARY)),
                         level_name);

void expect_equation(const PluginModel& model, const LowRankKind& kind) {
  const Problem problem(model, 5);
  Numbers expected;
  for (std::int64_t s = 0; s < problem.S; ++s) {
    const Numbers row =
        low_rank_by_loops(kind, problem.theta.data(), problem.x.data() + s * problem.n,
                          problem.u.data() + s * problem.m);
    expected.insert(expected.end(), row.begin(), row.end());
  }
  // Sums of up to 37 products of order 1: some 40 roundings of 1e-16, times tanh's slope of 1.
  EXPECT_LT(largest_difference(model.eval(problem.points()), expected), 2e-14);
  EXPECT_EQ(model.info().time_kind, kind.map ? DK_MAP : DK_FLOW);
}

TEST_P(LowRankRnnTest, EveryFormIsTheEquationElementByElement) {
  for (const std::string activation : kLowRankActivations) {
    for_each_low_rank_kind(activation, [&](const LowRankKind& kind) {
      expect_equation(make(kind), kind);
      LowRankKind other = kind;
      other.bias = !kind.bias;
      expect_equation(make(other), other);
    });
  }
}

TEST_P(LowRankRnnTest, RowsOfSeveralVectorsAreTheEquation) {
  for_each_low_rank_kind("tanh", [&](LowRankKind kind) {
    kind.N = 37;
    kind.R = 11;
    kind.M = 6;
    expect_equation(make(kind), kind);
  });
}

TEST_P(LowRankRnnTest, FullStepOfAMapForgetsTheState) {
  LowRankKind kind;
  kind.map = true;
  kind.rate = 1.0;
  expect_equation(make(kind), kind);
}

TEST_P(LowRankRnnTest, BlocksHaveTheNamesAndShapesOfFittedNetworks) {
  const PluginModel model = make(LowRankKind());
  const dk_block* blocks = model.info().blocks;
  ASSERT_EQ(model.info().block_count, 4);
  const std::vector<std::string> names = {"m", "n", "wi", "bias"};
  const std::int64_t shapes[4][2] = {{9, 4}, {9, 4}, {3, 9}, {9, 0}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(blocks[i].name, names[i]);
    EXPECT_EQ(blocks[i].shape[0], shapes[i][0]);
    EXPECT_EQ(blocks[i].shape[1], shapes[i][1]);
  }
  EXPECT_STREQ(blocks[3].aliases[0], "b");
}

TEST_P(LowRankRnnTest, ReducedStatesAreNamed) {
  LowRankKind kind;
  kind.reduced = true;
  const PluginModel model = make(kind);
  EXPECT_STREQ(model.info().state_names[3], "kappa3");
  EXPECT_STREQ(model.info().state_names[4], "v0");
  EXPECT_EQ(make(LowRankKind()).info().state_names, nullptr);
}

TEST_P(LowRankRnnTest, WithoutInputsEqualsZeroInputs) {
  LowRankKind kind;
  kind.bias = false;
  LowRankKind autonomous = kind;
  autonomous.M = 0;
  const PluginModel with = make(kind), without = make(autonomous);
  const Problem driven(with, 5);
  Problem alone(without, 5);
  alone.x = driven.x;
  alone.theta.assign(driven.theta.begin(), driven.theta.end() - 3 * 9);
  dk_points zero_input = driven.points();
  zero_input.u.data = nullptr;
  EXPECT_EQ(without.eval(alone.points()), with.eval(zero_input));
  expect_vjp_is_adjoint_of_jvp(without);
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

// rate = 0.4: dx/dt = 0.4 r, and x' - x = 0.4 r.
TEST_P(LowRankRnnTest, ResidualIsDriveMinusState) {
  for_each_low_rank_kind("sin", [&](const LowRankKind& kind) {
    const PluginModel model = make(kind);
    const Problem problem(model, 5);
    Numbers dr_dx;
    const Numbers r = residual_of(model, problem.points(), dr_dx);
    const Numbers F = model.eval(problem.points());
    const Numbers J = model.jacobian(problem.points(), DK_WRT_STATE);
    const auto n = static_cast<std::size_t>(problem.n);
    for (std::size_t i = 0; i < F.size(); ++i) {
      EXPECT_NEAR(r[i], (F[i] - (kind.map ? problem.x[i] : 0.0)) / 0.4, 1e-13);
    }
    for (std::size_t i = 0; i < J.size(); ++i) {
      const double identity = kind.map && i / n % n == i % n ? 1.0 : 0.0;
      EXPECT_NEAR(dr_dx[i], (J[i] - identity) / 0.4, 1e-13);
    }
  });
}

// The sup of |m q| over all rates in the range of phi is at one of its 2^N corners.
TEST_P(LowRankRnnTest, BoxHoldsTheExtremesOfTheDrive) {
  LowRankKind kind;
  kind.activation = "sigmoid";
  kind.M = 0;
  kind.R = 1;
  kind.bias = false;
  const PluginModel model = make(kind);
  const Problem problem(model, 1);
  Numbers lower(9), upper(9);
  call(model.extension<dk_domain_v1>(DK_DOMAIN_V1)->box, model.handle(), problem.theta.data(),
       lower.data(), upper.data());
  const LowRankTheta weights(kind, problem.theta.data());
  for (std::size_t i = 0; i < 9; ++i) {
    double lowest = 0.0, highest = 0.0;
    for (unsigned corner = 0; corner < 512; ++corner) {
      double drive = 0.0;
      for (std::size_t j = 0; j < 9; ++j) {
        if ((corner >> j & 1u) != 0) drive += weights.m(i, 0) * weights.n(j, 0) / 9.0;
      }
      lowest = std::min(lowest, drive);
      highest = std::max(highest, drive);
    }
    EXPECT_NEAR(lower[i], lowest, 2e-10);  // the box is wider by 1e-10
    EXPECT_NEAR(upper[i], highest, 2e-10);
  }
}

TEST_P(LowRankRnnTest, ReducedBoxIsTheRangeOfTheLatentDrive) {
  LowRankKind kind;
  kind.reduced = true;
  kind.M = 0;
  const PluginModel model = make(kind);
  const Problem problem(model, 1);
  Numbers lower(4), upper(4);
  call(model.extension<dk_domain_v1>(DK_DOMAIN_V1)->box, model.handle(), problem.theta.data(),
       lower.data(), upper.data());
  const LowRankTheta weights(kind, problem.theta.data());
  for (std::size_t r = 0; r < 4; ++r) {
    double reach = 0.0;
    for (std::size_t j = 0; j < 9; ++j) reach += std::fabs(weights.n(j, r)) / 9.0;
    EXPECT_NEAR(upper[r], reach, 2e-10);
    EXPECT_NEAR(lower[r], -reach, 2e-10);
  }
}

TEST_P(LowRankRnnTest, OnlyBoundedRatesWithoutInputsHaveABox) {
  for (const std::string activation : kLowRankActivations) {
    const bool bounded = activation == "tanh" || activation == "sigmoid" || activation == "sin";
    LowRankKind kind;
    kind.activation = activation;
    EXPECT_EQ(make(kind).extension<dk_domain_v1>(DK_DOMAIN_V1), nullptr);
    kind.M = 0;
    EXPECT_EQ(make(kind).extension<dk_domain_v1>(DK_DOMAIN_V1) != nullptr, bounded) << activation;
  }
}

TEST_P(LowRankRnnTest, OnlyReluIsNotSmooth) {
  for (const std::string activation : kLowRankActivations) {
    LowRankKind kind;
    kind.activation = activation;
    EXPECT_EQ((make(kind).info().flags & DK_NOT_SMOOTH) != 0, activation == "relu");
  }
}

Numbers drawn_parameters(const PluginModel& model) {
  dk_stream stream = FakeHost::stream(5);
  Numbers theta(static_cast<std::size_t>(model.info().p));
  call(model.extension<dk_initial_v1>(DK_INITIAL_V1)->parameters, model.handle(), &model.host(),
       &stream, theta.data());
  return theta;
}

Numbers drawn_state(const PluginModel& model, const Numbers& theta) {
  dk_stream stream = FakeHost::stream(6);
  Numbers x(static_cast<std::size_t>(model.info().n));
  call(model.extension<dk_initial_v1>(DK_INITIAL_V1)->state, model.handle(), &model.host(), &stream,
       theta.data(), x.data());
  return x;
}

// With n = g m + xi: n^T m / N has mean g and variance (2 g^2 + 1) / N.
TEST_P(LowRankRnnTest, DrawnFactorsHaveTheOverlapThatIsAskedFor) {
  LowRankKind kind;
  kind.N = 4000;
  kind.R = 2;
  const Numbers theta = drawn_parameters(make(kind, {{"overlap", "1.5"}}));
  const LowRankTheta weights(kind, theta.data());
  double overlap[2][2] = {}, square = 0.0;
  for (std::size_t i = 0; i < kind.N; ++i) {
    square += weights.m(i, 0) * weights.m(i, 0) / 4000.0;
    for (std::size_t r = 0; r < 2; ++r) {
      for (std::size_t c = 0; c < 2; ++c) overlap[r][c] += weights.n(i, r) * weights.m(i, c) / 4000;
    }
  }
  const double error = std::sqrt(5.5 / 4000.0);  // the largest of the standard errors here
  EXPECT_NEAR(square, 1.0, 4.0 * error);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 2; ++c) {
      EXPECT_NEAR(overlap[r][c], r == c ? 1.5 : 0.0, 4.0 * error);
    }
  }
  EXPECT_EQ(weights.bias(7), 0.0);
}

TEST_P(LowRankRnnTest, InitialStatesOfBothFormsAreTheSamePoint) {
  LowRankKind kind;
  const Numbers theta = drawn_parameters(make(kind));
  const Numbers x = drawn_state(make(kind), theta);
  kind.reduced = true;
  const Numbers z = drawn_state(make(kind), theta);
  EXPECT_GT(largest_magnitude(z), 0.1);
  EXPECT_LT(largest_difference(x, lifted(kind, theta.data(), z.data())), 1e-14);
}

TEST_P(LowRankRnnTest, RefusesSettingsThatDoNotFitTheTime) {
  EXPECT_THROW(make({}, {{"time", "flow"}, {"alpha", "0.3"}}), Error);
  EXPECT_THROW(make({}, {{"time", "map"}, {"tau", "2"}}), Error);
  EXPECT_THROW(make({}, {{"tau", "0"}}), Error);
}

}  // namespace
}  // namespace dynkit::testing
