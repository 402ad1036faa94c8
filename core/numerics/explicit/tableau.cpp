#include "explicit/tableau.hpp"

#include <cmath>

namespace dynkit {

SparseRow sparse_row(const std::vector<double>& dense) {
  SparseRow row;
  for (std::size_t j = 0; j < dense.size(); ++j) {
    if (dense[j] == 0.0) continue;
    const auto at = static_cast<std::size_t>(row.count++);
    row.weight.at(at) = dense[j];
    row.stage.at(at) = static_cast<int>(j);
  }
  return row;
}

Controller make_controller(double exponent, double memory, double shrink, double grow,
                           double second) {
  constexpr double kSafety = 0.9;
  Controller controller;
  controller.exponent = exponent;
  controller.memory = memory;
  controller.log2_safety = std::log2(kSafety);
  controller.log2_shrink = std::log2(shrink);
  controller.log2_grow = std::log2(grow);
  controller.second = second;
  return controller;
}

const Tableau& tableau_of(Method method) {
  switch (method) {
    case Method::rk4:
      return rk4_tableau();
    case Method::tsit5:
      return tsit5_tableau();
    case Method::dop853:
      return dop853_tableau();
    default:
      throw Error(DK_INVALID_ARGUMENT, std::string("method '") + method_name(method) +
                                           "' is not an explicit Runge-Kutta method of ours");
  }
}

}  // namespace dynkit
