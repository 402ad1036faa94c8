// The classical Runge-Kutta method of order 4, for fixed steps.
//
// W. Kutta, "Beitrag zur näherungsweisen Integration totaler Differentialgleichungen",
// Z. Math. Phys. 46, 435 (1901).
#include "explicit/tableau.hpp"

namespace dynkit {

const Tableau& rk4_tableau() {
  static const Tableau tableau = [] {
    Tableau t;
    t.step_stages = 4;
    t.all_stages = 4;
    t.order = 4;
    t.c = {0.0, 0.5, 0.5, 1.0, 1.0};
    t.a[1] = sparse_row({0.5});
    t.a[2] = sparse_row({0.0, 0.5});
    t.a[3] = sparse_row({0.0, 0.0, 1.0});
    t.a[4] = sparse_row({1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6});
    return t;
  }();
  return tableau;
}

}  // namespace dynkit
