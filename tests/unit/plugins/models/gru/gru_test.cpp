#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/balance.h"
#include "dynkit/domain.h"
#include "dynkit/initial.h"
#include "support/model_checks.hpp"

namespace dynkit::testing {
namespace {

// n, m, S = 5 and K = 2 all differ. The larger one has several vectors and a remainder in a row.
const std::map<std::string, std::string> kSmall = {{"n", "4"}, {"m", "3"}};
const std::map<std::string, std::string> kLarge = {{"n", "37"}, {"m", "3"}};

class GruTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel small_{GetParam(), kSmall};
  PluginModel large_{GetParam(), kLarge};
};

INSTANTIATE_TEST_SUITE_P(Levels, GruTest, ::testing::ValuesIn(runnable_levels(DYNKIT_GRU_LIBRARY)),
                         level_name);

struct Oracle {
  Numbers x_next, candidate;
};

// Equations (1) to (5) of gru.hpp for one sample, element by element in long double.
Oracle gru_by_loops(std::int64_t n, std::int64_t m, const double* theta, const double* x,
                    const double* u) {
  const double* W_ih = theta;
  const double* W_hh = W_ih + 3 * n * m;
  const double* b_ih = W_hh + 3 * n * n;
  const double* b_hh = b_ih + 3 * n;
  const auto from_u = [&](std::int64_t row) {
    long double sum = b_ih[row];
    for (std::int64_t j = 0; j < m; ++j) sum += static_cast<long double>(W_ih[row * m + j]) * u[j];
    return sum;
  };
  const auto from_x = [&](std::int64_t row) {
    long double sum = b_hh[row];
    for (std::int64_t j = 0; j < n; ++j) sum += static_cast<long double>(W_hh[row * n + j]) * x[j];
    return sum;
  };
  Oracle result;
  for (std::int64_t i = 0; i < n; ++i) {
    const long double r = 1.0L / (1.0L + std::exp(-(from_u(i) + from_x(i))));
    const long double z = 1.0L / (1.0L + std::exp(-(from_u(n + i) + from_x(n + i))));
    const long double c = std::tanh(from_u(2 * n + i) + r * from_x(2 * n + i));
    result.candidate.push_back(static_cast<double>(c));
    result.x_next.push_back(static_cast<double>((1.0L - z) * c + z * x[i]));
  }
  return result;
}

TEST_P(GruTest, EvalIsTheEquationElementByElement) {
  for (const PluginModel* model : {&small_, &large_}) {
    const Problem problem(*model, 5);
    const Numbers out = model->eval(problem.points());
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const Oracle oracle =
          gru_by_loops(problem.n, problem.m, problem.theta.data(), problem.x.data() + s * problem.n,
                       problem.u.data() + s * problem.m);
      expected.insert(expected.end(), oracle.x_next.begin(), oracle.x_next.end());
    }
    EXPECT_LT(largest_difference(out, expected), 1e-14);  // sums of 37 terms, a few ULP each
  }
}

TEST_P(GruTest, JvpMatchesCentralDifferences) {
  expect_jvp_matches_differences(small_);
  expect_jvp_matches_differences(large_);
}

TEST_P(GruTest, JacobiansMatchJvp) {
  expect_jacobians_match_jvp(small_);
  expect_jacobians_match_jvp(large_);
}

TEST_P(GruTest, VjpIsAdjointOfJvp) {
  expect_vjp_is_adjoint_of_jvp(small_);
  expect_vjp_is_adjoint_of_jvp(large_);
}

TEST_P(GruTest, SharedThetaBarAccumulates) {
  expect_shared_theta_bar_accumulates(small_);
}

TEST_P(GruTest, TapeAndPreparedChangeNoBit) {
  expect_tape_and_prepared_change_no_bit(small_);
  expect_tape_and_prepared_change_no_bit(large_);
}

TEST_P(GruTest, StridesAreKept) {
  expect_strides_are_kept(small_, 2);
  expect_strides_are_kept(small_, 7);  // more directions than samples
  expect_output_strides_are_kept(small_);
}

TEST_P(GruTest, SharedArgumentsRepeat) {
  expect_shared_arguments_repeat(small_);
}

TEST_P(GruTest, NullInputIsZeroInput) {
  expect_null_input_is_zero_input(small_);
}

TEST_P(GruTest, TakesAThetaPerSample) {
  expect_theta_per_sample(small_);
}

TEST_P(GruTest, SplittingABatchChangesNoBit) {
  expect_splitting_changes_no_bit(small_);
  expect_splitting_changes_no_bit(large_);
}

TEST_P(GruTest, NanStaysInItsSample) {
  expect_nan_stays_in_its_sample(small_);
}

TEST_P(GruTest, WithoutInputsEqualsZeroInputs) {
  const PluginModel autonomous(GetParam(), {{"n", "4"}, {"m", "0"}});
  const Problem with(small_, 5);
  Problem without(autonomous, 5);
  without.x = with.x;
  const auto skipped = static_cast<std::ptrdiff_t>(3 * with.n * with.m);  // weight_ih_l0
  without.theta.assign(with.theta.begin() + skipped, with.theta.end());
  dk_points zero_input = with.points();
  zero_input.u.data = nullptr;
  EXPECT_EQ(autonomous.eval(without.points()), small_.eval(zero_input));
  expect_vjp_is_adjoint_of_jvp(autonomous);
}

TEST_P(GruTest, RefusesColumns) {
  dk_points points = Problem(small_, 5).points();
  points.layout = DK_COLUMNS;
  EXPECT_THROW(small_.eval(points), Error);
}

// x' - x = (1 - z) (c - x): the residual is c - x, whatever z is.
TEST_P(GruTest, ResidualIsCandidateMinusState) {
  const Problem problem(large_, 5);
  dk_points points = problem.points();
  const GuardedBuffer scratch = large_.scratch(DK_RESIDUAL, 5, 1);
  points.scratch = scratch.data();
  Numbers r(problem.x.size());
  const dk_output output{r.data(), problem.n};
  call(large_.extension<dk_balance_v1>(DK_BALANCE_V1)->residual, large_.handle(), &points, &output);
  EXPECT_TRUE(scratch.intact());
  for (std::int64_t s = 0; s < 5; ++s) {
    const double* x = problem.x.data() + s * problem.n;
    const Oracle oracle = gru_by_loops(problem.n, problem.m, problem.theta.data(), x,
                                       problem.u.data() + s * problem.m);
    for (std::int64_t i = 0; i < problem.n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_NEAR(r[static_cast<std::size_t>(s * problem.n + i)], oracle.candidate[at] - x[i],
                  1e-14);
    }
  }
}

Numbers residual_of(const PluginModel& model, dk_points points, Numbers* dr_dx) {
  const std::int64_t n = model.info().n;
  const GuardedBuffer scratch = model.scratch(DK_RESIDUAL, points.count, 1);
  points.scratch = scratch.data();
  Numbers r(static_cast<std::size_t>(points.count * n));
  const dk_output output{r.data(), n};
  const auto* balance = model.extension<dk_balance_v1>(DK_BALANCE_V1);
  if (dr_dx == nullptr) {
    call(balance->residual, model.handle(), &points, &output);
  } else {
    dr_dx->resize(static_cast<std::size_t>(points.count * n * n));
    const dk_matrices matrices{dr_dx->data(), n * n, n};
    call(balance->linearized, model.handle(), &points, &output, &matrices);
  }
  EXPECT_TRUE(scratch.intact());
  return r;
}

TEST_P(GruTest, LinearizedResidualMatchesCentralDifferences) {
  const Problem problem(small_, 5);
  Numbers dr_dx;
  EXPECT_EQ(residual_of(small_, problem.points(), &dr_dx),
            residual_of(small_, problem.points(), nullptr));
  constexpr double h = 0x1p-17;  // error about h^2 = 6e-11 and eps / h = 3e-11
  for (std::int64_t j = 0; j < problem.n; ++j) {
    Problem up = problem;
    Problem down = problem;
    for (std::int64_t s = 0; s < 5; ++s) {
      up.x[static_cast<std::size_t>(s * problem.n + j)] += h;
      down.x[static_cast<std::size_t>(s * problem.n + j)] -= h;
    }
    const Numbers above = residual_of(small_, up.points(), nullptr);
    const Numbers below = residual_of(small_, down.points(), nullptr);
    for (std::size_t row = 0; row < above.size(); ++row) {
      const auto n = static_cast<std::size_t>(problem.n);
      EXPECT_NEAR(dr_dx[row * n + static_cast<std::size_t>(j)], (above[row] - below[row]) / (2 * h),
                  1e-9);
    }
  }
}

TEST_P(GruTest, BoxIsSentIntoItself) {
  Numbers lower(4), upper(4);
  call(small_.extension<dk_domain_v1>(DK_DOMAIN_V1)->box, small_.handle(),
       static_cast<const double*>(nullptr), lower.data(), upper.data());
  EXPECT_EQ(lower, Numbers(4, -1.0));
  EXPECT_EQ(upper, Numbers(4, 1.0));
  Problem problem(small_, 1000);
  for (double& x : problem.x) x = x < 0.0 ? -1.0 : 1.0;  // corners
  EXPECT_LE(largest_magnitude(small_.eval(problem.points())), 1.0);
}

TEST_P(GruTest, InitialParametersFillTheIntervalThatPyTorchUses) {
  const auto* initial = large_.extension<dk_initial_v1>(DK_INITIAL_V1);
  dk_stream stream = FakeHost::stream(5);
  Numbers theta(static_cast<std::size_t>(large_.info().p));
  call(initial->parameters, large_.handle(), &large_.host(), &stream, theta.data());
  const double bound = 1.0 / std::sqrt(37.0);
  const auto [lowest, highest] = std::minmax_element(theta.begin(), theta.end());
  EXPECT_GE(*lowest, -bound);
  EXPECT_LE(*highest, bound);
  // Of p = 4662 uniform numbers, none in the outer hundredth of one side: probability 5e-11.
  EXPECT_LT(*lowest, -0.99 * bound);
  EXPECT_GT(*highest, 0.99 * bound);
}

TEST_P(GruTest, TypicalStateLiesInTheBox) {
  const auto* initial = large_.extension<dk_initial_v1>(DK_INITIAL_V1);
  dk_stream stream = FakeHost::stream(6);
  Numbers x(37);
  call(initial->state, large_.handle(), &large_.host(), &stream,
       static_cast<const double*>(nullptr), x.data());
  EXPECT_LT(largest_magnitude(x), 1.0);
  EXPECT_GT(largest_magnitude(x), 0.0);
}

TEST_P(GruTest, BlocksCarryPyTorchNamesAndTileTheta) {
  const dk_model_info& info = small_.info();
  const std::vector<std::string> names = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0",
                                          "bias_hh_l0"};
  std::int64_t offset = 0;
  for (std::int64_t b = 0; b < info.block_count; ++b) {
    const dk_block& block = info.blocks[b];
    EXPECT_EQ(block.name, names[static_cast<std::size_t>(b)]);
    EXPECT_EQ(block.offset, offset);
    EXPECT_EQ(block.shape[0], 12);
    offset += block.shape[0] * (block.rank == 2 ? block.shape[1] : 1);
  }
  EXPECT_EQ(offset, info.p);
}

TEST_P(GruTest, OffersNoUnknownExtension) {
  EXPECT_EQ(small_.extension<void>("dynkit.noise/1"), nullptr);
}

}  // namespace
}  // namespace dynkit::testing
