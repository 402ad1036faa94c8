// Initial parameters of multilayer perceptrons.
#pragma once

#include <cmath>
#include <cstdint>

#include "dynkit/host.h"
#include "dynkit/mlp.hpp"

namespace dynkit {

/// Weights and biases uniform in +-1/sqrt(w_l-1), as those of PyTorch's Linear.
inline void draw_linear_layers(const Mlp& mlp, const dk_host& host, dk_stream& stream,
                               double* theta) {
  for (const Mlp::Layer& layer : mlp.layers()) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(layer.in));
    const std::int64_t end = layer.bias + layer.out;
    host.uniform(&host, &stream, end - layer.weight, theta + layer.weight);
    for (std::int64_t i = layer.weight; i < end; ++i) theta[i] = bound * (2.0 * theta[i] - 1.0);
  }
}

}  // namespace dynkit
