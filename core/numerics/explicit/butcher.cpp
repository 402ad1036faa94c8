#include "dynkit/core/butcher.hpp"

#include <cmath>

#include "explicit/tableau.hpp"

namespace dynkit {
namespace {

std::vector<double> dense_row(const SparseRow& row, int size) {
  std::vector<double> dense(row.count > 0 ? static_cast<std::size_t>(size) : 0);
  for (int j = 0; j < row.count; ++j) {
    const auto at = static_cast<std::size_t>(j);
    dense[static_cast<std::size_t>(row.stage[at])] = row.weight[at];
  }
  return dense;
}

}  // namespace

ButcherTableau butcher_tableau(Method method) {
  const Tableau& own = tableau_of(method);
  const int s = own.step_stages;
  ButcherTableau butcher;
  butcher.stages = s;
  butcher.order = own.order;
  for (int i = 0; i < s; ++i) {
    std::vector<double> row = dense_row(own.a[static_cast<std::size_t>(i)], s);
    row.resize(static_cast<std::size_t>(s));
    butcher.a.insert(butcher.a.end(), row.begin(), row.end());
    butcher.c.push_back(own.c[static_cast<std::size_t>(i)]);
  }
  butcher.b = dense_row(own.b(), s);
  butcher.error = dense_row(own.error, s + 1);
  butcher.error2 = dense_row(own.error2, s + 1);
  const Controller& controller = own.controller;
  butcher.second = controller.second;
  butcher.exponent = controller.exponent;
  butcher.memory = controller.memory;
  butcher.shrink = std::exp2(controller.log2_shrink);
  butcher.grow = std::exp2(controller.log2_grow);
  return butcher;
}

}  // namespace dynkit
