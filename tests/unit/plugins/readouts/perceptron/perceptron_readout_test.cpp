#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "support/initial_parameters.hpp"
#include "support/perceptron_oracle.hpp"
#include "support/sequential_golden.hpp"

namespace dynkit::testing {
namespace {

const std::filesystem::path kNetworks = DYNKIT_SOURCE_FOLDER "/tests/golden/networks";

constexpr const char* kLinks[] = {"identity", "exp", "softmax"};

// A readout of either component; `affine` has no hidden layers.
struct Kind {
  bool affine = false;
  std::int64_t n = 4, o = 3;
  std::vector<std::int64_t> hidden = {7};
  std::string activation = "tanh", link = "identity";

  PerceptronOracle perceptron() const {
    std::vector<std::int64_t> widths = {n};
    if (!affine) widths.insert(widths.end(), hidden.begin(), hidden.end());
    widths.push_back(o);
    return {widths, activation, "identity"};
  }
};

// Sizes differ from each other and from S = 5 and K = 2.
std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const char* link : kLinks) {
    all.push_back({.affine = true, .link = link});
    all.push_back({.link = link});
    // Several vectors and a remainder in a row.
    all.push_back({.affine = true, .n = 37, .o = 23, .link = link});
  }
  for (const char* activation : kPerceptronActivations) {
    all.push_back({.hidden = {7, 6}, .activation = activation, .link = "softmax"});
  }
  all.push_back({.hidden = {}});
  all.push_back({.n = 3, .o = 4, .hidden = {8, 6, 9}, .link = "exp"});
  return all;
}

class PerceptronReadoutTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const Kind& kind) const {
    std::map<std::string, std::string> settings = {
        {"n", std::to_string(kind.n)}, {"o", std::to_string(kind.o)}, {"link", kind.link}};
    if (kind.affine) return PluginModel(GetParam(), settings, "org.dynkit.affine");
    settings["hidden"] = list_text(kind.hidden);
    settings["activation"] = kind.activation;
    return PluginModel(GetParam(), settings, "org.dynkit.mlp_readout");
  }

  template <class Check>
  void for_each_kind(Check check) const {
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(kind.link + " of " + (kind.affine ? "affine" : list_text(kind.hidden)));
      check(make(kind));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Levels, PerceptronReadoutTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_PERCEPTRON_READOUT_LIBRARY)),
                         level_name);

LongNumbers link_by_loops(const std::string& link, LongNumbers a) {
  if (link == "identity") return a;
  const long double largest = link == "softmax" ? *std::max_element(a.begin(), a.end()) : 0.0L;
  long double sum = 0.0L;
  for (long double& value : a) sum += value = std::exp(value - largest);
  for (long double& value : a) value /= link == "softmax" ? sum : 1.0L;
  return a;
}

TEST_P(PerceptronReadoutTest, EvalIsTheEquationElementByElement) {
  for (const Kind& kind : kinds()) {
    const PluginModel readout = make(kind);
    const Problem problem(readout, 5);
    EXPECT_EQ(readout.outputs(), kind.o);
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const double* z = problem.x.data() + s * kind.n;
      const LongNumbers y = link_by_loops(
          kind.link, kind.perceptron()(problem.theta.data(), LongNumbers(z, z + kind.n)));
      expected.insert(expected.end(), y.begin(), y.end());
    }
    // Sums of up to 37 terms of magnitude 1 to 10, a few ULP each, in the exponent of exp too.
    EXPECT_LT(largest_difference(readout.eval(problem.points()), expected),
              2e-14 * (1.0 + largest_magnitude(expected)))
        << kind.link;
  }
}

TEST_P(PerceptronReadoutTest, RowsAndGradientsMatchPyTorch) {
  const ArrayMap golden = load_arrays(kNetworks / "sequential.npz");
  for (const SequentialCase& one : sequential_cases()) {
    const PluginModel readout =
        make({.n = 5, .o = 3, .hidden = one.hidden, .activation = one.activation});
    expect_rows_match_pytorch(readout, golden, one.name);
  }
}

TEST_P(PerceptronReadoutTest, JvpMatchesCentralDifferences) {
  for_each_kind(expect_jvp_matches_differences);
}

TEST_P(PerceptronReadoutTest, JacobiansMatchJvp) {
  for_each_kind(expect_jacobians_match_jvp);
}

TEST_P(PerceptronReadoutTest, VjpIsAdjointOfJvp) {
  for_each_kind(expect_vjp_is_adjoint_of_jvp);
}

TEST_P(PerceptronReadoutTest, SharedThetaBarAccumulates) {
  for_each_kind(expect_shared_theta_bar_accumulates);
}

TEST_P(PerceptronReadoutTest, TapeAndPreparedChangeNoBit) {
  for_each_kind(expect_tape_and_prepared_change_no_bit);
}

TEST_P(PerceptronReadoutTest, StridesAreKept) {
  for_each_kind([](const PluginModel& readout) {
    expect_strides_are_kept(readout, 2);
    expect_strides_are_kept(readout, 7);  // more directions than samples
    expect_output_strides_are_kept(readout);
  });
}

TEST_P(PerceptronReadoutTest, TakesAThetaPerSample) {
  for_each_kind(expect_theta_per_sample);
}

TEST_P(PerceptronReadoutTest, SplittingABatchChangesNoBit) {
  for_each_kind(expect_splitting_changes_no_bit);
}

TEST_P(PerceptronReadoutTest, NanStaysInItsSample) {
  for_each_kind(expect_nan_stays_in_its_sample);
  for_each_kind(expect_nan_changes_no_other_sample);
}

// y for z = 0, so that the arguments of the link are the biases.
Numbers link_of(const PluginModel& readout, const Numbers& arguments) {
  Problem problem(readout, 1);
  std::copy(arguments.begin(), arguments.end(), problem.theta.end() - 3);
  std::fill(problem.x.begin(), problem.x.end(), 0.0);
  for (const double result : all_results(readout, problem.points())) {
    EXPECT_FALSE(std::isnan(result));
  }
  return readout.eval(problem.points());
}

TEST_P(PerceptronReadoutTest, SoftmaxOfLargeArgumentsDoesNotOverflow) {
  const PluginModel readout = make({.affine = true, .link = "softmax"});
  const double e = std::exp(1.0);
  EXPECT_LT(largest_difference(link_of(readout, {1e4, 1e4 + 1.0, -1e4}),
                               {1.0 / (1.0 + e), e / (1.0 + e), 0.0}),
            1e-15);
  EXPECT_LT(largest_difference(link_of(readout, {-1e4, -1e4, -1e4}), Numbers(3, 1.0 / 3.0)), 1e-15);
}

TEST_P(PerceptronReadoutTest, SoftmaxIsAProbability) {
  const PluginModel readout = make({.affine = true, .n = 37, .o = 23, .link = "softmax"});
  const Problem problem(readout, 5);
  const Numbers y = readout.eval(problem.points());
  const Numbers J = readout.jacobian(problem.points(), DK_WRT_STATE);
  for (std::int64_t s = 0; s < 5; ++s) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < 23; ++i) sum += y[static_cast<std::size_t>(s * 23 + i)];
    EXPECT_NEAR(sum, 1.0, 23 * 1.2e-16);  // 23 terms rounded to half an ULP of 1
    for (std::int64_t j = 0; j < 37; ++j) {
      double column = 0.0;  // the derivative of the sum
      for (std::int64_t i = 0; i < 23; ++i) {
        column += J[static_cast<std::size_t>((s * 23 + i) * 37 + j)];
      }
      EXPECT_NEAR(column, 0.0, 1e-15);
    }
  }
}

TEST_P(PerceptronReadoutTest, RatesAreExpOfTheirLogarithms) {
  const PluginModel readout = make({.affine = true, .link = "exp"});
  EXPECT_LT(largest_difference(link_of(readout, {0.0, -1.0, -800.0}), {1.0, std::exp(-1.0), 0.0}),
            2e-16);
}

TEST_P(PerceptronReadoutTest, BlocksCarryPyTorchNamesAndTileTheta) {
  const std::vector<std::pair<Kind, std::vector<std::string>>> expected = {
      {{.affine = true}, {"weight", "bias"}},
      {{.hidden = {7, 6}}, {"0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"}}};
  for (const auto& [kind, names] : expected) {
    const PluginModel readout = make(kind);
    const dk_model_info& info = readout.info();
    const std::vector<std::int64_t> widths = kind.perceptron().widths;
    ASSERT_EQ(info.block_count, static_cast<std::int64_t>(names.size()));
    std::int64_t offset = 0;
    for (std::size_t b = 0; b < names.size(); ++b) {
      const dk_block& block = info.blocks[b];
      EXPECT_EQ(block.name, names[b]);
      EXPECT_EQ(block.offset, offset);
      EXPECT_EQ(block.shape[0], widths[b / 2 + 1]);
      EXPECT_EQ(block.shape[1], b % 2 == 0 ? widths[b / 2] : 0);
      offset += elements(block);
    }
    EXPECT_EQ(offset, info.p);
  }
}

TEST_P(PerceptronReadoutTest, OnlyReluIsNotSmooth) {
  for (const char* activation : kPerceptronActivations) {
    const bool kinked = make({.activation = activation}).info().flags & DK_NOT_SMOOTH;
    EXPECT_EQ(kinked, activation == std::string("relu"));
  }
}

TEST_P(PerceptronReadoutTest, RefusesHalfAUnit) {
  EXPECT_THROW(PluginModel(GetParam(), {{"n", "4"}, {"o", "3"}, {"hidden", "[2.5]"}},
                           "org.dynkit.mlp_readout"),
               Error);
}

}  // namespace
}  // namespace dynkit::testing
