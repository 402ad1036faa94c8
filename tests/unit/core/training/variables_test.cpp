// Where variables stand, their bounds and penalties.
#include "variables.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/differences.hpp"

namespace dynkit::training {
namespace {

using Numbers = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Blocks [2,3], [4] and [1] of a component, the second fixed, the first and third bounded.
const ParameterLayout& layout() {
  static const ParameterLayout blocks = [] {
    const auto block = [](const char* name, std::int64_t offset, std::initializer_list<int> shape) {
      dk_block one{};
      one.name = name;
      one.rank = static_cast<std::int32_t>(shape.size());
      std::copy(shape.begin(), shape.end(), one.shape);
      one.offset = offset;
      one.lower = -kInfinity;
      one.upper = kInfinity;
      one.trainable = 1;
      return one;
    };
    ParameterLayout made{
        "some.component",
        {block("weight", 0, {2, 3}), block("fixed", 6, {4}), block("rate", 10, {1})},
        11};
    made.blocks[0].lower = -1.0;
    made.blocks[0].upper = 2.0;
    made.blocks[1].trainable = 0;
    made.blocks[2].lower = 0.5;
    return made;
  }();
  return blocks;
}

const Numbers kTheta = {3.0, -4.0, 0.5, 2.0, -1.0, 1.5, 5.0, -6.0, 7.0, -8.0, 0.25};

// The component twice, the second time with a prefix, and numbers between.
Variables make() {
  Variables variables;
  variables.add("", layout(), kTheta);
  variables.add("between", {-9.0, 9.0});
  variables.add("readout.", layout(), kTheta);
  return variables;
}

TEST(Variables, ReturnWhereAGroupBegins) {
  Variables variables;
  EXPECT_EQ(variables.add("", layout(), kTheta), 0);
  EXPECT_EQ(variables.add("between", {-9.0, 9.0}), 11);
  EXPECT_EQ(variables.add("readout.", layout(), kTheta), 13);
  EXPECT_EQ(variables.size(), 24);
}

TEST(Variables, HoldTheirGroupsOneAfterTheOther) {
  const Variables variables = make();
  Numbers expected = kTheta;
  expected.insert(expected.end(), {-9.0, 9.0});
  expected.insert(expected.end(), kTheta.begin(), kTheta.end());
  EXPECT_EQ(variables.values, expected);
}

TEST(Variables, KnowTheirBlocks) {
  const Variables variables = make();
  struct Expected {
    const char* name;
    std::int64_t offset, size;
    bool trainable;
    double lower, upper;
  };
  const Expected expected[] = {{"weight", 0, 6, true, -1.0, 2.0},
                               {"fixed", 6, 4, false, -kInfinity, kInfinity},
                               {"rate", 10, 1, true, 0.5, kInfinity},
                               {"between", 11, 2, true, -kInfinity, kInfinity},
                               {"readout.weight", 13, 6, true, -1.0, 2.0},
                               {"readout.fixed", 19, 4, false, -kInfinity, kInfinity},
                               {"readout.rate", 23, 1, true, 0.5, kInfinity}};
  ASSERT_EQ(variables.blocks().size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const VariableBlock& block = variables.blocks()[i];
    EXPECT_EQ(block.name, expected[i].name);
    EXPECT_EQ(block.offset, expected[i].offset);
    EXPECT_EQ(block.size, expected[i].size);
    EXPECT_EQ(block.trainable, expected[i].trainable);
    EXPECT_EQ(block.lower, expected[i].lower);
    EXPECT_EQ(block.upper, expected[i].upper);
    EXPECT_EQ(block.penalty, 0.0);
  }
}

TEST(Projection, MovesWhatLiesOutsideToItsBound) {
  Variables variables = make();
  variables.project();
  const Numbers inside = {2.0, -1.0, 0.5, 2.0, -1.0, 1.5, 5.0, -6.0, 7.0, -8.0, 0.5};
  Numbers expected = inside;
  expected.insert(expected.end(), {-9.0, 9.0});
  expected.insert(expected.end(), inside.begin(), inside.end());
  EXPECT_EQ(variables.values, expected);
}

TEST(Penalty, IsHalfTheSquareOfEachBlock) {
  Variables variables = make();
  variables.blocks()[0].penalty = 0.2;
  variables.blocks()[3].penalty = 0.01;
  // |weight|^2 = 9 + 16 + 0.25 + 4 + 1 + 2.25 = 32.5, |between|^2 = 162
  EXPECT_NEAR(variables.penalty(), 0.1 * 32.5 + 0.005 * 162.0, 1e-14);
}

TEST(Penalty, IsWhatRegularizingReturns) {
  Variables variables = make();
  variables.blocks()[2].penalty = 0.7;
  Numbers gradient(24);
  EXPECT_EQ(variables.regularize(gradient), variables.penalty());
  EXPECT_GT(variables.penalty(), 0.0);
}

TEST(Penalty, HasAnExactGradient) {
  Variables variables = make();
  variables.blocks()[0].penalty = 0.2;
  variables.blocks()[2].penalty = 0.7;
  variables.blocks()[3].penalty = 0.01;
  const Numbers start = variables.values;
  for (std::size_t at = 0; at < start.size(); ++at) {
    Numbers gradient(start.size());
    variables.regularize(gradient);
    const double slope = testing::slope_at_zero(
        [&](double h) {
          variables.values[at] = start[at] + h;
          return variables.penalty();
        },
        0.1);
    variables.values = start;
    EXPECT_NEAR(gradient[at], slope, 1e-12) << at;
  }
}

TEST(Regularizing, AddsToTheGradientThatIsThere) {
  Variables variables = make();
  variables.blocks()[3].penalty = 0.5;
  Numbers gradient(24, 1.0);
  variables.regularize(gradient);
  EXPECT_EQ(gradient[11], 1.0 - 0.5 * 9.0);
  EXPECT_EQ(gradient[12], 1.0 + 0.5 * 9.0);
  EXPECT_EQ(gradient[13], 1.0);
}

TEST(Regularizing, ZerosTheGradientOfWhatIsNotTrained) {
  Variables variables = make();
  variables.blocks()[1].penalty = 0.5;
  Numbers gradient(24, std::nan(""));
  variables.regularize(gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const bool fixed = (i >= 6 && i < 10) || (i >= 19 && i < 23);
    EXPECT_EQ(gradient[i] == 0.0, fixed) << i;
  }
}

}  // namespace
}  // namespace dynkit::training
