#pragma once

#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include "dynkit/job.h"
#include "stability.hpp"
#include "time_map.hpp"

namespace dynkit::linearization {

/// What is known of P points of a system with n states and m inputs. Begins as NaN and "undefined".
struct Results {
  Results(std::int64_t points, const dk_model_info& info, TimeMap map, bool with_matrices);

  /// Class, time constants, frequencies and multipliers of one point from its eigenvalues.
  void interpret(std::int64_t point, double tolerance, double dt);

  std::int64_t P, n, m;
  std::vector<std::int64_t> input_index;  // [P], or empty where the points were given none
  TimeKind kind;
  TimeMap map;
  double step;         // of a map in time units, 1 where it is not known
  bool in_steps;       // times are in steps, not in time units
  bool with_matrices;  // Jacobians and eigenvectors are kept

  std::vector<std::complex<double>> eigenvalues;  // [P,n]
  std::vector<std::complex<double>> right, left;  // [P,n,n] or empty
  std::vector<double> jacobian;                   // [P,n,n] or empty
  std::vector<double> input_jacobian;             // [P,n,m]
  std::vector<std::complex<double>> input_drive;  // [P,n,m] L^H dF/du
  std::vector<double> input_overlap;              // [P,n,m] cosine
  std::vector<double> time_constant, frequency, eigenvalue_condition, residual;  // [P,n]
  std::vector<double> departure, frobenius, condition;                           // [P]
  std::vector<std::string> portrait;                                             // [P]
  std::vector<std::int64_t> unstable_directions, center_directions;              // [P]

  std::vector<double> map_jacobian;               // [P,n,n], where `map` is not none
  std::vector<std::complex<double>> multipliers;  // [P,n]
  std::vector<std::string> map_portrait;          // [P]
};

/// Puts arrays, summary values, table and figures.
void put_results(const Results& results, const dk_system& system, const dk_sink& sink);

}  // namespace dynkit::linearization
