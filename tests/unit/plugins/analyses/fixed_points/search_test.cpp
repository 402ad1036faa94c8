#include "plugins/analyses/fixed_points/search.hpp"

#include <gtest/gtest.h>

#include <map>

#include "equations.hpp"

namespace dynkit::fixed_points {
namespace {

using testing::cube;
using testing::Equation;
using testing::normal_states;
using testing::scalar_equation;
using testing::search;
using testing::uncoupled_units;
using testing::Values;

std::int64_t binomial(std::int64_t n, std::int64_t k) {
  return k == 0 ? 1 : binomial(n - 1, k - 1) * n / k;
}

// 3^N points; C(N,k) 2^(N-k) of them with k units at 0.
void expect_all_units(std::int64_t N, std::uint32_t seed) {
  const Equation units = uncoupled_units(N);
  const SearchResult result = search(units, normal_states(50, N), cube(N, 1), {}, seed);
  std::map<std::int64_t, std::int64_t> counts;
  for (const Root& root : result.roots) {
    ++counts[std::ranges::count_if(root.x, [](double v) { return std::abs(v) < 0.5; })];
  }
  for (std::int64_t k = 0; k <= N; ++k) {
    EXPECT_EQ(counts[k], binomial(N, k) << (N - k)) << "with " << k << " units at 0";
  }
  EXPECT_EQ(result.index_sum(), 1);
  EXPECT_EQ(result.incomplete, "");
}

TEST(Search, FindsAllPointsOfThreeUncoupledUnits) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) expect_all_units(3, seed);
}

TEST(Search, FindsAllPointsOfFiveUncoupledUnits) {
  for (std::uint32_t seed = 0; seed < 5; ++seed) expect_all_units(5, seed);
}

TEST(Search, FindsAll6561PointsOfEightUncoupledUnits) {
  expect_all_units(8, 1);
}

// r = M p(x), p_i with 2, 3 and 4 planted zeros: 24 roots whatever the mixing M.
TEST(Search, FindsEveryPlantedRootOfMixedPolynomials) {
  const std::vector<Values> zeros = {{-0.7, 0.4}, {-0.9, 0.1, 0.5}, {-0.8, -0.3, 0.2, 0.9}};
  const Values M = {1, 0.3, -0.2, 0.1, -1, 0.4, 0.2, 0.5, 1};
  const Equation equation(3,
                          [&](std::span<const double> x, std::span<double> r, std::span<double> J) {
                            Values p(3, 1.0), slope(3, 0.0);
                            for (std::size_t i = 0; i < 3; ++i) {
                              for (const double zero : zeros[i]) {
                                slope[i] = slope[i] * (x[i] - zero) + p[i];
                                p[i] *= x[i] - zero;
                              }
                            }
                            for (std::size_t i = 0; i < 3; ++i) {
                              r[i] = 0;
                              for (std::size_t j = 0; j < 3; ++j) {
                                r[i] += M[i * 3 + j] * p[j];
                                if (!J.empty()) J[i * 3 + j] = M[i * 3 + j] * slope[j];
                              }
                            }
                          });
  const SearchResult result = search(equation, normal_states(40, 3));
  EXPECT_EQ(result.roots.size(), 24u);
  for (const double a : zeros[0]) {
    for (const double b : zeros[1]) {
      for (const double c : zeros[2]) {
        EXPECT_LT(testing::nearest(result.roots, Values{a, b, c}), 1e-12);
      }
    }
  }
}

TEST(Search, OfLinearMapFindsItsOnePoint) {
  // x' = A x + b with b = (I - A) (1, 2).
  const Values A = {0.5, 0.2, -0.1, 0.8};
  const Equation linear(
      2, [&](std::span<const double> x, std::span<double> r, std::span<double> J) {
        for (std::size_t i = 0; i < 2; ++i) {
          r[i] = A[2 * i] * (x[0] - 1) + A[2 * i + 1] * (x[1] - 2) - (x[i] - (i == 0 ? 1 : 2));
          if (J.empty()) continue;
          for (std::size_t j = 0; j < 2; ++j) J[2 * i + j] = A[2 * i + j] - (i == j ? 1 : 0);
        }
      });
  const SearchResult result = search(linear, normal_states(10, 2));
  ASSERT_EQ(result.roots.size(), 1u);
  EXPECT_LT(testing::nearest(result.roots, Values{1, 2}), 1e-14);
  EXPECT_EQ(result.incomplete, "");
  EXPECT_EQ(result.roots[0].hits, result.starts);
}

// Two roots of a fold far closer to each other than the widest capture radius.
TEST(Search, TellsTheTwoRootsOfNearbyFoldApart) {
  for (const double delta : {1e-2, 1e-3, 1e-4, 2e-5}) {
    const Equation fold = scalar_equation([delta](double x) { return delta * delta - x * x; },
                                          [](double x) { return -2 * x; });
    const SearchResult result = search(fold, normal_states(30, 1));
    EXPECT_EQ(result.roots.size(), 2u) << "delta " << delta;
    EXPECT_LT(testing::nearest(result.roots, Values{delta}), 1e-9);
    EXPECT_LT(testing::nearest(result.roots, Values{-delta}), 1e-9);
  }
}

// Newton's iteration ends all over the 1e-5 around a triple root in which rounding hides it.
TEST(Search, CountsMultipleRootOnce) {
  const Equation cubic = scalar_equation([](double x) { return x * x * x - 3 * x * x + 3 * x - 1; },
                                         [](double x) { return 3 * x * x - 6 * x + 3; });
  const SearchResult result = search(cubic, normal_states(30, 1));
  ASSERT_EQ(result.roots.size(), 1u);
  EXPECT_NEAR(result.roots[0].x[0], 1, 1e-4);
  EXPECT_EQ(result.roots[0].sign, 0);
  EXPECT_EQ(result.incomplete, "");
}

TEST(Search, DoesNotDependOnTheNumberOfThreads) {
  const Equation units = uncoupled_units(4);
  const SearchResult one = search(units, normal_states(50, 4), cube(4, 1), {}, 5, 1);
  const SearchResult three = search(units, normal_states(50, 4), cube(4, 1), {}, 5, 3);
  ASSERT_EQ(one.roots.size(), three.roots.size());
  for (std::size_t k = 0; k < one.roots.size(); ++k) {
    EXPECT_EQ(one.roots[k].x, three.roots[k].x);  // bits
    EXPECT_EQ(one.roots[k].hits, three.roots[k].hits);
  }
  EXPECT_EQ(one.starts, three.starts);
  EXPECT_EQ(one.factorizations, three.factorizations);
}

TEST(Search, ByCeresAgreesWithNewton) {
  const Equation units = uncoupled_units(2);
  SearchOptions by_ceres;
  by_ceres.method = Method::ceres;
  const SearchResult newton = search(units, normal_states(20, 2), cube(2, 1));
  const SearchResult ceres = search(units, normal_states(20, 2), cube(2, 1), by_ceres);
  EXPECT_EQ(ceres.ceres_solves, ceres.starts);
  ASSERT_EQ(ceres.roots.size(), newton.roots.size());
  for (const Root& root : ceres.roots) EXPECT_LT(testing::nearest(newton.roots, root.x), 1e-14);
}

TEST(Search, CountsStartsOfNanResidualAsNotFinite) {
  const Equation nan = scalar_equation([](double) { return NAN; }, [](double) { return NAN; });
  const SearchResult result = search(nan, normal_states(10, 1));
  EXPECT_TRUE(result.roots.empty());
  EXPECT_EQ(result.failures[2], result.starts);
  EXPECT_EQ(result.incomplete, "1600 of 1600 starts failed");
}

TEST(Search, OfResidualWithoutRootsFindsNone) {
  for (const double constant : {1.0, 1e-10}) {
    const Equation flat =
        scalar_equation([constant](double) { return constant; }, [](double) { return 0; });
    EXPECT_TRUE(search(flat, normal_states(10, 1)).roots.empty());
    const Equation bowl = scalar_equation([constant](double x) { return constant + x * x; },
                                          [](double x) { return 2 * x; });
    const SearchResult result = search(bowl, normal_states(10, 1));
    EXPECT_TRUE(result.roots.empty()) << result.roots[0].x[0];
    EXPECT_EQ(result.failed(), result.starts);
  }
}

// A line attractor: every (x, 0) rests.
TEST(Search, OfContinuumStopsAndSaysSo) {
  const Equation line(2, [](std::span<const double> x, std::span<double> r, std::span<double> J) {
    r[0] = 0;
    r[1] = -x[1];
    if (!J.empty()) J[0] = J[1] = J[2] = 0, J[3] = -1;
  });
  const SearchResult result = search(line, normal_states(300, 2));
  EXPECT_NE(result.incomplete.find("not isolated"), std::string::npos) << result.incomplete;
  EXPECT_LT(result.starts, 2000);
}

TEST(Search, OfOneStartOrOnePointRunsAndKeepsNoMore) {
  SearchOptions options;
  options.stop.max_starts = 1;
  EXPECT_EQ(search(uncoupled_units(3), normal_states(50, 3), cube(3, 1), options).starts, 1);
  options.stop = {};
  options.stop.max_points = 1;
  const SearchResult result = search(uncoupled_units(3), normal_states(50, 3), cube(3, 1), options);
  EXPECT_EQ(result.roots.size(), 1u);
  EXPECT_EQ(result.roots[0].hits, result.starts);
}

TEST(Search, StopsAtMaxPointsAndSaysSo) {
  SearchOptions options;
  options.stop.max_points = 40;
  const SearchResult result = search(uncoupled_units(5), normal_states(50, 5), cube(5, 1), options);
  EXPECT_EQ(result.incomplete, "more than max_points = 40 points");
  EXPECT_EQ(result.roots.size(), 40u);
}

TEST(Search, IsNeverCalledCompleteWhereMaxPointsEndsIt) {
  SearchOptions options;
  options.stop = {.quiet_starts = 1, .quiet_per_root = 0, .hits = 1, .patience = 1};
  options.stop.max_points = 2;
  // Some have reached an old point again right before the one too many.
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const SearchResult result =
        search(uncoupled_units(2), normal_states(50, 2), std::nullopt, options, seed);
    EXPECT_EQ(result.incomplete, "more than max_points = 2 points") << seed;
  }
}

TEST(Search, StopsAtMaxStartsAndSaysSo) {
  SearchOptions options;
  options.stop.max_starts = 100;
  const SearchResult result = search(uncoupled_units(3), normal_states(50, 3), cube(3, 1), options);
  EXPECT_EQ(result.incomplete, "max_starts = 100 reached");
  EXPECT_EQ(result.starts, 100);
}

// tanh(2x) - x on a box that it does not leave, though the box holds only two of its three roots:
// the index sum is 0, and the rule insists on +1.
TEST(Search, GoesOnWhileTheIndexSumIsViolated) {
  const Box half{{-0.5}, {1.5}};
  const SearchResult result = search(uncoupled_units(1), normal_states(50, 1), half);
  EXPECT_EQ(result.incomplete, "the index sum is 0, not +1");
  EXPECT_GE(result.starts, 1600);  // patience 8 times 200
}

TEST(Search, GoesOnWhileARootLacksHits) {
  SearchOptions options;
  options.stop.hits = 100000;
  const SearchResult result = search(uncoupled_units(1), normal_states(50, 1), cube(1, 1), options);
  EXPECT_EQ(result.incomplete, "3 points were reached by fewer than 100000 starts");
}

TEST(Search, KeepsRootsOutsideTheBoxApart) {
  const Box half{{-0.5}, {1.5}};
  const SearchResult result = search(uncoupled_units(1), normal_states(50, 1), half);
  EXPECT_EQ(result.inside(), 2);
  EXPECT_EQ(result.roots.size(), 3u);
}

// sin(pi x) has roots without end; one is in the box, and the others must not keep the search busy.
TEST(Search, OfEndlessRootsOutsideTheBoxMeetsItsStopRule) {
  const double pi = std::acos(-1.0);
  const Equation sine = scalar_equation([pi](double x) { return -std::sin(pi * x); },
                                        [pi](double x) { return -pi * std::cos(pi * x); });
  const SearchResult result = search(sine, normal_states(50, 1), Box{{-0.6}, {0.6}});
  EXPECT_EQ(result.inside(), 1);
  EXPECT_GT(result.roots.size(), 10u);
  EXPECT_EQ(result.incomplete, "");
  EXPECT_LT(result.starts, 500);
}

// Two roots of which no start within reach leads to the second.
TEST(Search, StartsFromTheImageOfEveryNewRoot) {
  const Equation far =
      scalar_equation([](double x) { return x < 1e6 ? x - 1 : x - 2e6; }, [](double) { return 1; });
  const dynkit::testing::FakeHost host;
  const Values given = normal_states(20, 1);
  SearchProblem problem{far, given, std::nullopt, {}, {}};
  EXPECT_EQ(find_roots(problem, {}, host.table(), host.stream(1)).roots.size(), 1u);
  problem.image = [](std::span<const double>, std::span<double> next) { next[0] = 2e6 + 3; };
  EXPECT_EQ(find_roots(problem, {}, host.table(), host.stream(1)).roots.size(), 2u);
}

TEST(Search, CancelledEndsWithWhatIsKnown) {
  dynkit::testing::FakeHost host;
  host.cancel_after = 100;
  const Equation units = uncoupled_units(5);
  const Values given = normal_states(50, 5);
  const SearchProblem problem{units, given, cube(5, 1), {}, {}};
  const SearchResult result = find_roots(problem, {}, host.table(), host.stream(1));
  EXPECT_TRUE(result.cancelled);
  EXPECT_GT(result.roots.size(), 0u);
  EXPECT_LT(result.starts, 100);
}

TEST(Search, PassesOnWhatTheEquationThrows) {
  const Equation broken(1, [](std::span<const double>, std::span<double>, std::span<double>) {
    throw Error(DK_INTERNAL, "broken");
  });
  EXPECT_THROW(search(broken, normal_states(10, 1)), Error);
}

}  // namespace
}  // namespace dynkit::fixed_points
