// Optimizers against steps of PyTorch's (tests/golden/optimizers), and clipping.
#include "optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>

#include "dynkit/core/arrays_io.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

using Numbers = std::vector<double>;

const ArrayMap& golden() {
  static const ArrayMap arrays = load_arrays(OPTIMIZER_GOLDEN "/optimizers.npz");
  return arrays;
}

struct Case {
  std::string name;
  OptimizerOptions options;
  bool shrinks_all = true;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

// As in CASES of make.py.
std::vector<Case> cases() {
  return {{"sgd", {.kind = "sgd"}},
          {"sgd_momentum", {.kind = "sgd", .momentum = 0.85}},
          {"adam", {.kind = "adam"}},
          {"adam_other", {.kind = "adam", .beta1 = 0.8, .beta2 = 0.97, .epsilon = 1e-3}},
          {"adamw", {.kind = "adamw", .weight_decay = 0.3}},
          {"adamw_some", {.kind = "adamw", .weight_decay = 0.3}, false},
          {"radam", {.kind = "radam"}},
          {"radam_other", {.kind = "radam", .beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-3}}};
}

class Optimizers : public ::testing::TestWithParam<Case> {
 protected:
  const Numbers rates = golden().at("rates").numbers();
  const Numbers start = golden().at("start").numbers();
  const std::size_t N = start.size();

  Numbers gradient(std::size_t t) const {
    const Numbers& all = golden().at("gradients").numbers();
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(t * N);
    return {first, first + static_cast<std::ptrdiff_t>(N)};
  }
  Numbers decayed() const {
    return GetParam().shrinks_all ? Numbers(N, 1.0) : golden().at("decayed").numbers();
  }
  std::unique_ptr<Optimizer> make() const {
    return make_optimizer(GetParam().options, static_cast<std::int64_t>(N));
  }
};

INSTANTIATE_TEST_SUITE_P(Golden, Optimizers, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

// Both sides add the same numbers in double precision; some 300 additions of steps that are smaller
// than the values leave far less than 1e-13.
TEST_P(Optimizers, TakeTheStepsOfPyTorch) {
  const Numbers& expected = golden().at(GetParam().name).numbers();
  ASSERT_EQ(expected.size(), rates.size() * N);
  const auto optimizer = make();
  Numbers values = start;
  for (std::size_t t = 0; t < rates.size(); ++t) {
    optimizer->step(rates[t], gradient(t), decayed(), values);
    for (std::size_t i = 0; i < N; ++i) {
      const double theirs = expected[t * N + i];
      ASSERT_NEAR(values[i], theirs, 1e-13 * (std::abs(theirs) + std::abs(start[i])))
          << "step " << t + 1 << ", value " << i;
    }
  }
  EXPECT_NE(values, start);
}

TEST_P(Optimizers, GoOnFromTheirMemoryWithTheSameBits) {
  constexpr std::size_t kFirst = 17;
  const auto whole = make(), second = make();
  Numbers expected = start, found;
  for (std::size_t t = 0; t < rates.size(); ++t) {
    if (t == kFirst) {
      second->memory = whole->memory;
      found = expected;
    }
    whole->step(rates[t], gradient(t), decayed(), expected);
    if (t >= kFirst) second->step(rates[t], gradient(t), decayed(), found);
  }
  EXPECT_EQ(found, expected);
}

TEST(WeightDecay, IsOfAdamwOnly) {
  for (const char* kind : {"sgd", "adam", "radam"}) {
    OptimizerOptions options;
    options.kind = kind;
    const auto plain = make_optimizer(options, 2);
    options.weight_decay = 0.5;
    const auto decaying = make_optimizer(options, 2);
    Numbers expected = {1.0, -2.0}, found = expected;
    plain->step(0.1, {0.3, 0.7}, {1.0, 1.0}, expected);
    decaying->step(0.1, {0.3, 0.7}, {1.0, 1.0}, found);
    EXPECT_EQ(found, expected) << kind;
  }
}

TEST(MakeOptimizer, NamesThoseThatThereAre) {
  try {
    make_optimizer({.kind = "adagrad"}, 3);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    EXPECT_STREQ(error.what(),
                 "there is no optimizer 'adagrad': choose one of sgd, adam, adamw, radam");
  }
}

TEST(ClipNorm, ShortensALongGradientAlongItself) {
  Numbers gradient = {2.0, -3.0, 6.0};  // of norm 7
  EXPECT_EQ(clip_norm(3.5, gradient), 7.0);
  EXPECT_EQ(gradient, (Numbers{1.0, -1.5, 3.0}));
}

TEST(ClipNorm, LeavesAShortGradientAsItIs) {
  const Numbers given = {2.0, -3.0, 6.0};
  Numbers gradient = given;
  EXPECT_EQ(clip_norm(7.0, gradient), 7.0);
  EXPECT_EQ(clip_norm(7.1, gradient), 7.0);
  EXPECT_EQ(gradient, given);
}

TEST(ClipNorm, ShowsThatAGradientIsNotFinite) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Numbers gradient = {1.0, bad};
    EXPECT_FALSE(std::isfinite(clip_norm(2.0, gradient)));
  }
}

TEST(ClipValues, MovesEachElementToTheLimit) {
  Numbers gradient = {0.5, -0.75, 3.0, -9.0};
  clip_values(0.75, gradient);
  EXPECT_EQ(gradient, (Numbers{0.5, -0.75, 0.75, -0.75}));
}

TEST(NormOf, IsEuclidean) {
  EXPECT_EQ(norm_of({1.0, -4.0, 8.0}), 9.0);
}

}  // namespace
}  // namespace dynkit::training
