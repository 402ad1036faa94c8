// Parts of a batch, for models that work through it in pieces of bounded size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "dynkit/error.hpp"
#include "dynkit/f32.h"
#include "dynkit/matrix_product.hpp"
#include "dynkit/model.h"

namespace dynkit {

/// An argument, result, tangents or cotangents from sample `begin` on; NULL stays NULL.
template <class Argument>
Argument from_sample(Argument argument, std::int64_t begin) {
  if constexpr (requires { argument.theta; }) {
    argument.x = from_sample(argument.x, begin);
    argument.u = from_sample(argument.u, begin);
    argument.theta = from_sample(argument.theta, begin);
    if constexpr (requires { argument.out; }) argument.out = from_sample(argument.out, begin);
  } else if constexpr (requires { argument.sample_stride; }) {
    argument.data += begin * argument.sample_stride;
  } else if (argument.data != nullptr) {
    argument.data += begin * argument.stride;
  }
  return argument;
}

/// The samples of an argument as the rows of a matrix.
inline MatrixView rows_of(dk_input argument) {
  return {argument.data, argument.stride};
}
inline MatrixOf<float> rows_of(dk_input_f32 argument) {
  return {argument.data, argument.stride};
}

/// Calls `body(part, begin)` for consecutive parts of at most `size` samples, in order; one sample
/// at a time where each has its own theta, so that a part shares it. Scratch, prepared and tape
/// stay the whole call's. Takes rows only.
template <class SomePoints, class Body>
void for_each_part(const SomePoints& points, std::int64_t size, Body&& body) {
  if constexpr (requires { points.layout; }) {
    if (points.layout != DK_ROWS) {
      throw Error(DK_UNSUPPORTED, "points come in columns, this model takes rows only");
    }
  }
  if (points.theta.stride != 0) size = 1;
  for (std::int64_t begin = 0; begin < points.count; begin += size) {
    SomePoints part = points;
    part.count = std::min(size, points.count - begin);
    part.t = from_sample(points.t, begin);
    part.h = from_sample(points.h, begin);
    part.x = from_sample(points.x, begin);
    part.u = from_sample(points.u, begin);
    part.theta = from_sample(points.theta, begin);
    body(std::as_const(part), begin);
  }
}

/// Evenly spaced rows of an argument [S,K,width], whose samples are `stride` apart while the K rows
/// of a sample are dense. Counting all rows as s * K + k, these are first, first + step, ...; they
/// stand at offset, offset + stride, ... of the data.
struct RowRun {
  std::int64_t first, step, count;
  std::int64_t offset, stride;
};

/// Calls `body(run)` for the fewest runs of rows that a matrix product can take at once.
template <class Body>
void for_each_row_run(std::int64_t S, std::int64_t K, std::int64_t width, std::int64_t stride,
                      Body&& body) {
  if (K == 1 || S == 1 || stride == K * width) {
    body(RowRun{0, 1, S * K, 0, K == 1 ? stride : width});
  } else if (K < S) {
    for (std::int64_t k = 0; k < K; ++k) body(RowRun{k, K, S, k * width, stride});
  } else {
    for (std::int64_t s = 0; s < S; ++s) body(RowRun{s * K, 1, K, s * stride, width});
  }
}

/// Calls `body(theta, first, rows, sample)` for the tangents or cotangents of theta, [S,K,p] in
/// `data`: one of them acts on `rows` rows s * K + k that begin at `first` and are K apart, and on
/// the samples from `sample` on. Where the samples share it these are all S rows of a direction,
/// else one row.
template <class Number, class Body>
void for_each_direction(std::int64_t S, std::int64_t K, std::int64_t p, Number* data,
                        std::int64_t stride, Body&& body) {
  for (std::int64_t k = 0; k < K; ++k) {
    if (stride == 0) {
      body(data + k * p, k, S, std::int64_t{0});
    } else {
      for (std::int64_t s = 0; s < S; ++s) {
        body(data + s * stride + k * p, s * K + k, std::int64_t{1}, s);
      }
    }
  }
}

}  // namespace dynkit
