// Every coefficient is checked by the order conditions: a method has order p if and only if
//     sum_i b_i phi_i(tree) = 1 / gamma(tree)
// for all rooted trees with up to p nodes, where phi of the tree that joins t_1..t_m at a new root
// is prod_k sum_j a_ij phi_j(t_k), and gamma(tree) = nodes(tree) prod_k gamma(t_k).
// J. C. Butcher, "Numerical Methods for Ordinary Differential Equations" (Wiley, 2008).
#include "core/numerics/explicit/tableau.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace dynkit {
namespace {

constexpr int kMost = kMaxStages;

struct Tree {
  int nodes;
  double gamma;
  std::vector<std::size_t> children;  // in the list of trees
};

// Adds the trees whose children are `children` and further ones from `from` on.
void grow(std::vector<Tree>& trees, std::vector<std::size_t>& children, std::size_t from,
          int left) {
  if (left == 0) {
    Tree tree{1, 1.0, children};
    for (const std::size_t child : children) {
      tree.nodes += trees[child].nodes;
      tree.gamma *= trees[child].gamma;
    }
    tree.gamma *= tree.nodes;
    trees.push_back(tree);
    return;
  }
  const std::size_t known = trees.size();
  for (std::size_t child = from; child < known; ++child) {
    if (trees[child].nodes > left) break;
    children.push_back(child);
    grow(trees, children, child, left - trees[child].nodes);
    children.pop_back();
  }
}

// All rooted trees with up to `order` nodes, smallest first.
std::vector<Tree> rooted_trees(int order) {
  std::vector<Tree> trees = {{1, 1.0, {}}};
  for (int nodes = 2; nodes <= order; ++nodes) {
    std::vector<std::size_t> children;
    grow(trees, children, 0, nodes - 1);
  }
  return trees;
}

std::vector<double> dense(const SparseRow& row) {
  std::vector<double> result(kMost, 0.0);
  for (int j = 0; j < row.count; ++j) {
    const auto at = static_cast<std::size_t>(j);
    result[static_cast<std::size_t>(row.stage[at])] = row.weight[at];
  }
  return result;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// phi [tree][stage]
std::vector<std::vector<double>> elementary_weights(const Tableau& tableau,
                                                    const std::vector<Tree>& trees) {
  std::vector<std::vector<double>> phi(trees.size(), std::vector<double>(kMost, 0.0));
  for (std::size_t k = 0; k < trees.size(); ++k) {
    for (int i = 0; i < tableau.all_stages; ++i) {
      const auto stage = static_cast<std::size_t>(i);
      phi[k][stage] = 1.0;
      for (const std::size_t child : trees[k].children) {
        phi[k][stage] *= dot(dense(tableau.a[stage]), phi[child]);
      }
    }
  }
  return phi;
}

// Largest violation of the conditions up to `order` for weights that give x(t + theta h).
double violation(const Tableau& tableau, const std::vector<double>& weights, int order,
                 double theta = 1.0) {
  const std::vector<Tree> trees = rooted_trees(order);
  const auto phi = elementary_weights(tableau, trees);
  double worst = 0.0;
  for (std::size_t k = 0; k < trees.size(); ++k) {
    const double expected = std::pow(theta, trees[k].nodes) / trees[k].gamma;
    worst = std::max(worst, std::abs(dot(weights, phi[k]) - expected));
  }
  return worst;
}

std::vector<double> embedded(const Tableau& tableau, const SparseRow& error) {
  std::vector<double> weights = dense(tableau.b());
  const std::vector<double> difference = dense(error);
  for (std::size_t j = 0; j < weights.size(); ++j) weights[j] -= difference[j];
  return weights;
}

// Weights of the stages in x(t + theta h) = x + h sum_j w_j k_j.
std::vector<double> dense_weights(const Tableau& tableau, double theta) {
  std::vector<double> weights(kMost, 0.0);
  for (int i = tableau.dense_terms - 1; i >= 0; --i) {
    const std::vector<double> row = dense(tableau.dense[static_cast<std::size_t>(i)]);
    const bool rest = tableau.dense_alternates && i % 2 == 1;
    for (std::size_t j = 0; j < weights.size(); ++j) {
      weights[j] = (rest ? 1.0 - theta : theta) * (row[j] + weights[j]);
    }
  }
  return weights;
}

double worst_dense_violation(const Tableau& tableau, int order) {
  double worst = 0.0;
  for (const double theta : {0.1, 0.37, 0.5, 0.83, 1.0}) {
    worst = std::max(worst, violation(tableau, dense_weights(tableau, theta), order, theta));
  }
  return worst;
}

// Rounding: a coefficient with an error of eps/2 times a product of a few others of size 10 to 40.
constexpr double kRounding = 1e-13;

TEST(RootedTrees, AreAsManyAsCayleyCounted) {
  EXPECT_EQ(rooted_trees(8).size(), 1u + 1 + 2 + 4 + 9 + 20 + 48 + 115);
}

TEST(Tableaus, RowsOfAHaveTheSumC) {
  for (const Tableau* tableau : {&rk4_tableau(), &tsit5_tableau(), &dop853_tableau()}) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(tableau->all_stages); ++i) {
      double sum = 0.0;
      for (const double a : dense(tableau->a[i])) sum += a;
      EXPECT_NEAR(sum, tableau->c[i], kRounding) << "order " << tableau->order << " stage " << i;
    }
  }
}

TEST(Tableaus, StagesReadOnlyEarlierOnes) {
  for (const Tableau* tableau : {&rk4_tableau(), &tsit5_tableau(), &dop853_tableau()}) {
    for (int i = 0; i <= tableau->step_stages || i < tableau->all_stages; ++i) {
      const SparseRow& row = tableau->a[static_cast<std::size_t>(i)];
      for (int j = 0; j < row.count; ++j) EXPECT_LT(row.stage[static_cast<std::size_t>(j)], i);
    }
  }
}

TEST(Rk4, MeetsAllConditionsOfOrder4AndNotOf5) {
  const std::vector<double> b = dense(rk4_tableau().b());
  EXPECT_LT(violation(rk4_tableau(), b, 4), kRounding);
  EXPECT_GT(violation(rk4_tableau(), b, 5), 1e-3);
}

TEST(Tsit5, MeetsAllConditionsOfOrder5AndNotOf6) {
  const std::vector<double> b = dense(tsit5_tableau().b());
  EXPECT_LT(violation(tsit5_tableau(), b, 5), kRounding);
  EXPECT_GT(violation(tsit5_tableau(), b, 6), 1e-4);
}

TEST(Tsit5, HasAnEmbeddedMethodOfOrder4) {
  const std::vector<double> b = embedded(tsit5_tableau(), tsit5_tableau().error);
  EXPECT_LT(violation(tsit5_tableau(), b, 4), kRounding);
  EXPECT_GT(violation(tsit5_tableau(), b, 5), 1e-4);
}

TEST(Tsit5, HasAnInterpolantOfOrder4) {
  EXPECT_LT(worst_dense_violation(tsit5_tableau(), 4), kRounding);
}

TEST(Dop853, MeetsAllConditionsOfOrder8AndNotOf9) {
  const std::vector<double> b = dense(dop853_tableau().b());
  EXPECT_LT(violation(dop853_tableau(), b, 8), kRounding);
  EXPECT_GT(violation(dop853_tableau(), b, 9), 1e-7);
}

TEST(Dop853, HasEmbeddedMethodsOfOrder5And3) {
  const Tableau& tableau = dop853_tableau();
  EXPECT_LT(violation(tableau, embedded(tableau, tableau.error), 5), kRounding);
  EXPECT_GT(violation(tableau, embedded(tableau, tableau.error), 6), 1e-6);
  EXPECT_LT(violation(tableau, embedded(tableau, tableau.error2), 3), kRounding);
  EXPECT_GT(violation(tableau, embedded(tableau, tableau.error2), 4), 1e-4);
}

TEST(Dop853, HasAnInterpolantOfOrder7) {
  EXPECT_LT(worst_dense_violation(dop853_tableau(), 7), kRounding);
}

TEST(Interpolants, EndWithTheStepItself) {
  for (const Tableau* tableau : {&tsit5_tableau(), &dop853_tableau()}) {
    const std::vector<double> w = dense_weights(*tableau, 1.0), b = dense(tableau->b());
    for (std::size_t j = 0; j < w.size(); ++j) EXPECT_NEAR(w[j], b[j], kRounding);
  }
}

}  // namespace
}  // namespace dynkit
