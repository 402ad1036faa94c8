// The arguments of a model's operations by the type of their numbers, for kernels that are written
// once for double (dynkit/model.h) and float (dynkit/f32.h).
#pragma once

#include "dynkit/f32.h"
#include "dynkit/model.h"

namespace dynkit {
namespace detail {

template <class Number>
struct Precision;

template <>
struct Precision<double> {
  using Input = dk_input;
  using Output = dk_output;
  using Points = dk_points;
  using Matrices = dk_matrices;
  using Tangents = dk_tangents;
  using Cotangents = dk_cotangents;
};

template <>
struct Precision<float> {
  using Input = dk_input_f32;
  using Output = dk_output_f32;
  using Points = dk_points_f32;
  using Matrices = dk_matrices_f32;
  using Tangents = dk_tangents_f32;
  using Cotangents = dk_cotangents_f32;
};

}  // namespace detail

template <class Number>
using Input = typename detail::Precision<Number>::Input;
template <class Number>
using Output = typename detail::Precision<Number>::Output;
template <class Number>
using Points = typename detail::Precision<Number>::Points;
template <class Number>
using Matrices = typename detail::Precision<Number>::Matrices;
template <class Number>
using Tangents = typename detail::Precision<Number>::Tangents;
template <class Number>
using Cotangents = typename detail::Precision<Number>::Cotangents;

}  // namespace dynkit
