// The oracle for derivatives: differences of values, good enough to see a wrong one.
#pragma once

namespace dynkit::testing {

/// f'(0) for a function of one number, by central differences with steps h, h/2, h/4, extrapolated
/// twice (Richardson): the error is O(h^6) plus rounding of about 5 eps |f| / h.
template <class Function>
double slope_at_zero(Function f, double h) {
  const auto difference = [&](double step) { return (f(step) - f(-step)) / (2 * step); };
  const double d0 = difference(h), d1 = difference(h / 2), d2 = difference(h / 4);
  const double e1 = (4 * d1 - d0) / 3, e2 = (4 * d2 - d1) / 3;
  return (16 * e2 - e1) / 15;
}

}  // namespace dynkit::testing
