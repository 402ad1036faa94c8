// Tsitouras' 5(4) pair with seven stages, the last of which is the first of the next step, and its
// interpolant of order 4 that needs no further stage.
//
// Ch. Tsitouras, "Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying
// assumption", Comput. Math. Appl. 62, 770 (2011). The digits are those of OrdinaryDiffEq.jl
// (Tsit5), where the interpolant is expanded in powers of theta. Beware of copies of the paper's
// b_hat: that row holds differences to b, the last with the wrong sign. The order conditions settle
// it (tableau_test.cpp).
#include "explicit/tableau.hpp"

namespace dynkit {
namespace {

// The weight of stage j at theta is sum_p kDense[p][j] theta^(p+1).
// clang-format off
constexpr double kDense[4][7] = {
    {1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
    {-2.763706197274826, 0.13169999999999998, 3.9302962368947516, -12.411077166933676,
     37.50931341651104, -27.896526289197286, 1.5},
    {2.9132554618219126, -0.2234, -5.941033872131505, 30.33818863028232, -88.1789048947664,
     65.09189467479366, -4.0},
    {-1.0530884977290216, 0.1017, 2.490627285651253, -16.548102889244902, 47.37952196281928,
     -34.87065786149661, 2.5}};
// clang-format on

}  // namespace

const Tableau& tsit5_tableau() {
  static const Tableau tableau = [] {
    Tableau t;
    t.step_stages = 6;
    t.all_stages = 7;
    t.order = 5;
    // clang-format off
    t.c = {0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0};
    t.a[1] = sparse_row({0.161});
    t.a[2] = sparse_row({-0.008480655492356989, 0.335480655492357});
    t.a[3] = sparse_row({2.8971530571054935, -6.359448489975075, 4.3622954328695815});
    t.a[4] = sparse_row({5.325864828439257, -11.748883564062828, 7.4955393428898365,
                         -0.09249506636175525});
    t.a[5] = sparse_row({5.86145544294642, -12.92096931784711, 8.159367898576159,
                         -0.071584973281401, -0.028269050394068383});
    t.a[6] = sparse_row({0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742,
                         -3.290069515436081, 2.324710524099774});
    t.error = sparse_row({-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995,
                          -0.1447110071732629, 0.5823571654525552, -0.45808210592918697,
                          1.0 / 66.0});
    // clang-format on
    // Exponents of the PI controller as in DOPRI5 (Hairer, Norsett & Wanner, section II.4, and the
    // code that goes with the book).
    t.controller = make_controller(0.2 - 0.75 * 0.04, 0.04, 0.2, 10.0, 0.0);
    t.dense_terms = 4;
    for (std::size_t p = 0; p < 4; ++p) t.dense[p] = sparse_row({kDense[p], kDense[p] + 7});
    return t;
  }();
  return tableau;
}

}  // namespace dynkit
