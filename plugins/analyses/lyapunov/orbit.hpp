// An orbit with K tangents that are made orthonormal again and again.
//
//     x' = F(x) or dx/dt = f(x),     V' = J V or dV/dt = J V                                    (1)
//
// The interval between orthonormalizations is as long as the tangents stay apart: after it the
// longest and the shortest have grown differently by a factor of about e^d. What is left of a
// tangent beyond the ones before it is then e^-d of its length, so that an error of epsilon of that
// length is one of
//
//     epsilon e^d                                                                               (2)
//
// in log r. Steps of maps are exact to rounding: d = 12 leaves 11 of 16 digits. Flows are
// integrated with errors of rtol: d = log(1e-3 / rtol), 4.6 at rtol = 1e-5. (With d = 12 at any
// rtol the strongly contracting exponent of the Rossler attractor is wrong in the second digit: its
// tangent's own part is smaller than what the error control sees.) A piece that turns out to lose
// much more is done again in halves.
//
// G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, "Lyapunov characteristic exponents for
// smooth dynamical systems and for Hamiltonian systems; a method for computing all of them",
// Meccanica 15, 9 and 21 (1980).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "dynkit/system.h"
#include "gram_schmidt.hpp"

namespace dynkit::lyapunov {

struct OrbitOptions {
  dk_simulation integration{};  // method, rtol, atol, step
  double interval = 0.0;        // between orthonormalizations; 0: chosen
  double longest = 1.0;         // at most this
};

class Orbit {
 public:
  /// x [n] the initial state, V [K,n] random directions, u [m] constant input (empty: zero).
  Orbit(const dk_system& system, std::vector<double> x, std::vector<double> V,
        std::vector<double> u, const OrbitOptions& options);

  /// Carries on by one interval, or to the end of `remaining` if that is near. False: the orbit
  /// cannot be continued, `failure` says why; state and growths are then of no use.
  bool advance(double remaining);

  double t() const { return t_; }
  double span() const { return span_; }  // of the last piece
  const std::vector<double>& x() const { return x_; }
  const std::vector<double>& start() const { return x_before_; }   // of the last piece
  const std::vector<double>& growths() const { return growths_; }  // [K] of the last piece
  const std::string& failure() const { return failure_; }

  /// No chosen interval beyond this from now on.
  void limit(double longest) { limit_ = longest; }

  double interval() const { return interval_; }
  std::int64_t orthonormalizations() const { return orthonormalizations_; }
  double worst_pivot() const { return worst_pivot_; }  // smallest r_k / |v_k| that was kept

  /// Pieces, of all orthonormalizations, in which (2) reached a half: what was left of a tangent
  /// is mostly error.
  std::int64_t drowned() const { return drowned_; }

 private:
  double first_interval() const;
  double cut(double remaining) const;
  bool propagate(double span);
  void record(double pivot);
  void adapt();

  const dk_system* system_;
  std::vector<double> x_, V_, x_before_, V_before_, u_, growths_;
  OrbitOptions options_;
  GramSchmidt gram_schmidt_;
  std::int64_t K_;
  bool is_map_;
  double tangent_error_;   // epsilon
  double spread_;          // d
  double repeated_pivot_;  // a piece with a smaller r_k / |v_k| is done again
  double t_ = 0.0, span_ = 0.0, interval_;
  double limit_ = std::numeric_limits<double>::infinity();
  std::int64_t orthonormalizations_ = 0, drowned_ = 0;
  double worst_pivot_ = 1.0;
  std::string failure_;
};

}  // namespace dynkit::lyapunov
