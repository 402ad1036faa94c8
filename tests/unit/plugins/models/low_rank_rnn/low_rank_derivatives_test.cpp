// Derivatives of the low-rank network, and its conduct as a model: strides, parts, NaN.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "low_rank_network.hpp"

namespace dynkit::testing {
namespace {

class LowRankDerivativesTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const LowRankKind& kind) const {
    return PluginModel(GetParam(), kind.settings());
  }
  template <class Check>
  void for_each_kind(Check check) const {
    for (const std::string activation : kLowRankActivations) {
      for_each_low_rank_kind(activation, [&](const LowRankKind& kind) { check(make(kind)); });
    }
    // Several vectors and a remainder in every product.
    for_each_low_rank_kind("gelu", [&](LowRankKind kind) {
      kind.N = 37;
      kind.R = 11;
      kind.M = 6;
      check(make(kind));
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, LowRankDerivativesTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_LOW_RANK_RNN_LIBRARY)),
                         level_name);

TEST_P(LowRankDerivativesTest, JvpMatchesCentralDifferences) {
  for_each_kind(expect_jvp_matches_differences);
}

TEST_P(LowRankDerivativesTest, JacobiansMatchJvp) {
  for_each_kind(expect_jacobians_match_jvp);
}

TEST_P(LowRankDerivativesTest, VjpIsAdjointOfJvp) {
  for_each_kind(expect_vjp_is_adjoint_of_jvp);
}

TEST_P(LowRankDerivativesTest, SharedThetaBarAccumulates) {
  for_each_kind(expect_shared_theta_bar_accumulates);
}

TEST_P(LowRankDerivativesTest, TapeAndPreparedChangeNoBit) {
  for_each_kind(expect_tape_and_prepared_change_no_bit);
}

TEST_P(LowRankDerivativesTest, StridesAreKept) {
  for_each_low_rank_kind("tanh", [&](const LowRankKind& kind) {
    expect_strides_are_kept(make(kind), 2);
    expect_strides_are_kept(make(kind), 7);  // more directions than samples
    expect_output_strides_are_kept(make(kind));
  });
}

Numbers repeated(const Numbers& row, int times) {
  Numbers rows;
  for (int i = 0; i < times; ++i) rows.insert(rows.end(), row.begin(), row.end());
  return rows;
}

TEST_P(LowRankDerivativesTest, TangentsThatSamplesShareAreThoseOfEach) {
  for_each_low_rank_kind("tanh", [&](const LowRankKind& kind) {
    const PluginModel model = make(kind);
    const Problem problem(model, 5);
    const std::int64_t n = problem.n, m = problem.m, p = problem.p;
    const Numbers x_dot = random_numbers(2 * n, 81), u_dot = random_numbers(2 * m, 82);
    const Numbers theta_dot = random_numbers(2 * p, 83);
    const Numbers each_x = repeated(x_dot, 5), each_u = repeated(u_dot, 5);
    const Numbers each_theta = repeated(theta_dot, 5);
    const Numbers shared = model.jvp(
        problem.points(), {2, {x_dot.data(), 0}, {u_dot.data(), 0}, {theta_dot.data(), 0}});
    EXPECT_EQ(
        shared,
        model.jvp(problem.points(),
                  {2, {each_x.data(), 2 * n}, {each_u.data(), 2 * m}, {each_theta.data(), 2 * p}}));
  });
}

// Rows of the result 4 numbers further apart than K n, for fewer and for more directions than
// samples.
TEST_P(LowRankDerivativesTest, TangentsOfTheResultKeepTheirStride) {
  for_each_low_rank_kind("tanh", [&](const LowRankKind& kind) {
    const PluginModel model = make(kind);
    const Problem problem(model, 5);
    for (const std::int64_t K : {2, 7}) {
      const Numbers x_dot = random_numbers(5 * K * problem.n, 84);
      const Numbers theta_dot = random_numbers(K * problem.p, 85);
      const dk_tangents tangents{
          K, {x_dot.data(), K * problem.n}, {nullptr, 0}, {theta_dot.data(), 0}};
      const std::int64_t width = K * problem.n, stride = width + 4;
      const Numbers expected = spread(model.jvp(problem.points(), tangents), width, stride);
      Numbers out(expected.size(), -99.0);
      const GuardedBuffer scratch = model.scratch(DK_JVP, 5, K);
      dk_points points = problem.points();
      points.scratch = scratch.data();
      const dk_output output{out.data(), stride};
      call(model.table().jvp, model.handle(), &points, &tangents, &output);
      EXPECT_EQ(out, expected);
    }
  });
}

TEST_P(LowRankDerivativesTest, SharedArgumentsRepeat) {
  for_each_low_rank_kind(
      "sin", [&](const LowRankKind& kind) { expect_shared_arguments_repeat(make(kind)); });
}

TEST_P(LowRankDerivativesTest, NullInputIsZeroInput) {
  for_each_low_rank_kind(
      "tanh", [&](const LowRankKind& kind) { expect_null_input_is_zero_input(make(kind)); });
}

TEST_P(LowRankDerivativesTest, TakesAThetaPerSample) {
  for_each_low_rank_kind("softplus",
                         [&](const LowRankKind& kind) { expect_theta_per_sample(make(kind)); });
}

TEST_P(LowRankDerivativesTest, SplittingABatchChangesNoBit) {
  for_each_kind(expect_splitting_changes_no_bit);
}

TEST_P(LowRankDerivativesTest, NanInAFullStateReachesEveryUnitOfItsSample) {
  for (const std::string activation : kLowRankActivations) {
    LowRankKind kind;
    kind.activation = activation;
    SCOPED_TRACE(activation);
    expect_nan_stays_in_its_sample(make(kind));
  }
}

TEST_P(LowRankDerivativesTest, NanInKappaReachesEveryKappaOfItsSample) {
  for (const std::string activation : kLowRankActivations) {
    LowRankKind kind;
    kind.activation = activation;
    kind.reduced = true;
    const PluginModel model = make(kind);
    Problem problem(model, 5);
    const Numbers clean = model.eval(problem.points());
    problem.x[2 * 7 + 1] = std::nan("");
    const Numbers out = model.eval(problem.points());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const bool hit = i / 7 == 2 && i % 7 < 4;
      EXPECT_TRUE(hit ? std::isnan(out[i]) : out[i] == clean[i]) << activation << " " << i;
    }
  }
}

// Unit 2 acts on all others through its rate; column 2 holds the slope at NaN.
TEST_P(LowRankDerivativesTest, NanInTheStateIsNanInItsColumnOfTheJacobian) {
  LowRankKind kind;
  kind.activation = "relu";
  const PluginModel model = make(kind);
  Problem problem(model, 1);
  problem.x[2] = std::nan("");
  const Numbers J = model.jacobian(problem.points(), DK_WRT_STATE);
  for (std::size_t i = 0; i < J.size(); ++i) EXPECT_EQ(std::isnan(J[i]), i % 9 == 2);
}

}  // namespace
}  // namespace dynkit::testing
