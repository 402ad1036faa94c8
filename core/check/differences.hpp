// The oracle for derivatives: differences of eval, with an estimate of their own error.
//
//   d(h) = (F(v + h d) - F(v - h d)) / (2 h) = F'(v) d + c_2 h^2 + c_4 h^4 + ... (1) R_0(h) = d(h),
//   R_j(h) = (4^j R_{j-1}(h) - R_{j-1}(2 h)) / (4^j - 1)                         (2)
//
// Richardson's extrapolation (2) with the choice of Ridders, "Accurate computation of F'(x) and
// F'(x) F''(x)", Adv. Eng. Softw. 4, 75 (1982): of all R_j(h) the one that differs least from its
// two neighbors in the table.
#pragma once

#include "points.hpp"

namespace dynkit::conformance {

/// dF/dv d for each sample [S,q], and how far it may be off: the disagreement of neighbors in the
/// table plus rounding; infinite where nothing finite came out.
struct Slopes {
  Numbers values, errors;
};

/// Along one direction for each sample: x_dot [S,n], u_dot [S,m], theta_dot [S,p]; empty: zero. All
/// steps are taken in one call of eval.
Slopes slopes_along(const Subject& subject, const Batch& batch, const Numbers& x_dot,
                    const Numbers& u_dot, const Numbers& theta_dot);

/// Compares derivatives with differences, and counts where these do not settle.
class SlopeComparison {
 public:
  explicit SlopeComparison(const Subject& subject) : subject_(subject) {}

  /// `found` [S,q] along the same direction as `slopes`. Throws CheckFailure for an element that is
  /// off by more than 1e-7 of the sample's largest and the error of the difference.
  void add(const std::string& what, const Numbers& found, const Slopes& slopes);

  /// Throws CheckFailure if too few differences settled to tell anything.
  void finish() const;

 private:
  const Subject& subject_;
  std::int64_t compared_ = 0, unsettled_ = 0;
};

}  // namespace dynkit::conformance
