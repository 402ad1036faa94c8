// The neural ODE in the units of the data: a model with center and scale is the model of
// x~ = (x - center) / scale, in the second-order form of q~ and v~ = v / scale.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "support/f32_model.hpp"
#include "support/initial_parameters.hpp"
#include "support/model_checks.hpp"

namespace dynkit::testing {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr double kCenter[] = {20.0, -3.0, 0.75}, kScale[] = {30.0, 0.4, 7.0};

class NodeScaleTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel plain(Settings form) const {
    form.insert({{"n", "3"}, {"m", "2"}, {"hidden", "[7]"}});
    return PluginModel(GetParam(), form);
  }
  PluginModel scaled(Settings form) const {
    form.insert({{"center", "[20, -3, 0.75]"}, {"scale", "[30, 0.4, 7]"}});
    return plain(form);
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, NodeScaleTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_NODE_LIBRARY)), level_name);

std::vector<Settings> forms() {
  return {{},
          {{"leak", "true"}, {"sees_time", "true"}},
          {{"time", "map"}, {"step", "0.3"}, {"leak", "true"}},
          {{"second_order", "true"}, {"leak", "true"}},
          {{"second_order", "true"}, {"time", "map"}, {"step", "0.3"}}};
}

// What component i of n states adds and multiplies: velocities have no center.
double center_of(std::int64_t i) {
  return i < 3 ? kCenter[i] : 0.0;
}
double scale_of(std::int64_t i) {
  return kScale[i % 3];
}

Numbers from_standardized(Numbers x, std::int64_t n) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto component = static_cast<std::int64_t>(i) % n;
    x[i] = center_of(component) + scale_of(component) * x[i];
  }
  return x;
}

// Rounding of x - center, which is of the size of center, and two more.
void expect_same(const Numbers& actual, const Numbers& expected) {
  EXPECT_LT(largest_difference(actual, expected), 1e-13 * (1.0 + largest_magnitude(expected)));
}

TEST_P(NodeScaleTest, ValuesAreThoseOfStandardizedStates) {
  for (const Settings& form : forms()) {
    SCOPED_TRACE(::testing::PrintToString(form));
    const PluginModel model = scaled(form), inner = plain(form);
    Problem problem(inner, 5);
    Numbers expected = inner.eval(problem.points());
    if (form.contains("time")) {
      expected = from_standardized(expected, problem.n);
    } else {
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expected[i] *= scale_of(static_cast<std::int64_t>(i) % problem.n);
      }
    }
    problem.x = from_standardized(problem.x, problem.n);
    expect_same(model.eval(problem.points()), expected);
  }
}

TEST_P(NodeScaleTest, JacobiansAreThoseOfStandardizedStates) {
  for (const Settings& form : forms()) {
    SCOPED_TRACE(::testing::PrintToString(form));
    const PluginModel model = scaled(form), inner = plain(form);
    Problem outer_problem(inner, 5);
    const Problem problem = outer_problem;
    outer_problem.x = from_standardized(problem.x, problem.n);
    for (const std::int32_t wrt : {DK_WRT_STATE, DK_WRT_INPUT, DK_WRT_PARAMETERS}) {
      Numbers expected = inner.jacobian(problem.points(), wrt);
      const auto columns = static_cast<std::int64_t>(expected.size()) / (5 * problem.n);
      for (std::size_t e = 0; e < expected.size(); ++e) {
        const auto at = static_cast<std::int64_t>(e);
        expected[e] *= scale_of(at / columns % problem.n);
        if (wrt == DK_WRT_STATE) expected[e] /= scale_of(at % columns);
      }
      expect_same(model.jacobian(outer_problem.points(), wrt), expected);
    }
  }
}

// W_1' = W_1 / scale, b_1' = b_1 - W_1' center, W_2' = scale W_2, b_2' = scale b_2.
TEST_P(NodeScaleTest, WeightsOfAPlainNetworkCanDoTheSame) {
  const PluginModel model = scaled({}), network = plain({});
  const Problem problem(model, 5);
  Problem rescaled = problem;
  double* W1 = rescaled.theta.data();
  double* b1 = W1 + 7 * 5;
  double* W2 = b1 + 7;
  double* b2 = W2 + 3 * 7;
  for (std::int64_t i = 0; i < 7; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) {
      W1[i * 5 + j] /= kScale[j];
      b1[i] -= W1[i * 5 + j] * kCenter[j];
    }
  }
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 7; ++j) W2[i * 7 + j] *= kScale[i];
    b2[i] *= kScale[i];
  }
  expect_same(model.eval(problem.points()), network.eval(rescaled.points()));
}

TEST_P(NodeScaleTest, SinglePrecisionAgreesToTheRoundingOfFloats) {
  for (const Settings& form : forms()) {
    SCOPED_TRACE(::testing::PrintToString(form));
    const PluginModel model = scaled(form);
    Problem problem(model, 5);
    problem.x = from_standardized(problem.x, problem.n);
    const FloatProblem floats(problem);
    const std::vector<Numbers> exact = every_result(model, problem.points());
    const std::vector<Floats> rounded = F32Model(model).every_result(floats.points());
    for (std::size_t r = 0; r < exact.size(); ++r) {
      // Two layers of at most 7 terms, and a few ULP each of activation, center and scale. Center
      // is up to 8 times a standardized state's spread: -3 against 0.4.
      EXPECT_LE(largest_difference(to_numbers(rounded[r]), exact[r]),
                64.0 * 0x1p-24 * largest_magnitude(exact[r]))
          << "result " << r;
    }
  }
}

TEST_P(NodeScaleTest, TypicalStatesHaveTheirCenterAndScale) {
  for (const Settings& form : forms()) {
    Numbers states[2];
    for (const bool is_scaled : {false, true}) {
      const PluginModel model = is_scaled ? scaled(form) : plain(form);
      Numbers& x = states[is_scaled ? 1 : 0];
      x.assign(static_cast<std::size_t>(model.info().n), std::nan(""));
      dk_stream stream = FakeHost::stream(5);
      const Numbers theta(static_cast<std::size_t>(model.info().p));
      call(model.extension<dk_initial_v1>(DK_INITIAL_V1)->state, model.handle(), &model.host(),
           &stream, theta.data(), x.data());
    }
    expect_same(states[1],
                from_standardized(states[0], static_cast<std::int64_t>(states[0].size())));
  }
}

TEST_P(NodeScaleTest, RefusesWhatIsNoScale) {
  EXPECT_EQ(refusal_of(GetParam(), {{"scale", "[1, 2]"}}),
            "setting 'scale': 2 numbers are given, n is 3");
  EXPECT_EQ(refusal_of(GetParam(), {{"center", "[1, 2, 3, 4]"}}),
            "setting 'center': 4 numbers are given, n is 3");
  EXPECT_EQ(refusal_of(GetParam(), {{"scale", "[1, 0, 2]"}}),
            "setting 'scale': 0.000000 is not > 0");
  EXPECT_EQ(refusal_of(GetParam(), {{"center", "[1, inf, 2]"}}),
            "setting 'center': inf is not a finite number");
}

}  // namespace
}  // namespace dynkit::testing
