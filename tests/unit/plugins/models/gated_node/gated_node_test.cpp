#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kinds.hpp"
#include "support/initial_parameters.hpp"

namespace dynkit::testing {
namespace {

class GatedNodeTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const Kind& kind) const { return PluginModel(GetParam(), kind.settings()); }

  template <class Check>
  void for_each_kind(Check check) const {
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(::testing::PrintToString(kind.settings()));
      check(make(kind));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, GatedNodeTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_GATED_NODE_LIBRARY)),
                         level_name);

TEST_P(GatedNodeTest, EvalIsTheEquationElementByElement) {
  for (const Kind& kind : kinds()) {
    const PluginModel model = make(kind);
    const Problem problem(model, 5);
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const Oracle oracle =
          gated_node_by_loops(kind, model, problem.theta.data(), problem.x.data() + s * problem.n,
                              problem.u.data() + s * problem.m);
      expected.insert(expected.end(), oracle.next.begin(), oracle.next.end());
    }
    // Sums of up to 43 terms of magnitude 1 to 10, layer after layer, a few ULP each.
    EXPECT_LT(largest_difference(model.eval(problem.points()), expected),
              1e-14 * (1.0 + largest_magnitude(expected)))
        << ::testing::PrintToString(kind.settings());
  }
}

// z = sigmoid(W_z h + U_z v + b_z),  h' = (1 - alpha z) h + alpha z tanh(W h + U v + b)
TEST_P(GatedNodeTest, WithOneTanhLayerIsTheMinimalGatedUnit) {
  constexpr std::size_t n = 4, m = 3;
  const PluginModel model = make(Kind{.hidden = {}, .output = "tanh"});
  const Problem problem(model, 5);
  const double* W = problem.theta.data();  // [n, n + m]: W beside U
  const double* b = W + n * (n + m);
  const double* W_z = b + n;
  const double* b_z = W_z + n * (n + m);
  ASSERT_EQ(problem.p, 2 * static_cast<std::int64_t>(n * (n + m) + n));
  Numbers expected;
  for (std::size_t s = 0; s < 5; ++s) {
    const double* h = problem.x.data() + s * n;
    const double* v = problem.u.data() + s * m;
    for (std::size_t i = 0; i < n; ++i) {
      double a = b[i], a_z = b_z[i];
      for (std::size_t j = 0; j < n; ++j) {
        a += W[i * (n + m) + j] * h[j];
        a_z += W_z[i * (n + m) + j] * h[j];
      }
      for (std::size_t j = 0; j < m; ++j) {
        a += W[i * (n + m) + n + j] * v[j];
        a_z += W_z[i * (n + m) + n + j] * v[j];
      }
      const double z = 1.0 / (1.0 + std::exp(-a_z));
      expected.push_back((1.0 - 0.3 * z) * h[i] + 0.3 * z * std::tanh(a));
    }
  }
  EXPECT_LT(largest_difference(model.eval(problem.points()), expected), 1e-15 * 8);  // 8 terms
}

TEST_P(GatedNodeTest, JvpMatchesCentralDifferences) {
  for_each_kind(expect_jvp_matches_differences);
}

TEST_P(GatedNodeTest, JacobiansMatchJvp) {
  for_each_kind(expect_jacobians_match_jvp);
}

TEST_P(GatedNodeTest, VjpIsAdjointOfJvp) {
  for_each_kind(expect_vjp_is_adjoint_of_jvp);
}

TEST_P(GatedNodeTest, SharedThetaBarAccumulates) {
  for_each_kind(expect_shared_theta_bar_accumulates);
}

TEST_P(GatedNodeTest, TapeAndPreparedChangeNoBit) {
  for_each_kind(expect_tape_and_prepared_change_no_bit);
}

TEST_P(GatedNodeTest, StridesAreKept) {
  for_each_kind([](const PluginModel& model) {
    expect_strides_are_kept(model, 2);
    expect_strides_are_kept(model, 7);  // more directions than samples
    expect_output_strides_are_kept(model);
  });
}

TEST_P(GatedNodeTest, SharedArgumentsRepeat) {
  for_each_kind([](const PluginModel& model) {
    if (model.info().m > 0) expect_shared_arguments_repeat(model);
  });
}

TEST_P(GatedNodeTest, NullInputIsZeroInput) {
  for_each_kind(expect_null_input_is_zero_input);
}

TEST_P(GatedNodeTest, TakesAThetaPerSample) {
  for_each_kind(expect_theta_per_sample);
}

TEST_P(GatedNodeTest, SplittingABatchChangesNoBit) {
  for_each_kind(expect_splitting_changes_no_bit);
}

TEST_P(GatedNodeTest, NanStaysInItsSample) {
  for_each_kind(expect_nan_stays_in_its_sample);
  for_each_kind(expect_nan_changes_no_other_sample);
}

TEST_P(GatedNodeTest, InfoTellsTheFormOfTheEquation) {
  for (const Kind& kind : kinds()) {
    const PluginModel model = make(kind);
    const dk_model_info& info = model.info();
    EXPECT_EQ(info.time_kind, kind.flow ? DK_FLOW : DK_MAP);
    const bool kinked = (kind.activation == "relu" && !kind.hidden.empty()) ||
                        (kind.activation == "relu" && kind.gated && !kind.gate_hidden.empty()) ||
                        kind.output == "relu";
    EXPECT_EQ((info.flags & DK_NOT_SMOOTH) != 0, kinked);
  }
}

TEST_P(GatedNodeTest, BlocksOfFieldAndGateTileTheta) {
  const PluginModel model = make(Kind{.hidden = {7, 6}, .gate_hidden = {9}});
  const std::vector<std::string> names = {
      "field.0.weight", "field.0.bias",  "field.2.weight", "field.2.bias",  "field.4.weight",
      "field.4.bias",   "gate.0.weight", "gate.0.bias",    "gate.2.weight", "gate.2.bias"};
  const std::vector<std::vector<std::int64_t>> shapes = {{7, 7}, {7},    {6, 7}, {6},    {4, 6},
                                                         {4},    {9, 7}, {9},    {4, 9}, {4}};
  const dk_model_info& info = model.info();
  ASSERT_EQ(info.block_count, 10);
  std::int64_t offset = 0;
  for (std::size_t b = 0; b < names.size(); ++b) {
    const dk_block& block = info.blocks[b];
    EXPECT_EQ(block.name, names[b]);
    EXPECT_EQ(block.offset, offset);
    EXPECT_EQ(std::vector<std::int64_t>(block.shape, block.shape + block.rank), shapes[b]);
    offset += elements(block);
  }
  EXPECT_EQ(offset, info.p);
}

TEST_P(GatedNodeTest, RefusesSettingsThatDoNotFit) {
  using Settings = std::map<std::string, std::string>;
  const std::vector<std::pair<Settings, std::string>> refusals = {
      {{{"time", "flow"}, {"alpha", "0.3"}}, "'alpha'"},
      {{{"time", "map"}, {"tau", "2"}}, "'tau'"},
      {{{"alpha", "0"}}, "'alpha'"},
      {{{"time", "flow"}, {"tau", "0"}}, "'tau'"},
      {{{"gated", "false"}, {"gate_hidden", "[5]"}}, "'gate_hidden'"},
      {{{"hidden", "[2.5]"}}, "'hidden'"},
      {{{"gate_hidden", "[2.5]"}}, "'gate_hidden'"}};
  for (const auto& [settings, name] : refusals) {
    const std::string sentence = refusal_of(GetParam(), settings);
    EXPECT_NE(sentence.find("setting " + name), std::string::npos)
        << sentence << " instead of a refusal of " << name;
  }
}

}  // namespace
}  // namespace dynkit::testing
