// What eigenvalues say about a fixed point.
//
// An eigenvalue is contracting, expanding or, within a tolerance, neutral:
//   map   |lambda| against 1, tolerance absolute
//   flow  Re lambda against 0, tolerance relative to the largest |lambda|
// The point is a node where the leading eigenvalue (the one next to the stability limit) is real,
// and a focus where it belongs to a pair: L. P. Shilnikov, A. L. Shilnikov, D. V. Turaev and
// L. O. Chua, "Methods of Qualitative Theory in Nonlinear Dynamics", part I (1998), chapter 2.
//
//   time constant   map  h / |ln |lambda||       flow  1 / |Re lambda|
//   frequency       map  |arg lambda| / (2 pi h)  flow  |Im lambda| / (2 pi)
// h is the step in time units, or 1: then both are in steps.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <string>

namespace dynkit::linearization {

enum class TimeKind { map, flow };

struct Portrait {
  std::string name;                      // "stable_node", ..., as listed in the README
  std::int64_t unstable_directions = 0;  // number of expanding eigenvalues
  std::int64_t center_directions = 0;    // number of neutral eigenvalues
};

/// lambda [n], sorted with the most expanding first; NaN: the portrait is "undefined".
Portrait classify(std::span<const std::complex<double>> lambda, TimeKind kind, double tolerance);

/// Infinite for a neutral eigenvalue, 0 for a multiplier of 0.
double time_constant(std::complex<double> lambda, TimeKind kind, double step);

double frequency(std::complex<double> lambda, TimeKind kind, double step);

}  // namespace dynkit::linearization
