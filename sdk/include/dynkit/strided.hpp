// The arguments of a model's operations by sample and element, whatever their layout: what
// dynkit/model.h says about rows, columns and strides, said in code.
#pragma once

#include <cstdint>

#include "dynkit/model.h"

namespace dynkit {

/// data[s * sample + i * element] is element i of sample s.
template <class Number>
struct Strided {
  Number* data;
  std::int64_t sample, element;

  explicit operator bool() const { return data != nullptr; }
  Number& operator()(std::int64_t s, std::int64_t i) const {
    return data[s * sample + i * element];
  }
};

/// x, u, theta, an output, tangents or cotangents ([K,n]: element k * n + i).
inline Strided<const double> strided(const dk_input& input, std::int32_t layout) {
  if (layout == DK_ROWS) return {input.data, input.stride, 1};
  return {input.data, input.stride != 0 ? 1 : 0, input.stride != 0 ? input.stride : 1};
}

inline Strided<double> strided(const dk_output& output, std::int32_t layout) {
  if (layout == DK_ROWS) return {output.data, output.stride, 1};
  return {output.data, output.stride != 0 ? 1 : 0, output.stride != 0 ? output.stride : 1};
}

/// t or h: one number a sample.
inline Strided<const double> strided_times(const dk_input& times, std::int32_t layout) {
  if (layout == DK_ROWS) return {times.data, times.stride, 0};
  return {times.data, times.stride != 0 ? 1 : 0, 0};
}

/// Matrices: element (i,j) is element i * row_stride + j.
inline Strided<double> strided(const dk_matrices& J, std::int32_t layout) {
  if (layout == DK_ROWS) return {J.data, J.sample_stride, 1};
  return {J.data, 1, J.sample_stride};
}

}  // namespace dynkit
