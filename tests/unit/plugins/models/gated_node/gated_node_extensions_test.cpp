// What the gated neural ODE offers beside its operations: where it starts, the residual of its
// fixed points, the box of its states.
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <string>

#include "dynkit/balance.h"
#include "dynkit/domain.h"
#include "kinds.hpp"
#include "support/initial_parameters.hpp"

namespace dynkit::testing {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class GatedNodeExtensionsTest : public ::testing::TestWithParam<std::string> {
 protected:
  PluginModel make(const Kind& kind) const { return PluginModel(GetParam(), kind.settings()); }
};

INSTANTIATE_TEST_SUITE_P(Levels, GatedNodeExtensionsTest,
                         ::testing::ValuesIn(runnable_levels(DYNKIT_GATED_NODE_LIBRARY)),
                         level_name);

// r [S,n] alone, and below r with dr/dx [S,n,n].
Numbers residual_of(const PluginModel& model, dk_points points) {
  const GuardedBuffer scratch = model.scratch(DK_RESIDUAL, points.count, 1);
  points.scratch = scratch.data();
  Numbers r(static_cast<std::size_t>(points.count * model.info().n));
  const dk_output output{r.data(), model.info().n};
  call(model.extension<dk_balance_v1>(DK_BALANCE_V1)->residual, model.handle(), &points, &output);
  EXPECT_TRUE(scratch.intact());
  return r;
}
Numbers linearized_residual_of(const PluginModel& model, dk_points points, Numbers& dr_dx) {
  const std::int64_t n = model.info().n;
  const GuardedBuffer scratch = model.scratch(DK_RESIDUAL, points.count, 1);
  points.scratch = scratch.data();
  Numbers r(static_cast<std::size_t>(points.count * n));
  dr_dx.assign(r.size() * static_cast<std::size_t>(n), std::nan(""));
  const dk_output output{r.data(), n};
  const dk_matrices matrices{dr_dx.data(), n * n, n};
  call(model.extension<dk_balance_v1>(DK_BALANCE_V1)->linearized, model.handle(), &points, &output,
       &matrices);
  EXPECT_TRUE(scratch.intact());
  return r;
}

// F - x with leak, F without, whatever the gate.
TEST_P(GatedNodeExtensionsTest, ResidualHasNoGate) {
  for (const Kind& kind : kinds()) {
    const PluginModel model = make(kind);
    const Problem problem(model, 5);
    Numbers expected;
    for (std::int64_t s = 0; s < 5; ++s) {
      const double* x = problem.x.data() + s * problem.n;
      const Oracle oracle = gated_node_by_loops(kind, model, problem.theta.data(), x,
                                                problem.u.data() + s * problem.m);
      for (std::size_t i = 0; i < oracle.field.size(); ++i) {
        expected.push_back(static_cast<double>(oracle.field[i] - (kind.leak ? x[i] : 0.0L)));
      }
    }
    Numbers dr_dx;
    const Numbers r = residual_of(model, problem.points());
    EXPECT_LT(largest_difference(r, expected), 1e-14 * (1.0 + largest_magnitude(expected)));
    EXPECT_EQ(linearized_residual_of(model, problem.points(), dr_dx), r);
  }
}

// With G = 1 and tau = 1 the field is its own residual.
TEST_P(GatedNodeExtensionsTest, LinearizedResidualIsTheJacobianOfTheUngatedFlow) {
  for (const Kind& kind : kinds()) {
    const PluginModel model = make(kind);
    auto settings = kind.settings();
    settings["gated"] = "false";
    settings["gate_hidden"] = "[]";
    settings["time"] = "flow";
    settings["tau"] = "1";
    settings.erase("alpha");
    const PluginModel flow(GetParam(), settings);
    const Problem problem(model, 5);
    Numbers dr_dx;
    linearized_residual_of(model, problem.points(), dr_dx);
    const Numbers J = flow.jacobian(problem.points(), DK_WRT_STATE);  // theta begins with F's
    EXPECT_GT(largest_magnitude(J), 0.1);
    EXPECT_LT(largest_difference(dr_dx, J), 1e-13 * largest_magnitude(J));
  }
}

// F affine: x* = (I - W)^-1 (U u + b) is at rest for every gate, and nothing else is.
TEST_P(GatedNodeExtensionsTest, ResidualVanishesAtFixedPoints) {
  for (const bool flow : {false, true}) {
    const PluginModel model =
        make(Kind{.n = 6, .hidden = {}, .gate_hidden = {9}, .output = "identity", .flow = flow});
    Problem problem(model, 5);
    const Matrix W = Eigen::Map<const Matrix>(problem.theta.data(), 6, 9);
    const Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(problem.theta.data() + 54, 6);
    const Eigen::Map<const Matrix> u(problem.u.data(), 5, 3);
    Eigen::Map<Matrix> x(problem.x.data(), 5, 6);
    EXPECT_GT(largest_magnitude(residual_of(model, problem.points())), 0.1);
    for (Eigen::Index s = 0; s < 5; ++s) {
      const Eigen::VectorXd constant = W.rightCols(3) * u.row(s).transpose() + b;
      x.row(s) = (Matrix::Identity(6, 6) - W.leftCols(6)).fullPivLu().solve(constant).transpose();
    }
    // Sums of 10 terms as large as x, rounded once more in x itself.
    const double rounding = 2e-15 * (1.0 + largest_magnitude(problem.x));
    EXPECT_LT(largest_magnitude(residual_of(model, problem.points())), rounding);
    const Numbers next = model.eval(problem.points());
    EXPECT_LT(largest_difference(next, flow ? Numbers(next.size()) : problem.x), rounding);
  }
}

TEST_P(GatedNodeExtensionsTest, OnlyBoundedFieldsWithLeakHaveABox) {
  for (const Kind& kind : kinds()) {
    for (const char* alpha : {"0.3", "1", "1.5"}) {
      if (kind.flow && alpha != std::string("1")) continue;
      auto settings = kind.settings();
      if (!kind.flow) settings["alpha"] = alpha;
      const PluginModel model(GetParam(), settings);
      const bool bounded = (kind.output == "tanh" || kind.output == "sigmoid") && kind.leak &&
                           alpha != std::string("1.5");
      EXPECT_EQ(model.extension<dk_domain_v1>(DK_DOMAIN_V1) != nullptr, bounded)
          << ::testing::PrintToString(settings);
    }
  }
}

struct Box {
  explicit Box(const PluginModel& model)
      : lower(static_cast<std::size_t>(model.info().n)), upper(lower) {
    call(model.extension<dk_domain_v1>(DK_DOMAIN_V1)->box, model.handle(),
         static_cast<const double*>(nullptr), lower.data(), upper.data());
  }
  Numbers lower, upper;
};

// 500 trajectories from corners and from inside, with strong inputs.
TEST_P(GatedNodeExtensionsTest, StatesStayInTheBoxOfAMap) {
  for (const char* output : {"tanh", "sigmoid"}) {
    for (const char* alpha : {"0.3", "1"}) {
      auto settings = Kind{.gate_hidden = {6}, .output = output}.settings();
      settings["alpha"] = alpha;
      const PluginModel model(GetParam(), settings);
      const Box box(model);
      EXPECT_EQ(box.lower, Numbers(4, output == std::string("tanh") ? -1.0 : 0.0));
      EXPECT_EQ(box.upper, Numbers(4, 1.0));
      Problem problem(model, 500);
      for (double& u : problem.u) u *= 30.0;
      for (std::size_t i = 0; i < problem.x.size(); ++i) {
        const bool corner = i < problem.x.size() / 2;
        const double share = 0.5 + 0.5 * std::tanh(corner ? 1e3 * problem.x[i] : problem.x[i]);
        problem.x[i] = box.lower[0] + share * (box.upper[0] - box.lower[0]);
      }
      for (int step = 0; step < 50; ++step) {
        problem.x = model.eval(problem.points());
        for (const double x : problem.x) {
          ASSERT_GE(x, box.lower[0]);
          ASSERT_LE(x, box.upper[0]);
        }
      }
    }
  }
}

TEST_P(GatedNodeExtensionsTest, AFlowOnlyEntersItsBox) {
  for (const char* output : {"tanh", "sigmoid"}) {
    const PluginModel model = make(Kind{.output = output, .flow = true});
    const Box box(model);
    Problem problem(model, 500);
    for (double& x : problem.x) {
      x = std::clamp(x, box.lower[0], box.upper[0]);  // half of the numbers are on a face
    }
    const Numbers slope = model.eval(problem.points());
    int faces = 0;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      const bool low = problem.x[i] == box.lower[0];
      if (!low && problem.x[i] != box.upper[0]) continue;
      EXPECT_GE(low ? slope[i] : -slope[i], 0.0);
      ++faces;
    }
    EXPECT_GT(faces, 500);
  }
}

TEST_P(GatedNodeExtensionsTest, GlorotWeightsFillTheirInterval) {
  const PluginModel model =
      make(Kind{.n = 37, .hidden = {80, 61}, .gate_hidden = {52}, .activation = "relu"});
  const Numbers theta = initial_parameters(model, 5);
  for (std::int64_t b = 0; b < model.info().block_count; b += 2) {
    const dk_block& weight = model.info().blocks[b];
    const auto widths = static_cast<double>(weight.shape[0] + weight.shape[1]);
    expect_uniform(theta, weight, std::sqrt(6.0 / widths));
    const dk_block& bias = model.info().blocks[b + 1];
    for (std::int64_t i = 0; i < elements(bias); ++i) {
      EXPECT_EQ(theta[static_cast<std::size_t>(bias.offset + i)], 0.0);
    }
  }
}

// The rightmost eigenvalue of d(F - x)/dx at x = 0 without input.
double spectral_abscissa(const PluginModel& model, const Numbers& theta) {
  const std::int64_t n = model.info().n;
  const Numbers x(static_cast<std::size_t>(n));
  dk_points points{};
  points.count = 1;
  points.x = {x.data(), n};
  points.theta = {theta.data(), 0};
  Numbers dr_dx;
  linearized_residual_of(model, points, dr_dx);
  const Eigen::MatrixXd J = Eigen::Map<const Matrix>(dr_dx.data(), n, n);
  return J.eigenvalues().real().maxCoeff();
}

TEST_P(GatedNodeExtensionsTest, CriticalParametersNeitherDecayNorGrow) {
  for (const Kind& kind :
       {Kind{.n = 23, .hidden = {}}, Kind{.n = 23, .hidden = {}, .output = "tanh"},
        Kind{.n = 6, .hidden = {100, 100}, .activation = "relu"},
        Kind{.n = 6, .hidden = {50, 40, 30}, .gate_hidden = {9}, .activation = "tanh"},
        Kind{.n = 6, .hidden = {50}, .activation = "relu", .output = "sigmoid"},
        Kind{.n = 6, .hidden = {50}, .activation = "sin", .gated = false, .flow = true},
        Kind{.n = 6, .hidden = {50}, .activation = "gelu"},
        Kind{.n = 6, .hidden = {50, 40}, .activation = "softplus"},
        Kind{.n = 6, .hidden = {50}, .activation = "sigmoid"}, Kind{.n = 1, .hidden = {}},
        Kind{.n = 2, .hidden = {}, .output = "tanh"}}) {
    auto settings = kind.settings();
    settings["initialization"] = "critical";
    const PluginModel model(GetParam(), settings);
    for (std::uint32_t seed = 1; seed < 6; ++seed) {
      EXPECT_NEAR(spectral_abscissa(model, initial_parameters(model, seed)), 0.0, 1e-10)
          << ::testing::PrintToString(settings) << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace dynkit::testing
