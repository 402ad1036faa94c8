// Activation functions phi of networks over arrays, with their slopes and curvatures.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "dynkit/vector_math.hpp"
#include "dynkit/vector_math/normal.hpp"
#include "dynkit/vector_math/sine.hpp"

namespace dynkit {

enum class Activation { tanh, relu, sigmoid, softplus, gelu, sin, identity };

/// The choices of a setting, in the order of Activation.
inline constexpr const char* kActivations[] = {"tanh", "relu", "sigmoid",  "softplus",
                                               "gelu", "sin",  "identity", nullptr};

/// One of kActivations.
inline Activation activation_of(std::string_view name) {
  int index = 0;
  while (name != kActivations[index]) ++index;
  return static_cast<Activation>(index);
}

/// Whether the slope phi'(a) needs a, because phi(a) does not tell it, or not accurately.
constexpr bool slope_needs_argument(Activation phi) {
  return phi == Activation::softplus || phi == Activation::gelu || phi == Activation::sin;
}

namespace detail {

template <class Number>
bool all_within(Number bound, std::int64_t count, const Number* a) {
  Number largest = 0;
  for (std::int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(a[i]));
  return largest <= bound;
}

}  // namespace detail

/// values = phi(values) [count]; NaN stays NaN.
template <class Number>
void activate(Activation phi, std::int64_t count, Number* values) {
  const auto apply = [&](auto function) {
    vector_math::transform(values, values, count, function);
  };
  switch (phi) {
    case Activation::tanh:
      return apply([](Number a) { return vector_math::tanh(a); });
    case Activation::relu:
      return apply([](Number a) { return a < Number(0) ? Number(0) : a; });
    case Activation::sigmoid:
      return apply([](Number a) { return vector_math::sigmoid(a); });
    case Activation::softplus:
      return apply([](Number a) { return vector_math::softplus(a); });
    case Activation::gelu:
      return apply([](Number a) { return vector_math::gelu(a); });
    case Activation::sin:
      if (detail::all_within(vector_math::kSineRange<Number>, count, values)) {
        return apply([](Number a) { return vector_math::sin(a); });
      }
      return apply([](Number a) { return std::sin(a); });
    case Activation::identity:
      return;
  }
}

/// d *= phi'(a) [count], from values = phi(a) and, where slope_needs_argument, from arguments = a.
/// At the kink of relu the slope is 0, as in PyTorch.
template <class Number>
void multiply_by_slope(Activation phi, std::int64_t count, const Number* values,
                       const Number* arguments, Number* d) {
  const auto multiply = [&](const Number* from, auto slope) {
    const Number* __restrict in = from;
    Number* __restrict out = d;
    for (std::int64_t i = 0; i < count; ++i) out[i] *= slope(in[i]);
  };
  switch (phi) {
    case Activation::tanh:
      return multiply(values, [](Number y) { return (Number(1) - y) * (Number(1) + y); });
    case Activation::relu:
      return multiply(values, [](Number y) {
        return y > Number(0) ? Number(1) : y <= Number(0) ? Number(0) : y;
      });
    case Activation::sigmoid:
      return multiply(values, [](Number y) { return y * (Number(1) - y); });
    case Activation::softplus:
      return multiply(arguments, [](Number a) { return vector_math::sigmoid(a); });
    case Activation::gelu:
      return multiply(arguments, [](Number a) { return vector_math::gelu_slope(a); });
    case Activation::sin:
      if (detail::all_within(vector_math::kSineRange<Number>, count, arguments)) {
        return multiply(arguments, [](Number a) { return vector_math::cos(a); });
      }
      return multiply(arguments, [](Number a) { return std::cos(a); });
    case Activation::identity:
      return;
  }
}

/// d *= phi''(a) [count], from the same; 0 where phi is piecewise linear.
template <class Number>
void multiply_by_curvature(Activation phi, std::int64_t count, const Number* values,
                           const Number* arguments, Number* d) {
  const auto multiply = [&](const Number* from, auto curvature) {
    const Number* __restrict in = from;
    Number* __restrict out = d;
    for (std::int64_t i = 0; i < count; ++i) out[i] *= curvature(in[i]);
  };
  switch (phi) {
    case Activation::tanh:
      return multiply(
          values, [](Number y) { return Number(-2) * y * ((Number(1) - y) * (Number(1) + y)); });
    case Activation::sigmoid:
      return multiply(values,
                      [](Number y) { return y * (Number(1) - y) * (Number(1) - Number(2) * y); });
    case Activation::softplus:
      return multiply(arguments,
                      [](Number a) { return vector_math::sigmoid(a) * vector_math::sigmoid(-a); });
    case Activation::gelu:
      return multiply(arguments, [](Number a) { return vector_math::gelu_curvature(a); });
    case Activation::sin:
      return multiply(values, [](Number y) { return -y; });
    case Activation::relu:
    case Activation::identity:
      return multiply(values, [](Number y) { return Number(0) * y; });
  }
}

}  // namespace dynkit
