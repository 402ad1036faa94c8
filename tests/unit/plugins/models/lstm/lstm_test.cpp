#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "dynkit/domain.h"
#include "support/initial_parameters.hpp"
#include "support/perceptron_oracle.hpp"
#include "support/recurrent_golden.hpp"

namespace dynkit::testing {
namespace {

const std::filesystem::path kNetworks = DYNKIT_SOURCE_FOLDER "/tests/golden/networks";

// Units, m, S = 5 and K = 2 all differ. The larger one has several vectors and a remainder in a
// row.
class LstmTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const char* n, const char* m) const {
    return PluginModel(GetParam(), {{"n", n}, {"m", m}});
  }
  PluginModel small_ = make("4", "3");
  PluginModel large_ = make("37", "3");
  PluginModel autonomous_ = make("6", "0");
  const PluginModel* all_[3] = {&small_, &large_, &autonomous_};
};

INSTANTIATE_TEST_SUITE_P(Levels, LstmTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_LSTM_LIBRARY)), level_name);

// The equations of the README for one sample x = (h, c) of n units.
Numbers lstm_by_loops(std::int64_t n, std::int64_t m, const double* theta, const double* x,
                      const double* u) {
  const double* W_ih = theta;
  const double* W_hh = W_ih + 4 * n * m;
  const double* b_ih = W_hh + 4 * n * n;
  const double* b_hh = b_ih + 4 * n;
  const auto argument = [&](std::int64_t row) {
    long double a = static_cast<long double>(b_ih[row]) + b_hh[row];
    for (std::int64_t j = 0; j < m; ++j) a += static_cast<long double>(W_ih[row * m + j]) * u[j];
    for (std::int64_t j = 0; j < n; ++j) a += static_cast<long double>(W_hh[row * n + j]) * x[j];
    return a;
  };
  Numbers next(static_cast<std::size_t>(2 * n));
  for (std::int64_t k = 0; k < n; ++k) {
    const long double i = phi_by_name("sigmoid", argument(k));
    const long double f = phi_by_name("sigmoid", argument(n + k));
    const long double g = std::tanh(argument(2 * n + k));
    const long double o = phi_by_name("sigmoid", argument(3 * n + k));
    const long double c = f * x[n + k] + i * g;
    next[static_cast<std::size_t>(k)] = static_cast<double>(o * std::tanh(c));
    next[static_cast<std::size_t>(n + k)] = static_cast<double>(c);
  }
  return next;
}

TEST_P(LstmTest, EvalIsTheEquationElementByElement) {
  for (const PluginModel* model : all_) {
    const Problem problem(*model, 5);
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const Numbers row =
          lstm_by_loops(problem.n / 2, problem.m, problem.theta.data(),
                        problem.x.data() + s * problem.n, problem.u.data() + s * problem.m);
      expected.insert(expected.end(), row.begin(), row.end());
    }
    // Sums of 40 terms, a few ULP each, in gates of slope 1/4.
    EXPECT_LT(largest_difference(model->eval(problem.points()), expected), 1e-14);
  }
}

TEST_P(LstmTest, SequencesAndGradientsMatchPyTorch) {
  expect_sequences_match_pytorch(make("5", "3"), kNetworks / "lstm_5.npz");
  expect_sequences_match_pytorch(make("37", "3"), kNetworks / "lstm_cell_37.npz");
}

TEST_P(LstmTest, JvpMatchesCentralDifferences) {
  for (const PluginModel* model : all_) expect_jvp_matches_differences(*model);
}

TEST_P(LstmTest, JacobiansMatchJvp) {
  for (const PluginModel* model : all_) expect_jacobians_match_jvp(*model);
}

TEST_P(LstmTest, VjpIsAdjointOfJvp) {
  for (const PluginModel* model : all_) expect_vjp_is_adjoint_of_jvp(*model);
}

TEST_P(LstmTest, SharedThetaBarAccumulates) {
  for (const PluginModel* model : all_) expect_shared_theta_bar_accumulates(*model);
}

TEST_P(LstmTest, TapeAndPreparedChangeNoBit) {
  for (const PluginModel* model : all_) expect_tape_and_prepared_change_no_bit(*model);
}

TEST_P(LstmTest, StridesAreKept) {
  for (const PluginModel* model : {&small_, &autonomous_}) {
    expect_strides_are_kept(*model, 2);
    expect_strides_are_kept(*model, 7);  // more directions than samples
    expect_output_strides_are_kept(*model);
  }
}

TEST_P(LstmTest, SharedArgumentsRepeat) {
  expect_shared_arguments_repeat(small_);
}

TEST_P(LstmTest, NullInputIsZeroInput) {
  expect_null_input_is_zero_input(small_);
}

TEST_P(LstmTest, TakesAThetaPerSample) {
  expect_theta_per_sample(small_);
}

TEST_P(LstmTest, SplittingABatchChangesNoBit) {
  for (const PluginModel* model : all_) expect_splitting_changes_no_bit(*model);
}

TEST_P(LstmTest, NanStaysInItsSample) {
  expect_nan_stays_in_its_sample(small_);  // NaN in h reaches all gates
  for (const PluginModel* model : all_) expect_nan_changes_no_other_sample(*model);
}

TEST_P(LstmTest, NanInACellStaysInItsUnit) {
  Problem problem(small_, 5);
  const Numbers clean = small_.eval(problem.points());
  problem.x[4 + 1] = std::nan("");
  const Numbers out = small_.eval(problem.points());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i == 1 || i == 4 + 1) {
      EXPECT_TRUE(std::isnan(out[i]));
    } else {
      EXPECT_EQ(out[i], clean[i]);
    }
  }
}

// A gate that is open counts: with b_f = b_i = b_g = 100 and no weights, c' = c + 1 to the bit.
TEST_P(LstmTest, OpenGatesCountWithoutBound) {
  Problem problem(small_, 1);
  std::fill(problem.theta.begin(), problem.theta.end(), 0.0);
  std::fill(problem.theta.end() - 16, problem.theta.end(), 100.0);  // bias_hh_l0
  problem.x = {0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 50.0, -20.0};
  const Numbers out = small_.eval(problem.points());
  EXPECT_EQ(Numbers(out.begin() + 4, out.end()), (Numbers{1.0, 2.0, 51.0, -19.0}));
  EXPECT_EQ(small_.extension<dk_domain_v1>(DK_DOMAIN_V1), nullptr);
}

TEST_P(LstmTest, InfoTellsAMapWithoutAStep) {
  const dk_model_info& info = small_.info();
  EXPECT_EQ(info.time_kind, DK_MAP);
  EXPECT_TRUE(std::isnan(info.step));
  EXPECT_EQ(info.n, 8);
  EXPECT_EQ(info.m, 3);
  EXPECT_EQ(info.flags & (DK_USES_TIME | DK_USES_STEP | DK_NOT_SMOOTH), 0u);
}

TEST_P(LstmTest, BlocksCarryPyTorchNamesAndTileTheta) {
  const dk_model_info& info = small_.info();
  const std::vector<std::string> names = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
  ASSERT_EQ(info.block_count, 4);
  std::int64_t offset = 0;
  for (std::int64_t b = 0; b < 4; ++b) {
    const dk_block& block = info.blocks[b];
    EXPECT_EQ(block.name, names[static_cast<std::size_t>(b)] + "_l0");
    EXPECT_EQ(block.aliases[0], names[static_cast<std::size_t>(b)]);
    EXPECT_EQ(block.aliases[1], nullptr);
    EXPECT_EQ(block.offset, offset);
    EXPECT_EQ(block.shape[0], 16);
    offset += elements(block);
  }
  EXPECT_EQ(offset, info.p);
}

TEST_P(LstmTest, InitialParametersAreUniformAsPyTorchs) {
  const Numbers theta = initial_parameters(large_, 5);
  for (std::int64_t b = 0; b < 4; ++b) {
    expect_uniform(theta, large_.info().blocks[b], 1.0 / std::sqrt(37.0));
  }
}

}  // namespace
}  // namespace dynkit::testing
