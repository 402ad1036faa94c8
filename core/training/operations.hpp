// The operations of a model or a readout at parameters that move, in one precision.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/precision.hpp"

namespace dynkit::training {

/// y = F(t, h, x, u; theta), f(t, x, u; theta) or g(x; theta). Calls may come from any thread;
/// `prepare` while no other call runs.
template <class Number>
class Operations {
 public:
  Operations() = default;
  virtual ~Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  struct Sizes {
    std::int64_t n, m, p;  // state, input, parameters
    std::int64_t q;        // result
  };
  virtual Sizes sizes() const = 0;

  /// From now on theta [p], which the caller keeps in place.
  virtual void prepare(const Number* theta) = 0;

  /// Bytes that `eval` leaves for a `vjp` at the same S points.
  virtual std::int64_t tape_size(std::int64_t S) const = 0;

  /// Points without theta, prepared and scratch, in rows. out [S,q]: dense rows. Where the model
  /// refuses the points (a status > 0) the result is NaN.
  virtual void eval(const Points<Number>& points, Number* out) const = 0;

  /// As in dynkit/model.h with K = 1: x_bar and u_bar are written, theta_bar accumulates the sum
  /// over the samples.
  virtual void vjp(const Points<Number>& points, const Cotangents<Number>& cotangents) const = 0;

  /// J [S,q,k], dense, with respect to DK_WRT_STATE or DK_WRT_PARAMETERS. Throws Error
  /// (DK_UNSUPPORTED) where there is none.
  virtual void jacobian(const Points<Number>&, std::int32_t, Number*) const {
    throw Error(DK_UNSUPPORTED, "the operations have no jacobian");
  }
};

/// Prepares operations at the parameters that stand from `first` on; theta [p] keeps them.
template <class Number>
void prepare_at(const double* first, std::vector<Number>& theta, Operations<Number>& operations) {
  std::transform(first, first + theta.size(), theta.begin(),
                 [](double value) { return static_cast<Number>(value); });
  operations.prepare(theta.data());
}

}  // namespace dynkit::training
