// Losses of states and observations against the equation, and their gradients against differences.
#include "objective.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <tuple>

#include "dynkit/error.hpp"
#include "loss_oracle.hpp"
#include "plugin_readout.hpp"
#include "problem.hpp"
#include "support/differences.hpp"

namespace dynkit::training {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kTrials = 8, kTimes = 7, kStates = 4, kObservations = 6, kWidth = 3;
const std::vector<std::int64_t> kChosen = {7, 0, 2, 4, 1};  // S = 5 trials in another order

const std::vector<LossKind> kKinds = {LossKind::squared, LossKind::absolute, LossKind::gaussian,
                                      LossKind::poisson, LossKind::cross_entropy};

// Targets of `width` with some unknown, and a mask of zeros, ones and halves.
TrainingData make_data(LossKind kind, std::int64_t width) {
  TrainingData data;
  data.trials = kTrials;
  data.T = kTimes;
  Numbers values = normal_numbers(kTrials * kTimes * width, "objective targets");
  if (kind == LossKind::cross_entropy) {
    for (std::size_t row = 0; row < values.size(); row += static_cast<std::size_t>(width)) {
      double total = 0.0;
      for (std::size_t i = row; i < row + static_cast<std::size_t>(width); ++i) {
        values[i] = std::exp(values[i]);
        total += values[i];
      }
      for (std::size_t i = row; i < row + static_cast<std::size_t>(width); ++i) values[i] /= total;
    }
  }
  for (std::size_t i = 2; i < values.size(); i += 13) values[i] = kNaN;
  data.series["targets"] = {width, values};
  for (std::int64_t i = 0; i < kTrials * kTimes; ++i) {
    data.mask.push_back(i % 5 == 3 ? 0.0 : i % 7 == 4 ? 0.5 : 1.0);
  }
  return data;
}

// Where y comes from: the state (a readout may stand aside) or one of two readouts.
enum class Source { state, affine, mlp };

std::unique_ptr<PluginReadout> make_readout(Source source) {
  Config::Table settings = {{"n", parse_value("4")}, {"o", parse_value("6")}};
  if (source == Source::affine)
    return std::make_unique<PluginReadout>("org.dynkit.affine", settings);
  settings.emplace_back("hidden", parse_value("[9]"));
  return std::make_unique<PluginReadout>("org.dynkit.mlp_readout", settings);
}

struct Case {
  LossKind kind;
  Source source;
  bool subset = true;
};

// The objective at one time, as a function of all that it depends on.
class Evaluation {
 public:
  explicit Evaluation(const Case& one)
      : term{one.kind, one.source != Source::state, "targets", {}, 1.0},
        width(term.of_readout ? kObservations : kStates),
        data(make_data(one.kind, one.subset ? kWidth : width)),
        readout_(one.source == Source::state ? nullptr : make_readout(one.source)),
        x(normal_numbers(5 * kStates, "objective states")),
        log_sigma(one.kind == LossKind::gaussian
                      ? normal_numbers(data.series["targets"].width, "log sigma")
                      : Numbers{}) {
    if (one.subset) {
      term.components =
          term.of_readout ? std::vector<std::int64_t>{5, 0, 2} : std::vector<std::int64_t>{3, 0, 1};
    }
    if (readout_) {
      theta = readout_->theta();
      operations_ = double_operations(readout_->readout());
      operations_->prepare(theta.data());
    }
    objective_ = std::make_unique<Objective<double>>(std::vector<ObjectiveTerm>{term},
                                                     operations_.get(), 5, kStates);
  }

  // With another scale than 1.
  double observe(std::int64_t k, double* x_bar = nullptr, double* theta_bar = nullptr) {
    if (operations_) operations_->prepare(theta.data());
    objective_->begin(data, kChosen.data(), kTimes, {0.7},
                      {log_sigma.empty() ? nullptr : log_sigma.data()});
    objective_->set_gradients(theta_bar);
    return objective_->observe(k, x.data(), x_bar);
  }
  Numbers log_sigma_bar() const { return objective_->log_sigma_bar().at(0); }

  Numbers y() const {
    if (!operations_) return x;
    Numbers result(5 * kObservations);
    dk_points points{};
    points.count = 5;
    points.x = {x.data(), kStates};
    operations_->eval(points, result.data());
    return result;
  }

  // Slope along a direction of one of x, theta and log_sigma.
  double slope(Numbers& where, const Numbers& direction, std::int64_t k) {
    const Numbers start = where;
    const double result = testing::slope_at_zero(
        [&](double h) {
          for (std::size_t i = 0; i < start.size(); ++i) where[i] = start[i] + h * direction[i];
          return observe(k);
        },
        1e-3);
    where = start;
    return result;
  }

  ObjectiveTerm term;
  std::int64_t width;
  TrainingData data;

 private:
  std::unique_ptr<PluginReadout> readout_;
  std::unique_ptr<Operations<double>> operations_;
  std::unique_ptr<Objective<double>> objective_;

 public:
  Numbers x, log_sigma, theta;
};

class Losses : public ::testing::TestWithParam<std::tuple<LossKind, Source>> {
 protected:
  Evaluation evaluation{{std::get<0>(GetParam()), std::get<1>(GetParam())}};
};

const char* source_name(Source source) {
  if (source == Source::state) return "state";
  return source == Source::affine ? "affine" : "mlp";
}

std::string case_name(const ::testing::TestParamInfo<std::tuple<LossKind, Source>>& one) {
  const auto [kind, source] = one.param;
  return std::string(loss_name(kind)) + "_" + source_name(source);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Losses,
                         ::testing::Combine(::testing::ValuesIn(kKinds),
                                            ::testing::Values(Source::state, Source::affine,
                                                              Source::mlp)),
                         case_name);

long double expected_loss(const Evaluation& evaluation, std::int64_t k) {
  const Numbers y = evaluation.y();
  const auto width = static_cast<std::size_t>(evaluation.width);
  const Series& target = evaluation.data.series.at("targets");
  long double sum = 0.0L;
  for (std::size_t s = 0; s < kChosen.size(); ++s) {
    const std::int64_t at = kChosen[s] * kTimes + k;
    std::vector<long double> row;
    for (std::int64_t i = 0; i < target.width; ++i) {
      const auto& components = evaluation.term.components;
      const std::int64_t c = components.empty() ? i : components[static_cast<std::size_t>(i)];
      row.push_back(y[s * width + static_cast<std::size_t>(c)]);
    }
    std::int64_t count = 0;
    sum += 0.7L * evaluation.data.mask[static_cast<std::size_t>(at)] *
           row_loss(evaluation.term.kind, row, target.values.data() + at * target.width,
                    evaluation.log_sigma.data(), count);
  }
  return sum;
}

// A sum of at most 30 terms of the order of 10.
TEST_P(Losses, AreThoseOfTheEquation) {
  for (std::int64_t k = 0; k < kTimes; ++k) {
    const auto expected = static_cast<double>(expected_loss(evaluation, k));
    ASSERT_NE(expected, 0.0);
    EXPECT_NEAR(evaluation.observe(k), expected, 1e-13 * (10.0 + std::abs(expected))) << k;
  }
}

TEST_P(Losses, AreTheSameWithAndWithoutTheirGradient) {
  Numbers x_bar(evaluation.x.size()), theta_bar(evaluation.theta.size());
  EXPECT_EQ(evaluation.observe(2, x_bar.data(), theta_bar.data()), evaluation.observe(2));
}

// Extrapolated differences have rounding errors of some 1e-12 of the loss.
TEST_P(Losses, HaveExactGradientsInTheStates) {
  for (const std::int64_t k : {std::int64_t{0}, kTimes - 1}) {
    Numbers x_bar(evaluation.x.size()), theta_bar(evaluation.theta.size());
    const double loss = evaluation.observe(k, x_bar.data(), theta_bar.data());
    const Numbers direction = normal_numbers(5 * kStates, "along x");
    EXPECT_NEAR(inner(x_bar, direction), evaluation.slope(evaluation.x, direction, k),
                1e-9 * (1.0 + std::abs(loss)));
    EXPECT_GT(inner(x_bar, x_bar), 1e-3);
  }
}

TEST_P(Losses, AddToTheGradientThatIsThere) {
  const Numbers before = normal_numbers(5 * kStates, "before");
  const Numbers theta_before =
      normal_numbers(static_cast<std::int64_t>(evaluation.theta.size()), "theta before");
  Numbers x_bar(before.size()), added = before;
  Numbers theta_bar(theta_before.size()), theta_added = theta_before;
  evaluation.observe(4, x_bar.data(), theta_bar.data());
  evaluation.observe(4, added.data(), theta_added.data());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(added[i], before[i] + x_bar[i], 1e-13 * (1.0 + std::abs(x_bar[i])));
  }
  for (std::size_t i = 0; i < theta_before.size(); ++i) {
    EXPECT_NEAR(theta_added[i], theta_before[i] + theta_bar[i],
                1e-12 * (1 + std::abs(theta_bar[i])));
  }
}

class ReadoutLosses : public Losses {};

INSTANTIATE_TEST_SUITE_P(Kinds, ReadoutLosses,
                         ::testing::Combine(::testing::ValuesIn(kKinds),
                                            ::testing::Values(Source::affine, Source::mlp)),
                         case_name);

TEST_P(ReadoutLosses, HaveExactGradientsInTheReadoutsParameters) {
  Numbers x_bar(evaluation.x.size()), theta_bar(evaluation.theta.size());
  const double loss = evaluation.observe(3, x_bar.data(), theta_bar.data());
  const Numbers direction =
      normal_numbers(static_cast<std::int64_t>(evaluation.theta.size()), "along the readout");
  EXPECT_NEAR(inner(theta_bar, direction), evaluation.slope(evaluation.theta, direction, 3),
              1e-9 * (1.0 + std::abs(loss)));
  EXPECT_GT(inner(theta_bar, theta_bar), 0.01);
}

TEST(GaussianLoss, HasExactGradientsInLogSigma) {
  for (const Source source : {Source::state, Source::affine}) {
    Evaluation evaluation({LossKind::gaussian, source});
    Numbers x_bar(evaluation.x.size()), theta_bar(evaluation.theta.size());
    const double loss = evaluation.observe(5, x_bar.data(), theta_bar.data());
    const Numbers found = evaluation.log_sigma_bar();
    ASSERT_EQ(found.size(), static_cast<std::size_t>(kWidth));
    for (std::size_t i = 0; i < found.size(); ++i) {
      Numbers direction(found.size());
      direction[i] = 1.0;
      EXPECT_NEAR(found[i], evaluation.slope(evaluation.log_sigma, direction, 5),
                  1e-9 * (1.0 + std::abs(loss)));
    }
  }
}

// Without a choice all components are compared, in their order.
TEST(AllComponents, AreThoseOfTheEquation) {
  for (const LossKind kind : kKinds) {
    for (const Source source : {Source::state, Source::mlp}) {
      Evaluation evaluation({kind, source, false});
      const auto expected = static_cast<double>(expected_loss(evaluation, 6));
      EXPECT_NEAR(evaluation.observe(6), expected, 1e-13 * (10.0 + std::abs(expected)))
          << loss_name(kind);
    }
  }
}

TEST(MaskedTimes, LeaveNoTraceOfTheirStates) {
  Evaluation evaluation({LossKind::squared, Source::state});
  std::fill(evaluation.data.mask.begin(), evaluation.data.mask.end(), 0.0);
  std::fill(evaluation.x.begin(), evaluation.x.end(), kNaN);
  Numbers x_bar(evaluation.x.size());
  EXPECT_EQ(evaluation.observe(1, x_bar.data()), 0.0);
  EXPECT_EQ(x_bar, Numbers(x_bar.size()));
}

// A trajectory that was lost must not look like a good one.
TEST(StatesThatAreNotFinite, MakeEveryLossNotFinite) {
  for (const LossKind kind : kKinds) {
    Evaluation evaluation({kind, Source::state});
    evaluation.data.mask.clear();
    std::fill(evaluation.x.begin(), evaluation.x.end(), kNaN);
    Numbers x_bar(evaluation.x.size());
    EXPECT_TRUE(std::isnan(evaluation.observe(1, x_bar.data()))) << loss_name(kind);
    EXPECT_TRUE(std::isnan(x_bar[0])) << loss_name(kind);
  }
}

// exp(800) is not a double, but the loss is.
TEST(CrossEntropy, TakesLogitsOfAnySize) {
  Evaluation evaluation({LossKind::cross_entropy, Source::state});
  const double before = evaluation.observe(2);
  for (double& logit : evaluation.x) logit += 800.0;
  EXPECT_NEAR(evaluation.observe(2), before, 1e-11);
}

TEST(ComparedElements, AreCountedAsTheEquationSums) {
  for (const LossKind kind : kKinds) {
    for (const std::int64_t T : {std::int64_t{1}, std::int64_t{4}, kTimes}) {
      const TrainingData data = make_data(kind, kWidth);
      const ObjectiveTerm term{kind, false, "targets", {}, 1.0};
      std::int64_t expected = 0;
      summed_loss(term, data, kChosen, T, kTimes, Numbers(5 * kTimes * kWidth), kWidth,
                  Numbers(kWidth).data(), expected);
      EXPECT_EQ(compared_elements(term, data, kChosen.data(), 5, T), expected);
      EXPECT_LT(expected, 5 * T * (kind == LossKind::cross_entropy ? 1 : kWidth));
      EXPECT_GT(expected, 0);
    }
  }
}

TEST(TwoTerms, AddUp) {
  Evaluation one({LossKind::squared, Source::state}), two({LossKind::absolute, Source::state});
  one.data.series["others"] = two.data.series["targets"];
  two.term.target = "others";
  Objective<double> both({one.term, two.term}, nullptr, 5, kStates);
  both.begin(one.data, kChosen.data(), kTimes, {0.7, 0.7}, {nullptr, nullptr});
  Numbers expected(one.x.size()), found(one.x.size());
  const double loss = one.observe(3, expected.data()) + two.observe(3, expected.data());
  EXPECT_NEAR(both.observe(3, one.x.data(), found.data()), loss, 1e-14 * loss);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-14);
}

// The state at time k is compared with the target of time k - 2, where there is one up to T.
TEST(Lag, ComparesWithTheTargetsOfEarlierTimes) {
  Evaluation state({LossKind::squared, Source::state});
  ObjectiveTerm late = state.term;
  late.lag = 2;
  Objective<double> lagging({late}, nullptr, 5, kStates);
  constexpr std::int64_t kWindow = 5;
  lagging.begin(state.data, kChosen.data(), kWindow, {0.7}, {nullptr});
  for (std::int64_t k = 0; k < kWindow + 2; ++k) {
    Numbers expected(state.x.size()), found(state.x.size());
    const double loss = k < 2 ? 0.0 : state.observe(k - 2, expected.data());
    EXPECT_EQ(lagging.observe(k, state.x.data(), found.data()), loss) << k;
    EXPECT_EQ(found, expected) << k;
  }
  EXPECT_EQ(lagging.observe(kWindow + 2, state.x.data(), nullptr), 0.0);
}

TEST(Lag, OfSeveralTermsIsTheLargest) {
  ObjectiveTerm prompt, late;
  late.lag = 3;
  EXPECT_EQ(largest_lag({prompt, late, prompt}), 3);
  EXPECT_EQ(largest_lag({prompt}), 0);
}

TEST(LossNames, LeadBackToTheirKinds) {
  for (const LossKind kind : kKinds) EXPECT_EQ(loss_named(loss_name(kind)), kind);
}

TEST(LossNames, AreListedWhereOneIsUnknown) {
  try {
    loss_named("huber");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    EXPECT_STREQ(error.what(),
                 "there is no loss 'huber': choose one of squared, absolute, gaussian, poisson, "
                 "cross_entropy");
  }
}

TEST(ShownTerm, IsTheFirstThatHasAllComponents) {
  const ObjectiveTerm part = {LossKind::squared, true, "part", {1}, 1.0};
  const ObjectiveTerm states = {LossKind::squared, false, "states", {}, 1.0};
  const ObjectiveTerm whole = {LossKind::squared, true, "whole", {}, 1.0};
  const ObjectiveTerm other = {LossKind::squared, true, "other", {}, 1.0};
  const std::vector<ObjectiveTerm> all = {part, states, whole, other}, some = {states, part};
  EXPECT_EQ(shown_term(all, true), &all[2]);
  EXPECT_EQ(shown_term(all, false), &all[1]);
  EXPECT_EQ(shown_term(some, true), &some[1]);
  EXPECT_EQ(shown_term({whole}, false), nullptr);
}

}  // namespace
}  // namespace dynkit::training
