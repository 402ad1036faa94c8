// Parameters from which a gated neural ODE is trained.
#pragma once

#include "dynkit/host.h"
#include "gated_node.hpp"

namespace dynkit::gated_node {

/// Glorot and Bengio (AISTATS 2010): weights uniform within sqrt(6 / (inputs + outputs)), biases 0.
void draw_glorot(const Kernel& kernel, const dk_host& host, dk_stream& stream, double* theta);

/// Kim, Can and Krishnamurthy (ICML 2023): normal weights of variance 1 / inputs, biases of
/// standard deviation 0.001, and then the weights of F scaled such that F(x) - x at x = 0 and zero
/// input has its rightmost eigenvalue at 0: neither decay nor growth.
void draw_critical(const Kernel& kernel, const dk_host& host, dk_stream& stream, double* theta);

}  // namespace dynkit::gated_node
