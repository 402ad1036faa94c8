// Least squares by forward sensitivities, against losses and gradients of the transposed steps.
#include "residuals.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "dynkit/error.hpp"
#include "fit_problem.hpp"

namespace dynkit::training {
namespace {

using Terms = std::vector<ObjectiveTerm>;

Terms states() {
  return {{LossKind::squared, false, "states", {}, 0.8}};
}
Terms observed(const char* target, std::int64_t lag = 0) {
  return {{LossKind::squared, true, target, {}, 0.9, lag}};
}

const std::vector<FitCase>& cases() {
  static const std::vector<FitCase> all = {
      {.name = "map", .terms = states()},
      {.name = "flow", .flow = true, .terms = states()},
      {.name = "learned_map", .initial = InitialState::learned, .terms = states()},
      {.name = "learned_flow", .flow = true, .initial = InitialState::learned, .terms = states()},
      {.name = "forced",
       .flow = true,
       .initial = InitialState::learned,
       .forcing = {0.3, 2},
       .terms = states()},
      {.name = "anew", .initial = InitialState::learned, .forcing = {1.0, 3}, .terms = states()},
      {.name = "observed",
       .forcing = {0.2, 1},
       .terms = observed("observations"),
       .readout = "org.dynkit.mlp_readout"},
      {.name = "lagging",
       .flow = true,
       .initial = InitialState::learned,
       .terms = observed("observations", 1),
       .readout = "org.dynkit.affine"},
      {.name = "components_beside_observations",
       .initial = InitialState::learned,
       .terms = {{LossKind::squared, false, "positions", {2, 0}, 0.6},
                 {LossKind::squared, true, "observations", {}, 1.7, 1}},
       .readout = "org.dynkit.affine"},
  };
  return all;
}

// A second order of blocks, penalties and what stays as it is.
void regularize_some(Variables& variables) {
  std::vector<VariableBlock>& blocks = variables.blocks();
  blocks[0].penalty = 0.03;
  blocks[1].trainable = false;
  blocks[2].penalty = 0.05;
  blocks[2].trainable = false;
}

class LeastSquares : public ::testing::TestWithParam<FitCase> {
 protected:
  LeastSquares() { regularize_some(problem.variables); }

  Residuals residuals(std::int64_t T = FitProblem::kTimes) const {
    return Residuals(problem.fit, problem.map, problem.variables, problem.trials, T, host);
  }

  FitProblem problem{GetParam()};
  TestHost host;
};

INSTANTIATE_TEST_SUITE_P(Cases, LeastSquares, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

double half_square(const Numbers& r) {
  return 0.5 * inner(r, r);
}

// Two sums of the same numbers.
TEST_P(LeastSquares, HaveTheLossOfTheFit) {
  const auto engine = problem.engine(host);
  for (const std::int64_t T : {FitProblem::kTimes, std::int64_t{4}}) {
    Residuals of_fit = residuals(T);
    Numbers r(static_cast<std::size_t>(of_fit.count())), gradient;
    of_fit.evaluate(problem.variables, r.data(), nullptr);
    const double loss = engine->gradient(problem.variables, problem.trials, T, gradient) +
                        problem.variables.penalty();
    EXPECT_NEAR(half_square(r), loss, 1e-12 * loss) << T;
  }
}

// J^T r by sensitivities, the gradient by transposed steps: rounding of some hundred terms.
TEST_P(LeastSquares, HaveTheGradientOfTheFit) {
  const auto engine = problem.engine(host);
  Residuals of_fit = residuals();
  const std::vector<std::int64_t>& columns = of_fit.variables();
  Numbers r(static_cast<std::size_t>(of_fit.count())), J(r.size() * columns.size()), gradient;
  of_fit.evaluate(problem.variables, r.data(), J.data());
  engine->gradient(problem.variables, problem.trials, FitProblem::kTimes, gradient);
  problem.variables.regularize(gradient);
  const double scale = std::sqrt(inner(gradient, gradient));
  std::size_t seen = 0;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i < r.size(); ++i) sum += r[i] * J[i * columns.size() + j];
    const auto variable = static_cast<std::size_t>(columns[j]);
    EXPECT_NEAR(sum, gradient[variable], 1e-12 * scale) << variable;
    seen += gradient[variable] != 0.0 ? 1 : 0;
    gradient[variable] = 0.0;
  }
  EXPECT_GT(seen, columns.size() / 2);
  EXPECT_EQ(inner(gradient, gradient), 0.0) << "what is frozen has no column";
}

TEST_P(LeastSquares, HaveTheSameResidualsWithAndWithoutAJacobian) {
  Residuals of_fit = residuals();
  Numbers alone(static_cast<std::size_t>(of_fit.count())), together(alone.size());
  Numbers J(alone.size() * of_fit.variables().size());
  of_fit.evaluate(problem.variables, alone.data(), nullptr);
  of_fit.evaluate(problem.variables, together.data(), J.data());
  for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_NEAR(alone[i], together[i], 1e-14) << i;
}

TEST_P(LeastSquares, HaveTheSameBitsOnTwoThreads) {
  const TestHost two(2);
  Residuals on_one = residuals();
  Residuals on_two(problem.fit, problem.map, problem.variables, problem.trials, FitProblem::kTimes,
                   two);
  Numbers r(static_cast<std::size_t>(on_one.count())), r2(r.size());
  Numbers J(r.size() * on_one.variables().size()), J2(J.size());
  on_one.evaluate(problem.variables, r.data(), J.data());
  on_two.evaluate(problem.variables, r2.data(), J2.data());
  EXPECT_EQ(r, r2);
  EXPECT_EQ(J, J2);
}

// With error control the steps follow the sensitivities too, with a Jacobian and without.
TEST(LeastSquaresWithErrorControl, HaveTheSameResidualsWithAndWithoutAJacobian) {
  FitProblem problem({.name = "", .flow = true, .terms = states(), .method = "tsit5"});
  problem.fit.rollout.integration.adaptive = true;
  problem.fit.rollout.integration.step = 0.0;
  const TestHost host;
  Residuals of_fit(problem.fit, problem.map, problem.variables, problem.trials, FitProblem::kTimes,
                   host);
  Numbers alone(static_cast<std::size_t>(of_fit.count())), together(alone.size());
  Numbers J(alone.size() * of_fit.variables().size());
  of_fit.evaluate(problem.variables, alone.data(), nullptr);
  of_fit.evaluate(problem.variables, together.data(), J.data());
  EXPECT_EQ(alone, together);
}

TEST(LeastSquaresChecks, AreRefusedForWhatIsNone) {
  const auto refusal = [](const FitCase& one) {
    const FitProblem problem(one);
    try {
      check_least_squares(problem.fit);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refusal({.name = "", .terms = {{LossKind::absolute, false, "states", {}, 1.0}}})
                .find("'absolute' is no sum of squares"),
            std::string::npos);
  EXPECT_NE(refusal({.name = "", .shooting = {4, 0.7}, .terms = states()}).find("shooting"),
            std::string::npos);
  EXPECT_NE(refusal({.name = "", .flow = true, .terms = states(), .method = "bdf"}).find("bdf"),
            std::string::npos);
}

}  // namespace
}  // namespace dynkit::training
