// Values and derivatives of the Langevin model, for every potential as a flow and as a map.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/activation.hpp"
#include "kinds.hpp"
#include "support/f32_model.hpp"

namespace dynkit::testing {
namespace {

class LangevinTest : public ::testing::TestWithParam<std::string> {
 protected:
  template <class Check>
  void for_each_kind(Check check) const {
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(::testing::PrintToString(kind));
      check(PluginModel(GetParam(), kind.settings()));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, LangevinTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_LANGEVIN_LIBRARY)), level_name);

// -dU/dz_i + (B u)_i, the slope of U by differences: their error is about h^6 = 6e-17 of a seventh
// derivative, and 5e-19 |U| / h = 3e-16 |U|.
long double force_by_differences(const Kind& kind, const PluginModel& model, const Problem& problem,
                                 std::int64_t s, std::int64_t i) {
  const double *x = problem.x.data() + s * problem.n, *u = problem.u.data() + s * problem.m;
  const auto energy = [&](long double shift) {
    LongNumbers z(x, x + kind.k);
    z[static_cast<std::size_t>(i)] += shift;
    return potential_energy(kind, problem.theta.data(), z);
  };
  long double F = -long_slope(energy, 0x1p-9L);
  const double* B = problem.theta.data() + input_weights(model) + i * problem.m;
  for (std::int64_t j = 0; j < problem.m; ++j) F += B[j] * u[j];
  return F;
}

TEST_P(LangevinTest, IsTheEquationWithTheSlopeOfU) {
  for (const Kind& kind : kinds()) {
    const PluginModel model(GetParam(), kind.settings());
    const Problem problem(model, 5);
    const Numbers out = model.eval(problem.points());
    const long double gamma = problem.theta.data()[friction(model)], D = 0.3L;
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const double *z = problem.x.data() + s * problem.n, *v = z + kind.k;
      for (std::int64_t i = 0; i < kind.k; ++i) {
        expected.push_back(static_cast<double>(kind.map ? z[i] + D * v[i] : v[i]));
      }
      for (std::int64_t i = 0; i < kind.k; ++i) {
        const long double F = force_by_differences(kind, model, problem, s, i);
        const long double rate = kind.map ? (1.0L - gamma) * (v[i] + D * F) : F - gamma * v[i];
        expected.push_back(static_cast<double>(rate));
      }
    }
    EXPECT_EQ(model.info().time_kind, kind.map ? DK_MAP : DK_FLOW);
    EXPECT_LT(largest_difference(out, expected), 1e-13 * largest_magnitude(expected))
        << ::testing::PrintToString(kind);
  }
}

TEST_P(LangevinTest, JvpMatchesCentralDifferences) {
  for_each_kind(expect_jvp_matches_differences);
}

TEST_P(LangevinTest, JacobiansMatchJvp) {
  for_each_kind(expect_jacobians_match_jvp);
}

TEST_P(LangevinTest, VjpIsAdjointOfJvp) {
  for_each_kind(expect_vjp_is_adjoint_of_jvp);
}

TEST_P(LangevinTest, SharedThetaBarAccumulates) {
  for_each_kind(expect_shared_theta_bar_accumulates);
}

TEST_P(LangevinTest, TapeAndPreparedChangeNoBit) {
  for_each_kind(expect_tape_and_prepared_change_no_bit);
}

TEST_P(LangevinTest, StridesAreKept) {
  for_each_kind([](const PluginModel& model) {
    expect_strides_are_kept(model, 2);
    expect_strides_are_kept(model, 7);  // more directions than samples
    expect_output_strides_are_kept(model);
  });
}

TEST_P(LangevinTest, SharedArgumentsRepeat) {
  for_each_kind(expect_shared_arguments_repeat);
}

TEST_P(LangevinTest, NullInputIsZeroInput) {
  for_each_kind(expect_null_input_is_zero_input);
}

TEST_P(LangevinTest, TakesAThetaPerSample) {
  for_each_kind(expect_theta_per_sample);
}

TEST_P(LangevinTest, SplittingABatchChangesNoBit) {
  for_each_kind(expect_splitting_changes_no_bit);
}

TEST_P(LangevinTest, NanChangesNoOtherSample) {
  for_each_kind(expect_nan_changes_no_other_sample);
}

// A position that is not a number is none in its own force, whatever the potential.
TEST_P(LangevinTest, NanPositionIsNanInItsForce) {
  for_each_kind([](const PluginModel& model) {
    Problem problem(model, 5);
    const std::int64_t k = problem.n / 2;
    problem.x[static_cast<std::size_t>(2 * problem.n + 1)] = std::nan("");
    const Numbers out = model.eval(problem.points());
    EXPECT_TRUE(std::isnan(out[static_cast<std::size_t>(2 * problem.n + k + 1)]));
  });
}

TEST_P(LangevinTest, WithoutInputsEqualsZeroInputs) {
  for (const Kind& kind : kinds()) {
    auto settings = kind.settings();
    const PluginModel model(GetParam(), settings);
    settings["m"] = "0";
    const PluginModel autonomous(GetParam(), settings);
    const Problem with(model, 5);
    Problem without(autonomous, 5);
    without.x = with.x;
    const auto B = with.theta.begin() + input_weights(model);
    without.theta.assign(with.theta.begin(), B);
    without.theta.insert(without.theta.end(), with.theta.end() - 2, with.theta.end());
    dk_points zero_input = with.points();
    zero_input.u.data = nullptr;
    EXPECT_EQ(autonomous.eval(without.points()), model.eval(zero_input));
    expect_vjp_is_adjoint_of_jvp(autonomous);
  }
}

// Sums of at most 23 terms in floats, and a few ULP of an activation, in four layers; the second
// derivatives of a double well subtract numbers that are 10 times their difference.
TEST_P(LangevinTest, SinglePrecisionAgreesWithDouble) {
  for_each_kind([](const PluginModel& model) {
    const F32Model f32(model);
    ASSERT_TRUE(f32.offered());
    Problem problem(model, 5);
    const FloatProblem floats(problem);
    const std::vector<Numbers> exact = every_result(model, problem.points());
    const std::vector<Floats> rounded = f32.every_result(floats.points());
    for (std::size_t r = 0; r < exact.size(); ++r) {
      const double bound = 4.0 * (23.0 + 8.0) * 0x1p-24 * largest_magnitude(exact[r]);
      EXPECT_LE(largest_difference(to_numbers(rounded[r]), exact[r]), bound) << "result " << r;
    }
  });
}

// Filters are divided by their length.
TEST_P(LangevinTest, OscillatorsDoNotSeeTheLengthOfTheirFilters) {
  const PluginModel model(GetParam(), Kind{"oscillators", 6, 2}.settings());
  Problem problem(model, 5);
  const Numbers before = model.eval(problem.points());
  for (std::size_t i = 0; i < 12; ++i) problem.theta[i] *= i < 6 ? 0.25 : 3.0;
  EXPECT_LT(largest_difference(model.eval(problem.points()), before), 1e-14);
}

// At K = 0 the normalized filter is K / e, e = 1e-8: no force, and a large but exact derivative.
TEST_P(LangevinTest, OscillatorsAreSmoothAtZeroFilters) {
  const PluginModel model(GetParam(), Kind{"oscillators", 6, 2}.settings());
  Problem problem(model, 5);
  std::fill_n(problem.theta.begin(), 12, 0.0);
  Numbers theta_dot(problem.theta.size());
  theta_dot[4] = 1.0;  // K[0,1,1]: U = z_1 * (z_0 + z_1) summed along the groups
  const Numbers out = model.jvp(problem.points(), {1, {}, {}, {theta_dot.data(), 0}});
  for (std::int64_t s = 0; s < 5; ++s) {
    const double* z = problem.x.data() + s * 12;
    for (std::int64_t l = 0; l < 3; ++l) {
      const auto at = static_cast<std::size_t>(s * 12 + 6 + l);
      EXPECT_NEAR(out[at], -1e8 * z[3 + l], 1e-6);
      EXPECT_NEAR(out[at + 3], -1e8 * (z[l] + 2.0 * z[3 + l]), 1e-6);
    }
  }
}

// phi'' of dynkit/activation.hpp, against second differences of phi in long double: errors of about
// h^6 and 1e-18 / h^2 = 1e-13.
TEST(ActivationCurvature, MatchesSecondDifferences) {
  for (const std::string name : {"tanh", "sigmoid", "softplus", "gelu", "sin"}) {
    const Activation phi = activation_of(name);
    for (double a = -6.0; a <= 6.0; a += 0.37) {
      const auto slope = [&](long double shift) {
        return long_slope([&](long double h) { return phi_by_name(name, a + shift + h); }, 0x1p-8L);
      };
      double value = a, found = 3.0;
      activate(phi, 1, &value);
      multiply_by_curvature(phi, 1, &value, &a, &found);
      EXPECT_NEAR(found, static_cast<double>(3.0L * long_slope(slope, 0x1p-8L)), 1e-11)
          << name << "(" << a << ")";
      const float single_a = static_cast<float>(a);
      float single_value = single_a, single = 3.0f;
      activate(phi, 1, &single_value);
      multiply_by_curvature(phi, 1, &single_value, &single_a, &single);
      EXPECT_NEAR(single, found, 3e-6) << name << "(" << a << ")";
    }
  }
}

}  // namespace
}  // namespace dynkit::testing
