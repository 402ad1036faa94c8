#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "support/initial_parameters.hpp"
#include "support/model_checks.hpp"
#include "support/perceptron_oracle.hpp"

namespace dynkit::testing {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr double kCenter[] = {0.5, -1, 2, 0.25}, kScale[] = {2, 0.5, 3, 1.5};

struct Kind {
  std::int64_t n = 4, m = 3;
  std::vector<std::int64_t> hidden = {7};
  std::string activation = "tanh";
  bool map = false, leak = false, second_order = false, sees_time = false;
  bool scaled = false;  // by kCenter and kScale, n = 4

  Settings settings() const {
    Settings settings = {{"n", std::to_string(n)},
                         {"m", std::to_string(m)},
                         {"hidden", list_text(hidden)},
                         {"activation", activation},
                         {"leak", leak ? "true" : "false"},
                         {"second_order", second_order ? "true" : "false"},
                         {"sees_time", sees_time ? "true" : "false"}};
    if (map) settings.insert({{"time", "map"}, {"step", "0.3"}});
    if (scaled) settings.insert({{"center", "[0.5, -1, 2, 0.25]"}, {"scale", "[2, 0.5, 3, 1.5]"}});
    return settings;
  }
};

// Every form of the equation. Sizes differ from each other and from S = 5 and K = 2.
std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const char* activation : kPerceptronActivations) all.push_back({.activation = activation});
  all.push_back({.hidden = {}});
  all.push_back({.hidden = {7, 6}});
  all.push_back({.hidden = {7, 6, 9}, .activation = "softplus", .sees_time = true});
  all.push_back({.m = 0});
  all.push_back({.leak = true});
  all.push_back({.m = 0, .hidden = {}, .sees_time = true});
  all.push_back({.map = true});
  all.push_back({.activation = "gelu", .map = true, .leak = true});
  all.push_back({.map = true, .second_order = true, .sees_time = true});
  all.push_back({.second_order = true});
  all.push_back({.leak = true, .second_order = true, .sees_time = true});
  all.push_back({.m = 0, .hidden = {}, .second_order = true});
  all.push_back({.leak = true, .scaled = true});
  all.push_back({.map = true, .leak = true, .scaled = true});
  all.push_back({.leak = true, .second_order = true, .sees_time = true, .scaled = true});
  all.push_back({.m = 0, .hidden = {}, .map = true, .second_order = true, .scaled = true});
  // Several vectors and a remainder in a row.
  all.push_back({.n = 37, .hidden = {43}, .leak = true});
  return all;
}

class NodeTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const Kind& kind) const { return PluginModel(GetParam(), kind.settings()); }
  PluginModel make(const Settings& settings) const { return PluginModel(GetParam(), settings); }

  template <class Check>
  void for_each_kind(Check check) const {
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(::testing::PrintToString(kind.settings()));
      check(make(kind));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, NodeTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_NODE_LIBRARY)), level_name);

// The equations of the README for one sample.
Numbers node_by_loops(const Kind& kind, const double* theta, double t, const double* x,
                      const double* u) {
  const std::int64_t n = kind.n;
  std::vector<std::int64_t> widths = {n + kind.m + (kind.sees_time ? 1 : 0)};
  widths.insert(widths.end(), kind.hidden.begin(), kind.hidden.end());
  widths.push_back(n);
  const PerceptronOracle f{widths, kind.activation, "identity"};
  LongNumbers z;
  for (std::int64_t i = 0; i < n; ++i) {
    z.push_back(kind.scaled ? (static_cast<long double>(x[i]) - kCenter[i]) / kScale[i] : x[i]);
  }
  const LongNumbers seen = z;
  z.insert(z.end(), u, u + kind.m);
  if (kind.sees_time) z.push_back(t);
  const LongNumbers force = f(theta, z);
  LongNumbers slope;
  if (kind.second_order) slope.assign(x + n, x + 2 * n);
  for (std::int64_t i = 0; i < n; ++i) {
    long double value = force[static_cast<std::size_t>(i)];
    if (kind.leak) value -= seen[static_cast<std::size_t>(i)];
    if (kind.scaled) value *= kScale[i];
    if (kind.second_order) value -= static_cast<long double>(theta[f.parameters()]) * x[n + i];
    slope.push_back(value);
  }
  if (!kind.map) return Numbers(slope.begin(), slope.end());
  Numbers next;
  for (std::size_t i = 0; i < slope.size(); ++i) {
    next.push_back(static_cast<double>(x[i] + 0.3L * slope[i]));
  }
  return next;
}

TEST_P(NodeTest, EvalIsTheEquationElementByElement) {
  for (const Kind& kind : kinds()) {
    const PluginModel model = make(kind);
    const Problem problem(model, 5);
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const Numbers row =
          node_by_loops(kind, problem.theta.data(), problem.t[static_cast<std::size_t>(s)],
                        problem.x.data() + s * problem.n, problem.u.data() + s * problem.m);
      expected.insert(expected.end(), row.begin(), row.end());
    }
    // Sums of up to 43 terms of magnitude 1 to 10, layer after layer, a few ULP each.
    EXPECT_LT(largest_difference(model.eval(problem.points()), expected),
              1e-14 * (1.0 + largest_magnitude(expected)))
        << ::testing::PrintToString(kind.settings());
  }
}

TEST_P(NodeTest, JvpMatchesCentralDifferences) {
  for_each_kind(expect_jvp_matches_differences);
}

TEST_P(NodeTest, JacobiansMatchJvp) {
  for_each_kind(expect_jacobians_match_jvp);
}

TEST_P(NodeTest, VjpIsAdjointOfJvp) {
  for_each_kind(expect_vjp_is_adjoint_of_jvp);
}

TEST_P(NodeTest, SharedThetaBarAccumulates) {
  for_each_kind(expect_shared_theta_bar_accumulates);
}

TEST_P(NodeTest, TapeAndPreparedChangeNoBit) {
  for_each_kind(expect_tape_and_prepared_change_no_bit);
}

TEST_P(NodeTest, StridesAreKept) {
  for_each_kind([](const PluginModel& model) {
    expect_strides_are_kept(model, 2);
    expect_strides_are_kept(model, 7);  // more directions than samples
    expect_output_strides_are_kept(model);
  });
}

TEST_P(NodeTest, SharedArgumentsRepeat) {
  for_each_kind([](const PluginModel& model) {
    if (model.info().m > 0) expect_shared_arguments_repeat(model);
  });
}

TEST_P(NodeTest, NullInputIsZeroInput) {
  for_each_kind(expect_null_input_is_zero_input);
}

TEST_P(NodeTest, TakesAThetaPerSample) {
  for_each_kind(expect_theta_per_sample);
}

TEST_P(NodeTest, SplittingABatchChangesNoBit) {
  for_each_kind(expect_splitting_changes_no_bit);
}

TEST_P(NodeTest, NanChangesNoOtherSample) {
  for_each_kind(expect_nan_changes_no_other_sample);
}

TEST_P(NodeTest, NanReachesEveryComponent) {
  for (const char* activation : kPerceptronActivations) {
    SCOPED_TRACE(activation);
    expect_nan_stays_in_its_sample(make(Kind{.activation = activation}));
  }
}

TEST_P(NodeTest, NanInAPositionReachesEveryForce) {
  const PluginModel model = make(Kind{.second_order = true});
  Problem problem(model, 1);
  problem.x[1] = std::nan("");
  const Numbers out = model.eval(problem.points());
  EXPECT_TRUE(std::all_of(out.begin() + 4, out.end(), [](double v) { return std::isnan(v); }));
}

TEST_P(NodeTest, WithoutTimeThePointsNeedNone) {
  const PluginModel model = make(Kind{});
  const Problem problem(model, 5);
  dk_points points = problem.points();
  points.t = {};
  EXPECT_EQ(all_results(model, points), all_results(model, problem.points()));
}

TEST_P(NodeTest, ATimeMayBeShared) {
  const PluginModel model = make(Kind{.sees_time = true});
  Problem problem(model, 5);
  dk_points points = problem.points();
  points.t.stride = 0;
  const Numbers shared = all_results(model, points);
  std::fill(problem.t.begin(), problem.t.end(), problem.t[0]);
  EXPECT_EQ(shared, all_results(model, problem.points()));
}

// Large arguments: W_1 = 1e3 and more, where exp overflows.
TEST_P(NodeTest, ActivationsSaturateWithoutOverflow) {
  for (const char* activation : kPerceptronActivations) {
    const Kind kind{.n = 1, .m = 0, .hidden = {2}, .activation = activation};
    const PluginModel model = make(kind);
    Problem problem(model, 1);
    problem.x = {1.0};
    problem.theta = {1e3, -1e4, 0.0, 0.0, 1.0, 1.0, 0.0};  // 0.weight, 0.bias, 2.weight, 2.bias
    const Numbers expected = node_by_loops(kind, problem.theta.data(), 0.0, problem.x.data(), {});
    EXPECT_NEAR(model.eval(problem.points())[0], expected[0], 1e-12 * std::abs(expected[0]))
        << activation;
    for (const double result : all_results(model, problem.points())) {
      EXPECT_TRUE(std::isfinite(result)) << activation;
    }
  }
}

TEST_P(NodeTest, InfoTellsTheFormOfTheEquation) {
  const PluginModel flow = make(Kind{}), map = make(Kind{.map = true});
  EXPECT_EQ(flow.info().time_kind, DK_FLOW);
  EXPECT_TRUE(std::isnan(flow.info().step));
  EXPECT_EQ(map.info().time_kind, DK_MAP);
  EXPECT_EQ(map.info().step, 0.3);
  EXPECT_EQ(flow.info().n, 4);
  EXPECT_EQ(make(Kind{.second_order = true}).info().n, 8);
  for (const Kind& kind : kinds()) {
    const std::uint64_t flags = make(kind).info().flags;
    EXPECT_EQ((flags & DK_USES_TIME) != 0, kind.sees_time);
    EXPECT_EQ((flags & DK_NOT_SMOOTH) != 0, kind.activation == "relu" && !kind.hidden.empty());
  }
}

TEST_P(NodeTest, BlocksAreNamedAsInSequentialAndTileTheta) {
  const PluginModel model = make(Kind{.hidden = {7, 6}, .second_order = true, .sees_time = true});
  const std::vector<std::string> names = {"0.weight", "0.bias", "2.weight", "2.bias",
                                          "4.weight", "4.bias", "gamma"};
  const std::vector<std::vector<std::int64_t>> shapes = {{7, 8}, {7}, {6, 7}, {6}, {4, 6}, {4}, {}};
  const dk_model_info& info = model.info();
  ASSERT_EQ(info.block_count, 7);
  std::int64_t offset = 0;
  for (std::size_t b = 0; b < names.size(); ++b) {
    const dk_block& block = info.blocks[b];
    EXPECT_EQ(block.name, names[b]);
    EXPECT_EQ(block.offset, offset);
    EXPECT_EQ(std::vector<std::int64_t>(block.shape, block.shape + block.rank), shapes[b]);
    std::int64_t size = 1;
    for (const std::int64_t extent : shapes[b]) size *= extent;
    offset += size;
  }
  EXPECT_EQ(offset, info.p);
  EXPECT_EQ(info.blocks[6].lower, 0.0);
}

TEST_P(NodeTest, RefusesSettingsThatDoNotFit) {
  EXPECT_EQ(refusal_of(GetParam(), {{"step", "0.5"}}), "setting 'step' is for time = \"map\" only");
  EXPECT_EQ(refusal_of(GetParam(), {{"time", "map"}, {"step", "0"}}),
            "setting 'step': 0.000000 is not > 0");
  EXPECT_EQ(refusal_of(GetParam(), {{"hidden", "[3, 2.5]"}}),
            "setting 'hidden': 2.500000 is not a whole number");
}

TEST_P(NodeTest, InitialParametersAreUniformAsPyTorchs) {
  const PluginModel model =
      make(Kind{.n = 23, .m = 4, .hidden = {51, 70}, .second_order = true, .sees_time = true});
  const Numbers theta = initial_parameters(model, 5);
  const double fan_in[] = {28.0, 28.0, 51.0, 51.0, 70.0, 70.0};
  for (std::size_t b = 0; b < 6; ++b) {
    expect_uniform(theta, model.info().blocks[b], 1.0 / std::sqrt(fan_in[b]));
  }
  EXPECT_NEAR(theta.back(), 1.0 / (1.0 + std::exp(3.0)), 1e-16);  // sigmoid(-3)
}

TEST_P(NodeTest, InitialParametersDependOnTheStream) {
  const PluginModel model = make(Kind{});
  EXPECT_EQ(initial_parameters(model, 5), initial_parameters(model, 5));
  EXPECT_NE(initial_parameters(model, 5), initial_parameters(model, 6));
}

}  // namespace
}  // namespace dynkit::testing
