// The tangents V of one step of an explicit Runge-Kutta method, made after its states are known:
//
//     K_i = J(x_i) (V + h sum_j<i a_ij K_j),     V_new = V + h sum_j b_j K_j                    (1)
//
// They are the exact derivative of the step of x. Since (1) needs no state but those at the stages,
// a step that is rejected for its states costs no derivative, and small Jacobians are asked for all
// stages in one call.
#pragma once

#include <cstdint>
#include <memory>

#include "explicit/tableau.hpp"
#include "tangent.hpp"

namespace dynkit {

/// Times [s+1] and states [s+1, stride] of the stages of a step, the last at its end.
struct StagePoints {
  const double* t = nullptr;
  const double* x = nullptr;
  std::int64_t stride = 0;
};

class TangentStages {
 public:
  virtual ~TangentStages() = default;

  /// V [K,n].
  virtual void load(const double* V) = 0;
  virtual void store(double* V) const = 0;

  /// Prepares the first stage of the first step after `load`.
  virtual void start(const StagePoints& at) = 0;

  /// A step of length h from what `start` or `accept` left.
  virtual void step(double h, const StagePoints& at) = 0;

  /// Sum over the tangents of their mean square errors by an estimate of the step, 0 or 1, h left
  /// out, relative to the tangents at its start. Not finite where the new tangents are not.
  virtual double error_square(int estimate) const = 0;

  /// The end of the step is the start of the next.
  virtual void accept() = 0;
};

/// For K > 0. The field must outlive it.
std::unique_ptr<TangentStages> make_tangent_stages(TangentField& field, const Tableau& tableau);

}  // namespace dynkit
